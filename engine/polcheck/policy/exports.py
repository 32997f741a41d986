"""Selectors with names: those of a pack, those that polcheck defines, and those that other packs export.

An exported selector means what it means in its own pack, whoever uses it: it sees the selectors, tables and parameters
of that pack. An exported table is a selector of its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.similar_names import did_you_mean
from polcheck.base.spans import Source
from polcheck.formats.values import Json, Pointer
from polcheck.policy.extension import UsedPack, used_packs
from polcheck.policy.model import Item, items
from polcheck.policy.origin import Problems, SourceMap, read
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import fault_of
from polcheck.policy.plan import Names
from polcheck.policy.probes import Exporter, NamedSelector, Selectors

_YAML = (".yaml", ".yml")
_OWN = "python"  # in the names of the selectors that polcheck defines


class Exports(Struct, frozen=True):
    """What one pack exports: its selectors and tables, by their own names."""

    pack: str
    selectors: Mapping[str, NamedSelector]


class _ExportedOrigin(SourceMap, frozen=True):
    """The pack.yaml of another pack: what stands under `selectors` has names there that tell packs apart."""

    def _note(self, at: Pointer, message: str, help: str, offset: int | None, severity: str) -> None:
        super()._note(_own_pointer(at), message, help, offset, severity)


def _own_pointer(at: Pointer) -> Pointer:
    """Return a pointer to an exported selector as it is in the pack.yaml of its pack."""
    if at[:1] != ("selectors",) or len(at) < 2:
        return at
    return (at[0], str(at[1]).rpartition("/")[2], *at[2:])


def place_of_exported(at: Pointer) -> tuple[str, Pointer]:
    """Return the pack in whose pack.yaml a pointer is, empty where that is not said, and the pointer there."""
    pack = str(at[1]).rpartition("/")[0] if at[:1] == ("selectors",) and len(at) > 1 else ""
    return ("", at) if pack in ("", _OWN) else (pack, _own_pointer(at))


def tables_in(files: PackFiles, problems: Problems) -> dict[str, Json]:
    """Return the tables of a pack by name."""
    tables: dict[str, Json] = {}
    for path in files.below("tables", _YAML):
        for origin in read(files.source_of(path), problems):
            tables[path.rsplit("/", 1)[-1].rsplit(".", 1)[0]] = origin.document
    return tables


def selectors_in(
    document: Mapping[str, Any], head: SourceMap, exports: Mapping[str, Exports], problems: Problems
) -> Selectors:
    """Return the selectors that policies of a pack can use; `exports` are those of other packs, by pack."""
    own = {
        name: NamedSelector(name, items(value, ("selectors", name)), head)
        for name, value in document.get("selectors", {}).items()
    }
    return _selectors(own, exports, problems)


def _selectors(own: Mapping[str, NamedSelector], exports: Mapping[str, Exports], problems: Problems) -> Selectors:
    exported = {f"{pack}/{name}": each for pack, of in exports.items() for name, each in of.selectors.items()}
    names = {pack: frozenset(of.selectors) for pack, of in exports.items()}
    return Selectors({**exported, **builtin_selectors(problems), **own}, names)


def exports_of_pack(files: PackFiles, problems: Problems, entry: UsedPack | None = None) -> Exports | None:
    """Return what a pack exports, whose pack.yaml has the right shape; `entry` says with which parameters.

    None where there is no pack.yaml. What is wrong with the parameters is noted at the entry.
    """
    if files.head is None or not isinstance(files.head.document, dict):
        return None
    document: Mapping[str, Any] = files.head.document
    pack = str(document.get("name", ""))
    head = _ExportedOrigin(files.head.source, files.head.config, files.head.index, problems, files.head.version)
    entries = {files.used[each.pack].name: each for each in used_packs(files) if each.pack in files.used}
    exports = {
        name: of
        for name, other in files.exporters.items()
        if (of := exports_of_pack(other, problems, entries.get(name))) is not None
    }
    tables = tables_in(files, problems)
    own = {
        name: NamedSelector(f"{pack}/{name}", items(value, ("selectors", f"{pack}/{name}")), head)
        for name, value in document.get("selectors", {}).items()
    }
    check_exports({**document, "name": pack}, head, {}, frozenset(tables))
    owner = Exporter(_selectors(own, exports, problems), _params(document, entry, problems), tables)
    exported: dict[str, NamedSelector] = {}
    for name, only in _exported(document):
        if name in own:
            exported[name] = replace(own[name], owner=owner, only=only)
    for name in document.get("exports", {}).get("tables", ()):
        if name in tables:
            exported[name] = NamedSelector(f"{pack}/{name}", (_rows(pack, name, tables[name]),), head, owner)
    return Exports(pack, exported)


def _exported(document: Mapping[str, Any]) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield the exported selectors with the names that come out of each, None for all."""
    for entry in document.get("exports", {}).get("selectors", ()):
        if isinstance(entry, str):
            yield entry, None
        else:
            only = entry["only"]
            yield entry["selector"], frozenset([only] if isinstance(only, str) else only)


