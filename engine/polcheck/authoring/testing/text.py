"""The results of test cases as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from polcheck.authoring.mutants.hunt import Mutation, Survivor
from polcheck.authoring.rewrites.robustness import Difference, Robustness
from polcheck.authoring.testing.cases import Case
from polcheck.authoring.testing.coverage import Coverage
from polcheck.authoring.testing.mismatches import Mismatch
from polcheck.authoring.testing.pack_source import pointer_text
from polcheck.authoring.testing.run import Tested
from polcheck.authoring.testing.runner import Result
from polcheck.render.escape import terminal
from polcheck.render.style import Style


def render_results(tested: Tested, *, color: bool = False, verbosity: int = 0) -> str:
    """Return the failures, the requested analyses and a summary line; `verbosity` 1 adds every case, -1 shows less."""
    style = Style(color)
    lines: list[str] = []
    for case, result in zip(tested.cases, tested.results, strict=True):
        if not result.passed:
            lines += _failure(case, result, style)
        elif verbosity > 0:
            lines.append(f"{style.name('pass', text='passed')}  {terminal(case.name)}  {style.dim(_where(case))}")
    if tested.coverage is not None:
        lines += _coverage(tested, tested.coverage, style, verbosity)
    if tested.mutation is not None:
        lines += _mutation(tested, tested.mutation, style, verbosity)
    if tested.robustness is not None:
        lines += _robustness(tested, tested.robustness, style, verbosity)
    if tested.waiting:
        lines.append("nothing was mutated or rewritten: fix the failing cases first")
    lines.append(_summary(tested, style))
    return "\n".join(lines) + "\n"


def _summary(tested: Tested, style: Style) -> str:
    if not tested.cases:
        return f"{tested.name}: no case to run"
    failed = len(tested.failed)
    passed = len(tested.cases) - failed
    parts = [style.name("pass", text=f"{passed} passed")] if passed else []
    parts += [style.name("fail", text=f"{failed} failed")] if failed else []
    return f"{tested.name}: {', '.join(parts)}"


def _where(case: Case) -> str:
    return f"{case.where}:{case.line}"


def _failure(case: Case, result: Result, style: Style) -> Iterator[str]:
    yield f"{style.name('fail', text='FAILED')}  {style.bold(terminal(case.name))}"
    yield f"  {style.margin('-->')} {_where(case)}"
    for mismatch in result.mismatches:
        yield from _fault(mismatch, style)
    yield ""


def _fault(mismatch: Mismatch, style: Style) -> Iterator[str]:
    yield f"  {style.bold(mismatch.about)} {style.dim(f'(line {mismatch.line})')}"
    yield f"    expected  {terminal(mismatch.expected)}"
    yield f"    got       {terminal(mismatch.got)}"
    for note in mismatch.notes:
        yield f"      {terminal(note)}"


def _coverage(tested: Tested, coverage: Coverage, style: Style, verbosity: int) -> Iterator[str]:
    if coverage.uncovered and verbosity >= 0:
        yield style.bold("what no case exercises")
        rows = [
            (
                uncovered.place,
                uncovered.point.owner,
                pointer_text(uncovered.point.at) or uncovered.point.what,
                uncovered.side,
            )
            for uncovered in coverage.uncovered
        ]
        yield from _table(("place", "policy", "part", "no case in which it"), rows, style)
        yield ""
    percent = f"{coverage.percent:.1f} %"
    yield f"coverage of {tested.name}: {coverage.seen} of {coverage.total} branches, {percent}"


def _mutation(tested: Tested, mutation: Mutation, style: Style, verbosity: int) -> Iterator[str]:
    if mutation.survived and verbosity >= 0:
        yield style.bold("surviving mutants: every case still passes with these changes")
        for policy in mutation.untested:
            yield f"{style.margin('-->')} {style.bold(policy)}  no case names it"
        for survivor in mutation.survived:
            if survivor.mutant.owner not in mutation.untested:
                yield from _survivor(survivor, style)
        yield ""
    if verbosity > 0:
        for survivor in mutation.equivalent:
            mutant = survivor.mutant
            yield f"{style.dim('equivalent')}  {mutant.owner}  {mutant.id}  {terminal(survivor.reason)}"
    for entry in mutation.unused:
        yield f"{entry.where}: no surviving mutant of `{entry.policy}` is called `{terminal(entry.mutant)}`"
    rows = [(t.operator, str(t.killed), str(t.survived), str(t.equivalent)) for t in mutation.tallies]
    if verbosity >= 0:
        yield from _table(("operator", "killed", "survived", "equivalent"), rows, style, right=True)
        yield ""
    counts = f"{mutation.killed} killed, {len(mutation.survived)} survived, {len(mutation.equivalent)} equivalent"
    yield f"mutants of {tested.name}: {counts}, {mutation.percent:.1f} % killed ({mutation.refused} don't compile)"


def _survivor(survivor: Survivor, style: Style) -> Iterator[str]:
    mutant = survivor.mutant
    yield f"{style.margin('-->')} {survivor.place}  {style.bold(mutant.owner)}  {mutant.id}"
    before, after = mutant.cut
    yield f"      from  {terminal(before)}"
    yield f"      to    {terminal(after)}"


def _robustness(tested: Tested, found: Robustness, style: Style, verbosity: int) -> Iterator[str]:
    for difference in found.differences:
        yield from _difference(difference, style)
    if verbosity > 0:
        for difference in found.excused:
            where = f"{difference.about}  {difference.rewrite} of {terminal(difference.path)}"
            yield f"{style.dim('excused')}  {where}  {terminal(difference.reason)}"
        rows = [(t.rewrite, str(t.tried), str(t.differences), str(t.excused)) for t in found.tallies]
        yield from _table(("rewrite", "tried", "differences", "excused"), rows, style, right=True)
        yield ""
    for case, entry in found.unused:
        yield f"{_where(case)}: nothing differs under `{terminal(entry.rewrite)}` for `{terminal(entry.policy)}`"
    counts = f"{found.cases} cases, {found.tried} tried, {len(found.differences)} different"
    yield f"rewrites of {tested.name}: {counts}, {len(found.excused)} excused"


def _difference(difference: Difference, style: Style) -> Iterator[str]:
    yield f"{style.name('fail', text='DIFFERS')}  {style.bold(terminal(difference.case.name))}"
    yield f"  {style.margin('-->')} {difference.case.where}:{difference.line}"
    yield f"  {style.bold(difference.about)}  {difference.rewrite} of {terminal(difference.path)}"
    yield f"    expected  {terminal(difference.expected)}"
    yield f"    got       {terminal(difference.got)}"
    for line in difference.diff.removesuffix("\n").split("\n"):
        yield f"      {terminal(line)}"
    yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], style: Style, right: bool = False) -> Iterator[str]:
    """Rows under a head; with `right`, all columns but the first are numbers."""
    every = [tuple(head), *(tuple(terminal(cell) for cell in row) for row in rows)]
    widths = [max(len(row[number]) for row in every) for number in range(len(head))]
    for number, row in enumerate(every):
        cells = [
            cell.rjust(width) if right and column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  " + "  ".join(cells).rstrip()
        yield style.dim(line) if number == 0 else line
