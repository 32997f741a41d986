"""`polcheck test`: run the cases of packs, with coverage, mutants and rewrites on request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from polcheck.base.paths import is_folder
from polcheck.base.write import write_output
from polcheck.cli.options import today_option
from polcheck.cli.outputs import color_option, colored
from polcheck.cli.streams import Bar
from polcheck.packs.shipped import data_folder, schemas, shipped_packs
from polcheck.project.packs import read_pack

if TYPE_CHECKING:
    from polcheck.authoring.testing.run import Options, Tested


@click.command(short_help="Run the test cases of packs.")
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option(
    "-k", "keyword", default="", metavar="TEXT", help="Only cases whose name, location or policies contain TEXT."
)
@click.option("--select", "select", multiple=True, metavar="POLICY", help="Only the expectations for these policies.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: one per core]")
@click.option(
    "--update", is_flag=True, help="Rewrite expectations to the actual results, after showing the difference."
)
@click.option("--coverage", is_flag=True, help="Show which outcomes, branches and conditions no case exercises.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail when coverage is below this; implies --coverage.",
)
@click.option("--mutate", is_flag=True, help="Mutate policies, and show the mutants that no case detects.")
@click.option(
    "--robust", is_flag=True, help="Rewrite the files of cases without changing their meaning, and run them again."
)
@today_option
@click.option("--junit", metavar="FILE", help="Also write the cases as JUnit XML.")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", "-o", metavar="FILE", help="Output file.  [default: standard output]")
@color_option
@click.option("--quiet", "-q", is_flag=True, help="Failures and the summaries only.")
@click.option("--verbose", "-v", is_flag=True, help="Also every case that passed.")
def test(
    packs: tuple[str, ...],
    keyword: str,
    select: tuple[str, ...],
    jobs: int | None,
    update: bool,
    coverage: bool,
    fail_under: float | None,
    mutate: bool,
    robust: bool,
    day: date | None,
    junit: str | None,
    form: str,
    output: str | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run the cases in the tests/ of each PACK (a name or a folder; the current folder if none is given).

    Exit status: 0 every case passed, 1 one failed (or a mutant survived, a rewrite changed a result, coverage is too
    low), 2 there is no case.
    """
    from polcheck.authoring.testing.machine_output import to_json, to_junit
    from polcheck.authoring.testing.run import Options
    from polcheck.authoring.testing.text import render_results
    from polcheck.render.json import dumps
    from polcheck.scan.workers import cores

    if update and (mutate or robust):
        raise click.UsageError(
            "mutants and rewrites are for cases that pass: first --update, then --mutate or --robust"
        )
    options = Options(
        keyword, select, jobs or cores(), coverage or fail_under is not None, mutate, robust, str(day or "")
    )
    run = _updated if update else _tested
    every = [run(name, options) for name in packs or (".",)]
    if junit:
        write_output(junit, to_junit(every))
    if form == "json":
        text = dumps(to_json(every))
    else:
        color_it = not output and colored(color)
        text = "\n".join(render_results(tested, color=color_it, verbosity=verbose - quiet) for tested in every)
    if output:
        write_output(output, text)
    else:
        sys.stdout.write(text)
    return _status(every, fail_under)


def _tested(name: str, options: Options) -> Tested:
    """Return the tests of the pack, run with a progress bar for each stage."""
    from polcheck.authoring.testing.run import run_tests

    with ExitStack() as stack:

        def watch(stage: str) -> Callable[[int, int], None]:
            return stack.enter_context(Bar(stage)).update

        pack = read_pack(name)
        # NOTE: in the folder of the pack itself paths read best without `./`
        return run_tests(replace(pack, root="") if name == "." else pack, schemas(), options, watch)


def _updated(name: str, options: Options) -> Tested:
    """Return the tests of the pack after its expectations were brought up to what its policies say, the difference
    shown.
    """
    from polcheck.authoring.testing.update import rewritten

    tested = _tested(name, options)
    changed = rewritten(tested.pack, tested.failed)
    folder = f"{data_folder()}/policies/{name}" if name in shipped_packs() else name
    if not is_folder(folder):
        raise click.UsageError(f"`{name}` is not a folder, so its cases can't be rewritten")
    for file in changed:
        click.echo(file.diff, nl=False, err=True)
        write_output(f"{folder}/{file.path}", file.after)
    return _tested(name, options) if changed else tested


def _status(every: Sequence[Tested], fail_under: float | None) -> int:
    """2 when a pack has no case, else 1 when something is wrong, else 0."""
    if any(not tested.cases for tested in every):
        return 2
    for tested in every:
        mutation, coverage, robustness = tested.mutation, tested.coverage, tested.robustness
        if tested.failed or (mutation is not None and (mutation.survived or mutation.unused)):
            return 1
        if robustness is not None and (robustness.differences or robustness.unused):
            return 1
        if fail_under is not None and coverage is not None and coverage.percent < fail_under:
            return 1
    return 0