def _rows(pack: str, table: str, value: Json) -> Item:
    """Return the item that selects the rows of a table; rows that are no mappings bind `value`."""
    scalars = isinstance(value, list) and not any(isinstance(row, dict) for row in value)
    at = ("selectors", f"{pack}/{table}")
    return Item(at, values=f'tables."{table}"', rename="value" if scalars else "")


def _params(document: Mapping[str, Any], entry: UsedPack | None, problems: Problems) -> dict[str, Json]:
    """Return the parameters that exported selectors see: those of the entry before the pack's defaults."""
    declared: Mapping[str, Mapping[str, Any]] = document.get("params", {})
    values: dict[str, Json] = {name: shape["default"] for name, shape in declared.items()}
    if entry is None:
        return values
    for name, value in entry.params.items():
        fault = fault_of(declared[name], value) if name in declared else ""
        if name not in declared or fault:
            message = f"the parameter `{name}` {fault}" if fault else f"`{document['name']}` has no parameter `{name}`"
            replace(entry.origin, problems=problems).error((*entry.at, "params", name), message)
        values[name] = value
    return values


def check_exports(document: Mapping[str, Any], head: SourceMap, names: Mapping[str, Names], tables: Names) -> None:
    """Note what a pack exports that isn't there; `names` are those that its selectors bind, by selector."""
    defined = document.get("selectors", {})
    entries: Mapping[str, Any] = document.get("exports", {})
    if document["name"] == _OWN and entries:
        head.error(("exports",), f"`{_OWN}/…` are polcheck's own selectors", "give the pack another name")
    seen: set[str] = set()
    for key, known in (("selectors", defined), ("tables", tables)):
        for index, entry in enumerate(entries.get(key, ())):
            at: Pointer = ("exports", key, index)
            name = entry if isinstance(entry, str) else entry["selector"]
            if name not in known:
                head.error(at, f"the pack has no {key.removesuffix('s')} `{name}`", did_you_mean(name, known))
            elif name in seen:
                head.error(at, f"`{name}` is exported twice", "a selector and a table can't have one name")
            seen.add(name)
    for index, (name, only) in enumerate(_exported(document)):
        for each in sorted((only or frozenset()) - names[name]) if name in names else ():
            bound = ", ".join(f"`{one}`" for one in sorted(names[name]))
            at = ("exports", "selectors", index, "only")
            head.error(at, f"the selector `{name}` doesn't bind `{each}`", f"it binds {bound or 'nothing'}")


@lru_cache(maxsize=1)
def _builtin_source() -> Source:
    data = resources.files("polcheck.policy").joinpath("builtin.yaml").read_bytes()
    return Source("polcheck/policy/builtin.yaml", data)


def builtin_selectors(problems: Problems) -> dict[str, NamedSelector]:
    """Return the selectors that polcheck itself defines."""
    origin = next(read(_builtin_source(), problems))
    selectors: dict[str, Any] = origin.document["selectors"]  # type: ignore[index,call-overload,assignment]
    return {name: NamedSelector(name, items(value, ("selectors", name)), origin) for name, value in selectors.items()}
