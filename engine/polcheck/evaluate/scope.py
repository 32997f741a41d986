"""The scope of expressions and messages: the names that a row gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import asdict

from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.rows import Row, SourceRef
from polcheck.formats.values import Json
from polcheck.sources.trees import plain_path

_OF_PLACE = frozenset({"path", "line", "column"})


class Scopes(Struct, frozen=True):
    """Makes scopes for the policies of one pack."""

    context: JoinContext
    params: Mapping[str, Json]
    tables: Mapping[str, Json]

    def of(self, row: Row, wanted: Iterable[str] | None = None) -> dict[str, Json]:
        """Return the names that a row gives to expressions and messages; of the costly ones those in `wanted`."""
        scope: dict[str, Json] = {
            name: bound.value for name, bound in row.shown.items() if wanted is None or name in wanted
        }
        scope |= {name: bound.value for name, bound in row.names.items()}
        if wanted is None or "params" in wanted:
            scope["params"] = dict(self.params)
        if wanted is None or "tables" in wanted:
            scope["tables"] = dict(self.tables)
        for alias, named in row.aliases.items():
            if wanted is not None and alias not in wanted:
                continue
            scope[alias] = {
                **self._place_facts(named.current),
                **{name: bound.value for name, bound in {**named.shown, **named.names}.items()},
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
            return {"path": plain_path(place.path)}  # NOTE: where a match in a value stands has to be worked out
        return {
            "path": plain_path(place.path),
            "line": self.context.line(place)[0] or None,
            "column": self.context.column(place) or None,
        }

    def _file(self, path: str) -> Json:
        rows = self.context.rows.get(path)
        facts = rows.facts if rows else None
        if facts is None:
            place = plain_path(path).rstrip("/")
            return {"name": place.rsplit("/", 1)[-1], "dir": place.rpartition("/")[0]}
        return {**asdict(facts), "repeated_keys": list(facts.repeated_keys)}
