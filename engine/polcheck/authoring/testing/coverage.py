"""Coverage: which outcomes, branches and conditions of policies no case exercises both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct, field

from polcheck.authoring.testing.pack_source import PackSource
from polcheck.evaluate.rows import Row
from polcheck.evaluate.steps import Result
from polcheck.formats.values import Pointer
from polcheck.policy.plan import CompiledPolicy, Conjunction, Step, every_step

OUTCOME = "outcome"
_SIDES = {
    OUTCOME: ("passes", "fails"),
    "when": ("applies", "does not apply"),
    "any": ("matches", "does not match"),
    "count": ("is met", "is not met"),
    "fix": ("is made", "has nothing to do"),
}
_OTHER = ("holds", "does not hold")


class Point(Struct, frozen=True, order=True):
    """One thing that can go two ways: `what` is `outcome`, `when`, `any`, `not`, `where`, `count`, `inside` …"""

    owner: str
    at: Pointer
    what: str

    @property
    def sides(self) -> tuple[str, str]:
        """The names of the two branches."""
        return _SIDES.get(self.what, _OTHER)


Seen = frozenset[tuple[Point, int]]  # the second is the side: 0 or 1


class Uncovered(Struct, frozen=True):
    """A way that no case goes: where the point stands (`path:line`), and what did not happen."""

    point: Point
    place: str
    side: str


class Coverage(Struct, frozen=True):
    """The number of branches, of covered ones, and the uncovered ones."""

    total: int
    seen: int
    uncovered: tuple[Uncovered, ...]

    @property
    def percent(self) -> float:
        """The percentage of covered branches; 100 where there are none."""
        return 100.0 * self.seen / self.total if self.total else 100.0


class Watch(Struct):
    """Listens to the judging of one policy, and notes which ways it went. Used for one case."""

    policy: CompiledPolicy
    pack_source: PackSource
    seen: set[tuple[Point, int]] = field(default_factory=set)
    _points: dict[int, list[tuple[Point, Callable[[Sequence[Row], Result], Iterable[int]]]]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        for point, conjunction in _branches(self.policy, self.pack_source):
            for number, step in enumerate(conjunction):
                ways = _last_ways if number == len(conjunction) - 1 else _early_ways
                self._points.setdefault(step.number, []).append((point, ways))
        for point, step in _conditions(self.policy, self.pack_source):
            self._points.setdefault(step.number, []).append((point, _condition_ways(step)))

    def __call__(self, step: Step, rows: Sequence[Row], result: Result) -> None:
        """Is told of a step, and the rows in and out."""
        if rows:
            for point, ways in self._points.get(step.number, ()):
                self.seen |= {(point, way) for way in ways(rows, result)}


def points(policy: CompiledPolicy, pack_source: PackSource) -> list[Point]:
    """Return the branch points of a policy, and of the pack's selectors that it uses."""
    results = [Point(policy.id, (), OUTCOME)]
    if policy.count is not None:
        results.append(_count_point(policy))
    if policy.fix is not None:
        results.append(_fix_point(policy))
    results += [point for point, _ in _branches(policy, pack_source)]
    results += [point for point, _ in _conditions(policy, pack_source)]
    return list(dict.fromkeys(results))


def of_outcome(policy: CompiledPolicy, outcome: str) -> Iterator[tuple[Point, int]]:
    """Yield the ways that a policy's outcome is."""
    if outcome in ("pass", "fail"):
        side = int(outcome == "fail")
        yield Point(policy.id, (), OUTCOME), side
        if policy.count is not None:
            yield _count_point(policy), side
        if policy.fix is not None and outcome == "pass":
            yield _fix_point(policy), 1


def of_fix(policy: CompiledPolicy, *, fixed: bool) -> Iterator[tuple[Point, int]]:
    """Yield the ways that the fix of a policy went in a case that says what is fixed."""
    if policy.fix is not None and fixed:
        yield _fix_point(policy), 0


def coverage(
    policies: Iterable[CompiledPolicy], pack_source: PackSource, seen: Iterable[tuple[Point, int]]
) -> Coverage:
    """Return the coverage of these policies by the cases."""
    every = sorted({point for policy in policies for point in points(policy, pack_source)})
    known = set(seen)
    uncovered = [
        Uncovered(point, pack_source.place(point.owner, point.at), point.sides[side])
        for point in every
        for side in (0, 1)
        if (point, side) not in known
    ]
    return Coverage(2 * len(every), 2 * len(every) - len(uncovered), tuple(uncovered))


def _fix_point(policy: CompiledPolicy) -> Point:
    return Point(policy.id, ("fix",), "fix")


def _count_point(policy: CompiledPolicy) -> Point:
    return Point(policy.id, ("require",), "count")


def _branches(policy: CompiledPolicy, pack_source: PackSource) -> Iterator[tuple[Point, Conjunction]]:
    """Yield the conjunctions that may match or not: `when`, and the branches of each `any`."""
    if policy.when:
        yield Point(policy.id, ("when",), "when"), policy.when
    for step in every_step(policy):
        branches = [inner.steps for inner in step.nested if inner.role == "branch"]
        owner = pack_source.owner(policy.id, step.at) if branches else ""
        for number, branch in enumerate(branches if owner else ()):
            yield Point(owner, (*step.at, "any", number), "any"), branch


def _conditions(policy: CompiledPolicy, pack_source: PackSource) -> Iterator[tuple[Point, Step]]:
    """Yield the steps that let a row through or not; what is alone in a `when`, a branch or a `not` is told by that."""
    alone = {inner[0].number for inner in _held(policy) if len(inner) == 1}
    for step in every_step(policy):
        if step.condition is None or step.number in alone:
            continue
        owner = pack_source.owner(policy.id, step.at)
        if owner:
            yield Point(owner, *step.condition), step


def _held(policy: CompiledPolicy) -> Iterator[Conjunction]:
    """Yield the conjunctions that stand for one point each."""
    yield policy.when
    for step in every_step(policy):
        yield from (inner.steps for inner in step.nested if inner.role in ("branch", "absent"))


def _early_ways(rows: Sequence[Row], result: Result) -> Iterator[int]:
    """Yield the ways of a conjunction of which a step that isn't its last one lets something out."""
    if {row.origin for row in rows} - {row.origin for row in result.rows}:
        yield 1


def _last_ways(rows: Sequence[Row], result: Result) -> Iterator[int]:
    if result.rows:
        yield 0
    yield from _early_ways(rows, result)


def _condition_ways(step: Step) -> Callable[[Sequence[Row], Result], Iterable[int]]:
    return _relation_ways if step.relation_to else _filter_ways


def _filter_ways(rows: Sequence[Row], result: Result) -> Iterator[int]:
    if result.rows:
        yield 0
    if len(result.rows) < len(rows):
        yield 1


def _relation_ways(rows: Sequence[Row], result: Result) -> Iterator[int]:
    """NOTE: a relation may extend one row to several, so rows are told apart by the match that they speak of."""
    if result.rows:
        yield 0
    if {row.current for row in rows} - {row.current for row in result.rows}:
        yield 1
