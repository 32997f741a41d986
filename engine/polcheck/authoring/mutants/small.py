"""A minimal pack of one policy and what it uses, so that compiling a mutant doesn't grow with its pack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from polcheck.authoring.testing.pack_source import SELECTORS, PackSource
from polcheck.formats.values import Json
from polcheck.policy.pack_files import PackFiles

_BINDS = " dependency distribution extra module name "  # by the selectors that polcheck defines
_HEAD = ("name", "version", "language", "params", "profiles", "uses")


def users(pack_source: PackSource, owner: str) -> list[str]:
    """Return the policies that an owner's mutants change: itself, or those that use the selector, by id."""
    if not owner.startswith(SELECTORS):
        return [owner]
    name = owner.removeprefix(SELECTORS)
    return sorted(
        id for id, origin in pack_source.policies.items() if name in used(origin.document, pack_source.selectors)
    )


def used(document: Json, selectors: Mapping[str, Json]) -> list[str]:
    """Return the selectors of the pack that a document uses, and those that these use, sorted."""
    results: set[str] = set()
    waiting = [document]
    while waiting:
        for name in _uses(waiting.pop()):
            if name in selectors and name not in results:
                results.add(name)
                waiting.append(selectors[name])
    return sorted(results)


def around(document: Json, pack_source: PackSource) -> str:
    """Return the text of what a document uses, also of packs that are used; of what polcheck defines only the names
    that it binds.
    """
    selectors = pack_source.selectors
    text = " ".join(json.dumps(selectors[name], ensure_ascii=False) for name in used(document, selectors))
    packs = {name.partition("/")[0] for name in _uses(document) if "/" in name}
    for name, pack in pack_source.pack.exporters.items():
        if name in packs:
            files = ("pack.yaml", *pack.below("tables", (".yaml", ".yml")))
            text += " ".join(pack.files[path].decode("utf-8", "replace") for path in files if path in pack.files)
    return text + _BINDS if packs else text


def users_text(pack_source: PackSource, name: str) -> str:
    """Return the text of every policy and other selector that uses a selector."""
    documents = [*(origin.document for origin in pack_source.policies.values())]
    documents += [value for other, value in pack_source.selectors.items() if other != name]
    return " ".join(
        json.dumps(doc, ensure_ascii=False) for doc in documents if name in used(doc, pack_source.selectors)
    )


def small_pack(pack_source: PackSource, policy: str, owner: str = "", mutant: Json = None) -> PackFiles:
    """Return the pack with one policy, the selectors that it uses and their tables; `mutant` is the owner's
    document.
    """
    head: dict[str, Any] = dict(_mapping(mutant if owner.startswith(SELECTORS) else pack_source.head.document))
    document = mutant if owner == policy else pack_source.policies[policy].document
    selectors = _mapping(head.get("selectors"))
    wanted = used(document, selectors)
    small = {key: head[key] for key in _HEAD if key in head}
    if wanted:
        small["selectors"] = {name: selectors[name] for name in wanted}
    body = {key: value for key, value in _mapping(document).items() if key != "requirement"}
    files = {"pack.yaml": _yaml(small), "policies/mutant.yaml": _yaml(body)}
    text = files["pack.yaml"] + files["policies/mutant.yaml"]
    if small.get("uses") and not any("/" in name for name in _uses([small.get("selectors"), body])):
        del small["uses"]
    for path in pack_source.pack.below("tables", (".yaml", ".yml")):
        if f"tables.{path.removeprefix('tables/').rpartition('.')[0]}".encode() in text or b'tables."' in text:
            files[path] = pack_source.pack.files[path]
    return replace(pack_source.pack, files=files)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _uses(value: Json) -> Iterator[str]:
    """Yield every name after a `use`."""
    parts: Iterable[Json] = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        if isinstance(value.get("use"), str):
            yield str(value["use"])
        parts = value.values()
    for part in parts:
        yield from _uses(part)


def _yaml(value: Json) -> bytes:
    # NOTE: JSON is YAML as long as no escape stands for half a character
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
