"""`polcheck batch`: check thousands of projects."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import date

import click

from polcheck.base.paths import exists
from polcheck.base.today import today
from polcheck.cli.options import params_of, today_option
from polcheck.project.packs import read_pack


@click.command(short_help="Check thousands of projects.")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option(
    "--pack",
    "-p",
    "packs",
    multiple=True,
    required=True,
    metavar="NAME|PATH",
    help="A pack to check against.",
)
@click.option(
    "--out", "-o", required=True, metavar="FILE", help="Output file for the rows: FILE.jsonl or FILE.parquet."
)
@click.option("--resume", is_flag=True, help="Resume an interrupted run with the same inputs.")
@click.option("--field", default="", metavar="NAME", help="The field of a row that holds the bundle.")
@click.option("--id", "name", default="", metavar="NAME", help="The field of a row that holds the project's name.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option(
    "--param-from", "columns", multiple=True, metavar="NAME=FIELD", help="Take a parameter from a field of each row."
)
@click.option("--select", multiple=True, metavar="POLICY", help="Only these policies, requirements or tags.")
@click.option("--ignore", multiple=True, metavar="POLICY", help="Not these policies, requirements or tags.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    default="error",
    show_default=True,
    help="The lowest severity that fails a project.",
)
@click.option("--jobs", "-j", type=click.IntRange(min=0), default=0, help="Processes.  [default: one per core]")
@today_option
@click.option("--quiet", "-q", is_flag=True, help="No summary table.")
def batch(
    inputs: tuple[str, ...],
    packs: tuple[str, ...],
    out: str,
    resume: bool,
    field: str,
    name: str,
    params: tuple[str, ...],
    columns: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    jobs: int,
    day: date | None,
    quiet: bool,
) -> int:
    """Check every project of INPUT…, and write one row per project and requirement.

    INPUT is a .jsonl file (a bundle a line, or a row that holds one in --field), a .parquet file, or a folder of
    folders, bundles and archives. With --id or --field, the other fields of a row are columns for --param-from.

    Exit status: 0 when every project has a verdict, 2 when one has none.
    """
    from polcheck.policy.params import Settings
    from polcheck.project.batch import BatchChecker, BatchEntry, Tally, checked
    from polcheck.project.batch_io import Rows, entries, number_of
    from polcheck.project.library import checker

    if not out.endswith((".jsonl", ".parquet")):
        raise click.UsageError("--out names a .jsonl or a .parquet file")
    for path in inputs:
        if not exists(path):
            raise click.UsageError(f"there is no file or folder `{path}`")
    settings = Settings(params=params_of(params), select=select, ignore=ignore, today=str(day or today()))
    files = tuple(read_pack(pack) for pack in packs)
    checker(files, settings)  # a bad pack is told before anything is read, and workers find it compiled
    judge = BatchChecker(files, settings, fail_on, _pairs(columns))
    tally = Tally()
    rows = Rows(out, resume=resume, seen=tally.add)
    every = (BatchEntry(*entry) for entry in entries(inputs, field, name))
    finished = False
    try:
        _skip(every, rows.done)
        with _Rate(number_of(inputs) if sys.stderr.isatty() else None, rows.done) as rate:
            for result in checked(every, judge, jobs):
                if result is None:
                    rate.show(tally.submissions)
                    continue
                rows.add(result.rows)
                tally.add(result.rows)
        finished = True
    finally:
        rows.close(finished=finished)
    if not quiet:
        click.echo(tally.table())
    return 2 if tally.verdicts.get("none") or not tally.submissions else 0


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    """Parameters to fields. Raises UsageError for anything else."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise click.UsageError(f"`{text}` is not NAME=FIELD")
        pairs[name] = value
    return pairs


def _skip(every: Iterator[object], number: int) -> None:
    for _ in range(number):
        next(every, None)


class _Rate:
    """Progress of a batch: the number of checked projects, the rate and the time left; on a terminal only.

    `total` is how many there are, where that is known; `before` how many an earlier run has judged.
    """

    def __init__(self, total: int | None, before: int) -> None:
        self._total = total
        self._before = before
        self._start = time.monotonic()
        self._last = 0.0

    def show(self, done: int) -> None:
        """Shows the number, the rate and the time left."""
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._last < 0.2:
            return
        self._last = now
        rate = (done - self._before) / max(now - self._start, 0.001)
        of = f" of {self._total:,}" if self._total else ""
        left = ""
        if self._total and rate > 0 and self._total > done:
            minutes, seconds = divmod(int((self._total - done) / rate), 60)
            left = f", {minutes}:{seconds:02} left"
        sys.stderr.write(f"\r\x1b[K{done:,}{of} projects, {rate:,.0f} a second{left}")
        sys.stderr.flush()

    def __enter__(self) -> _Rate:
        return self

    def __exit__(self, *_: object) -> None:
        if self._last:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
