"""What expressions and messages see of a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import asdict

from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.rows import Row, SourceRef
from polcheck.formats.values import Json


class Scopes(Struct, frozen=True):
    """Makes scopes for the policies of one pack."""

    world: JoinContext
    params: Mapping[str, Json]
    tables: Mapping[str, Json]

    def of(self, row: Row, wanted: Iterable[str] | None = None) -> dict[str, Json]:
        """Return the names that a row gives to expressions and messages; of the costly ones those in `wanted`."""
        scope: dict[str, Json] = {name: cell.value for name, cell in (*row.shown.items(), *row.names.items())}
        scope["params"] = dict(self.params)
        scope["tables"] = dict(self.tables)
        for alias, named in row.aliases.items():
            scope[alias] = {
                **self._spot_facts(named.current),
                **{name: cell.value for name, cell in named.names.items()},
            }
        if row.current is not None:
            scope |= {name: value for name, value in self._spot_facts(row.current).items() if name not in scope}
            if wanted is None or "file" in wanted:
                scope["file"] = self._file(row.current.path)
        if row.subject is not None and (wanted is None or "subject" in wanted):
            scope["subject"] = self._spot_facts(row.subject)
        return scope

    def _spot_facts(self, spot: SourceRef | None) -> dict[str, Json]:
        if spot is None:
            return {}
        return {
            "path": spot.path,
            "line": self.world.line(spot)[0] or None,
            "column": self.world.column(spot) or None,
        }

    def _file(self, path: str) -> Json:
        rows = self.world.rows.get(path)
        facts = rows.facts if rows else None
        if facts is None:
            return {"name": path.rstrip("/").rsplit("/", 1)[-1], "dir": path.rstrip("/").rpartition("/")[0]}
        return {**asdict(facts), "repeated_keys": list(facts.repeated_keys)}
