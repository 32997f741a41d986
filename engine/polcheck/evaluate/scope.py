"""The scope of expressions and messages: the names that a row gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import asdict

from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.rows import BoundValue, Row, SourceRef
from polcheck.formats.values import Json
from polcheck.sources.trees import path_behind, plain_path

_OF_PLACE = frozenset({"path", "line", "column"})


class Scopes(Struct, frozen=True):
    """Makes scopes for the policies of one pack."""

    context: JoinContext
    params: Mapping[str, Json]
    tables: Mapping[str, Json]

    shown: bool = False  # whether paths are for people, who see those of the submission

    def of(self, row: Row, wanted: Iterable[str] | None = None) -> dict[str, Json]:
        """Return the names that a row gives to expressions and messages; of the costly ones those in `wanted`."""
        scope: dict[str, Json] = {
            name: self._value(bound) for name, bound in row.shown.items() if wanted is None or name in wanted
        }
        scope |= {name: self._value(bound) for name, bound in row.names.items()}
        if wanted is None or "params" in wanted:
            scope["params"] = dict(self.params)
        if wanted is None or "tables" in wanted:
            scope["tables"] = dict(self.tables)
        for alias, named in row.aliases.items():
            if wanted is not None and alias not in wanted:
                continue
            scope[alias] = {
                **self._place_facts(named.current),
                **{name: self._value(bound) for name, bound in {**named.shown, **named.names}.items()},
            }
        if row.current is not None:
            if wanted is None or not _OF_PLACE.isdisjoint(wanted):
                facts = self._place_facts(row.current, wanted)
                scope |= {name: value for name, value in facts.items() if name not in scope}
            if wanted is None or "file" in wanted:
                scope["file"] = self._file(row.current.path)
        if row.subject is not None and (wanted is None or "subject" in wanted):
            scope["subject"] = self._place_facts(row.subject)
        return scope

    def _place_facts(self, place: SourceRef | None, wanted: Iterable[str] | None = None) -> dict[str, Json]:
        if place is None:
            return {}
        if wanted is not None and "line" not in wanted and "column" not in wanted:
            return {"path": self._path(place.path)}  # NOTE: where a match in a value stands has to be worked out
        return {
            "path": self._path(place.path),
            "line": self.context.line(place)[0] or None,
            "column": self.context.column(place) or None,
        }

    def _value(self, bound: BoundValue) -> Json:
        """Return a bound value; that of a whole path as people see it."""
        is_path = self.shown and self.context.folder and bound.span is None and bound.value == plain_path(bound.path)
        return self._path(bound.path) if is_path and bound.path else bound.value

    def _path(self, path: str) -> str:
        return plain_path(path_behind(self.context.folder, path) if self.shown else path)

    def _file(self, path: str) -> Json:
        rows = self.context.rows.get(path)
        facts = rows.facts if rows else None
        place = self._path(path).rstrip("/")
        folder = place.rpartition("/")[0]
        if facts is None:
            return {"name": place.rsplit("/", 1)[-1], "dir": folder}
        return {**asdict(facts), "dir": folder, "repeated_keys": list(facts.repeated_keys)}
