"""What was measured, as a page: written anew after each part, so that a run that is stopped leaves what it has."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from measure import Timed


@dataclass
class Results:
    """The lines of the page, by section."""

    path: Path
    quick: bool
    targets: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    agreements: list[str] = field(default_factory=list)
    growths: list[str] = field(default_factory=list)
    bulk: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def ratio(self, what: str, peer: str, ours: Timed, theirs: Timed, target: float) -> None:
        """How many times as fast as a peer, and what was aimed at."""
        ratio = theirs.median / ours.median
        work = theirs.processor / ours.processor
        said = (f"{ratio:.1f} times as fast", f"{work:.1f}")
        self._target(what, peer, said, f"{target:g} times", ratio >= target)

    def at_most(self, what: str, against: str, ours: Timed, theirs: Timed, target: float) -> None:
        """How many times the time of something that does nothing."""
        ratio = ours.median / theirs.median
        said = (f"{ratio:.1f} times its time", f"{ours.processor / theirs.processor:.1f}")
        self._target(what, against, said, f"at most {target:g} times", ratio <= target)

    def within(self, what: str, timed: Timed, target: float) -> None:
        """How long something takes that has a bound."""
        said = (f"{1000 * timed.median:.0f} ms", f"{1000 * timed.processor:.0f} ms")
        self._target(what, "-", said, f"at most {1000 * target:.0f} ms", timed.median <= target)

    def _target(self, what: str, against: str, said: tuple[str, str], target: str, met: bool) -> None:
        self.targets.append(f"| {what} | {against} | {' | '.join(said)} | {target} | {'yes' if met else '**no**'} |")
        print(self.targets[-1], flush=True)

    def timed(self, what: str, found: Mapping[str, Timed], digits: int = 2) -> None:
        """The times of commands over the same work."""
        for name, timed in found.items():
            low, high = min(timed.seconds), max(timed.seconds)
            spread = f"{low:.{digits}f}-{high:.{digits}f}"
            runs = len(timed.seconds)
            work = f"{timed.processor:.{digits}f} s"
            cells = (what, name, f"{timed.median:.{digits}f} s", spread, work, f"{runs}", f"{timed.memory:.0f} MB")
            self.times.append(f"| {' | '.join(cells)} |")
            print(self.times[-1], flush=True)

    def agreement(self, what: str, ours: Set[object], theirs: Set[object]) -> None:
        """Whether two tools report the same places, and if not, how many differ."""
        alone, missing = len(ours - theirs), len(theirs - ours)
        differ = "the same" if ours == theirs else f"{alone:,} only polcheck's, {missing:,} only the other's"
        self.agreements.append(f"| {what} | {len(ours):,} | {len(theirs):,} | {differ} |")
        print(self.agreements[-1], flush=True)

    def growth(self, rows: Sequence[tuple[str, Timed]]) -> None:
        """How the time grows."""
        self.growths = [
            f"| {what} | {timed.median:.2f} s | {timed.processor:.2f} s | {timed.memory:.0f} MB |"
            for what, timed in rows
        ]
        print("\n".join(self.growths), flush=True)

    def batches(self, rows: Sequence[tuple[int, Timed]], limit: Timed, target: float) -> None:
        """Submissions a second, and memory; `limit` is what can't be avoided for the first row, `target` in ms."""
        for number, timed in rows:
            rate = number / timed.median
            work = f"{1000 * timed.processor / number:.1f} ms"
            self.bulk.append(f"| {number:,} | {timed.median:.1f} s | {rate:.0f} | {work} | {timed.memory:.0f} MB |")
        number, timed = rows[0]
        each = 1000 * timed.processor / number
        said = (f"{number / timed.median:.0f} a second", f"{each:.1f} ms each")
        self._target(f"batch of {number:,}", "-", said, f"at most {target:g} ms of processor time", each <= target)
        self.at_most(f"batch of {number:,}", "the limit", timed, limit, 3.0)
        print("\n".join(self.bulk), flush=True)

    def note(self, text: str) -> None:
        """Something that a reader should know."""
        self.notes.append(f"- {text}")
        print(self.notes[-1], flush=True)

    def write(self) -> None:
        """Writes the page."""
        parts = [
            "# Results of a run of `benchmarks/run.py`" + (" --quick" if self.quick else ""),
            f"{_machine()}. Times are medians of whole processes, run in turn, after one run of each that isn't"
            " counted, with a warm page cache; memory is that of the largest process of a run.",
            _table("Targets", ("work", "against", "measured", "by processor time", "target", "met"), self.targets),
            _table("Times", ("work", "tool", "median", "range", "processor time", "runs", "memory"), self.times),
            _table("Places that both report", ("work", "polcheck", "the other", "difference"), self.agreements),
            _table("Growth", ("work", "median", "processor time", "memory"), self.growths),
            _table(
                "Batch, eight-file submissions",
                ("submissions", "time", "a second", "processor time of one", "memory"),
                self.bulk,
            ),
        ]
        if self.notes:
            parts.append("## Notes\n\n" + "\n".join(self.notes))
        self.path.write_text("\n\n".join(part for part in parts if part) + "\n", "utf-8")


def _table(title: str, head: Sequence[str], rows: Sequence[str]) -> str:
    if not rows:
        return ""
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *rows]
    return f"## {title}\n\n" + "\n".join(lines)


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = f"; load average at the end {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{_processor()}, {cores} cores; {platform.system()} {platform.release()}; {_python()}{load}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"
