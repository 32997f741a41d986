"""Measure where the time of a run goes: by stage, selector and policy, and what was skipped. Changes no result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import itemgetter
from typing import TypeVar

from msgspec import Struct, field

_Key = TypeVar("_Key")
_Spent = TypeVar("_Spent")
PARSING = -1  # in place of a probe: what parsing a file took, before it was searched


class Timings(Struct):
    """Measured times in seconds of wall clock; those of selectors and parsing are sums over processes.

    `files` counts: `listed`; `asked` for by some policy; `known` from an earlier run; `skipped`, which hold none of the
    words that a match needs; `parsed`. `selectors` are by the number of a probe: its time, files and matches.
    """

    stages: dict[str, float] = field(default_factory=dict)
    files: Counter[str] = field(default_factory=Counter)
    parsing: float = 0.0
    selectors: dict[int, tuple[float, int, int]] = field(default_factory=dict)
    policies: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measures one stage; one that is there already goes on."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - began

    def judged(self, policy: str, seconds: float) -> None:
        """Takes in what judging a policy took."""
        self.policies[policy] = self.policies.get(policy, 0.0) + seconds

    def searched(self, spent: Mapping[int, float], matches: Mapping[int, int]) -> None:
        """Takes in what searching one file took, and how many matches each probe had there."""
        self.parsing += spent.get(PARSING, 0.0)
        for probe, seconds in spent.items():
            if probe != PARSING:
                total, files, result = self.selectors.get(probe, (0.0, 0, 0))
                self.selectors[probe] = (total + seconds, files + 1, result + matches.get(probe, 0))

    def plain(self, names: Mapping[int, str]) -> dict[str, object]:
        """Return all of it as JSON has it, the slowest first; `names` are those of selectors, by the number of
        their probe.
        """
        return {
            "stages": _rounded(self.stages),
            "files": {name: self.files[name] for name in ("listed", "asked", "known", "skipped", "parsed")},
            "parsing": round(self.parsing, 6),
            "selectors": [
                {"selector": names.get(probe, ""), "seconds": round(seconds, 6), "files": files, "matches": result}
                for probe, (seconds, files, result) in slowest(self.selectors)
            ],
            "policies": [{"policy": name, "seconds": round(took, 6)} for name, took in slowest(self.policies)],
        }


def slowest(spent: Mapping[_Key, _Spent]) -> list[tuple[_Key, _Spent]]:
    """Return the measured entries with their time (the first of several measures), the slowest first."""
    return sorted(spent.items(), key=itemgetter(1), reverse=True)


def _rounded(times: Mapping[str, float]) -> dict[str, float]:
    return {name: round(took, 6) for name, took in times.items()}
