"""The files of a new pack or policy: valid as they are, and ready to be edited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from polcheck.base.errors import PolcheckError
from polcheck.formats.yaml import plain
from polcheck.policy.origin import Problems, read
from polcheck.policy.pack_files import PackFiles

FIRST = "settings-exist"  # the policy of a new pack
_SCHEMAS = ".schemas"  # where docs/writing.md lets `polcheck docs --schema` write them
_KINDS = {"policies": "policy", "tests": "tests"}  # by folder; the other files are called as their schema
_PACK = re.compile(r"[a-z0-9][a-z0-9._-]*")
_POLICY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def new_pack(name: str) -> dict[str, str]:
    """Return the files of a pack called `name`, by path in its folder. Raises PolcheckError when it can't be called
    that.
    """
    _check(name, _PACK, "pack", "lower-case letters, digits, `.`, `_` and `-`")
    return {
        "pack.yaml": _text("pack").replace("PACK", _scalar(name)),
        f"policies/{FIRST}.yaml": _text("first"),
        f"tests/{FIRST}.yaml": _text("first-tests"),
    }


def new_policy(name: str, taken: Iterable[str] = ()) -> dict[str, str]:
    """Return the files of a policy with the id `name`, and its cases, by path in the pack.

    Raises PolcheckError when it can't be called that, or is one of the ids that are `taken`.
    """
    _check(name, _POLICY, "policy", "letters, digits, `.`, `_` and `-`")
    if name in taken:
        raise PolcheckError(f"the pack has a policy `{name}` already")
    return {
        f"policies/{name}.yaml": _text("policy").replace("id: POLICY", f"id: {_scalar(name)}").replace("POLICY", name),
        f"tests/{name}.yaml": _text("policy-tests").replace("POLICY", _scalar(name)),
    }


def with_schema_lines(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Return `files`, texts by path in `folder`, with a first line that names each one's JSON Schema to editors.

    The schemas are looked for in `.schemas` of the folder and of those above it, up to the root of the repository; a
    file without one there stays as it is, since there is no other address that its editor could read.
    """
    return {path: _schema_line(folder / path) + text for path, text in files.items()}


def _schema_line(path: Path) -> str:
    kind = _KINDS.get(path.parent.name, path.stem)
    above = "./"
    for parent in path.absolute().parents:
        if (parent / _SCHEMAS / f"{kind}.schema.json").is_file():
            return f"# yaml-language-server: $schema={above}{_SCHEMAS}/{kind}.schema.json\n"
        if (parent / ".git").exists():
            break
        above = "../" if above == "./" else f"{above}../"
    return ""


def ids_of(pack: PackFiles) -> frozenset[str]:
    """Return the ids of a pack's policies, as far as its files can be read."""
    documents = (
        origin.document
        for path in pack.below("policies", (".yaml", ".yml"))
        for origin in read(pack.source_of(path), Problems())
    )
    return frozenset(str(document["id"]) for document in documents if isinstance(document, dict) and "id" in document)


def _text(name: str) -> str:
    return resources.files("polcheck.authoring.scaffold").joinpath(f"{name}.yaml").read_text("utf-8")


def _scalar(name: str) -> str:
    """Return the name as YAML writes a text: in quotes where it would be a number or a boolean."""
    return name if plain(name) == name else f'"{name}"'


def _check(name: str, shape: re.Pattern[str], what: str, of: str) -> None:
    if shape.fullmatch(name):
        return
    close = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")
    close = close.lower() if what == "pack" else close
    hint = f"\nhelp: `{close}` would do" if shape.fullmatch(close) else ""
    raise PolcheckError(f"`{name}` is not a name that a {what} can have: {of}{hint}")
