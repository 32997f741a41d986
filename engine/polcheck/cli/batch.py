"""`polcheck batch`: check thousands of projects."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from polcheck.base.today import today
from polcheck.base.version import VERSION
from polcheck.base.write import write_output
from polcheck.cli.options import pack_option, params_of, today_option

if TYPE_CHECKING:
    from polcheck.project.batch_inputs import BatchInputs

_MOST_DUPLICATES = 5  # ids that are named


@click.command(short_help="Check thousands of projects.")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@pack_option("A pack to check against.", required=True)
@click.option(
    "--out",
    "-o",
    required=True,
    metavar="FILE",
    help="Output file for the rows: FILE.jsonl (also .jsonl.gz, .jsonl.zst) or FILE.parquet; - is standard output.",
)
@click.option(
    "--rows",
    "kind",
    type=click.Choice(["requirements", "policies", "findings"]),
    default="requirements",
    show_default=True,
    help="What a row is about.",
)
@click.option(
    "--summary", default="", metavar="FILE", help="Write the numbers of the run as JSON; - is standard output."
)
@click.option("--resume", is_flag=True, help="Resume an interrupted run with the same inputs.")
@click.option("--field", default="", metavar="NAME", help="The field of a row that holds the bundle.")
@click.option("--id", "name", default="", metavar="NAME", help="The field of a row that holds the project's name.")
@click.option("--shard", default="1/1", metavar="I/N", help="Check every N-th project only, from the I-th on.")
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
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest that one project may take.",
)
@click.option("--jobs", "-j", type=click.IntRange(min=0), default=0, help="Processes.  [default: one per core]")
@today_option
@click.option("--quiet", "-q", is_flag=True, help="No summary table.")
def batch(
    inputs: tuple[str, ...],
    packs: tuple[str, ...],
    out: str,
    kind: str,
    summary: str,
    resume: bool,
    field: str,
    name: str,
    shard: str,
    params: tuple[str, ...],
    columns: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    timeout: float,
    jobs: int,
    day: date | None,
    quiet: bool,
) -> int:
    """Check every project of INPUT…, and write one row per project and requirement.

    INPUT is a .jsonl file (a bundle a line, or a row that holds one in --field; also .jsonl.gz, .jsonl.zst, and - for
    standard input), a .parquet file, or a folder of folders, bundles and archives. Inputs and --out may be URLs of
    object stores. With --id or --field, the other fields of a row are columns for --param-from.

    Exit status: 0 when every project has a verdict, 2 when one has none.
    """
    from polcheck.project.batch import Tally
    from polcheck.project.batch_inputs import BatchInputs, number_of_members
    from polcheck.project.batch_rows import RowsOutput, is_output
    from polcheck.tables import Judge

    if not is_output(out):
        raise click.UsageError("--out is a .jsonl, .jsonl.gz, .jsonl.zst or .parquet file, or - for standard output")
    if out == "-" and resume:
        raise click.UsageError("--resume goes on with a file, and --out - is standard output")
    if out == "-" == summary:
        raise click.UsageError("--out and --summary can't both be standard output")
    _check_files(inputs, out, summary)
    part = _shard(shard)
    judge = Judge(
        packs,
        field=field,
        id=name,
        params={pack: {**values} for pack, values in params_of(params).items()},
        params_from=_pairs(columns),
        select=select,
        ignore=ignore,
        fail_on=fail_on,
        rows=kind,
        timeout=timeout,
        jobs=jobs,
        today=day or today(),
    )
    source = BatchInputs(inputs, judge.work, part, sys.stdin.buffer)
    rows = RowsOutput(out, kind, resume=resume, stdout=sys.stdout if out == "-" else None)
    tally = Tally()
    entries = iter(source)
    start = time.monotonic()
    rows.open(resume, entries, tally.add)
    finished = False
    try:
        with _Rate(source, number_of_members(inputs), rows.done) as rate:
            for result in judge.results(entries):
                if result is None:
                    rate.show(tally.submissions)
                    continue
                rows.add(result.rows)
                tally.add(result.rows)
        finished = True
    finally:
        rows.close(finished=finished)
    for id, place in source.duplicates[:_MOST_DUPLICATES]:
        click.echo(f"error: the id `{id}` occurs twice: `{place}` was not checked", err=True)
    if len(source.duplicates) > _MOST_DUPLICATES:
        click.echo(f"error: {len(source.duplicates) - _MOST_DUPLICATES:,} more ids occur twice", err=True)
    if summary:
        numbers = {"polcheck": VERSION, "rows": kind, "resumed": rows.done, **tally.numbers()}
        numbers["seconds"] = round(time.monotonic() - start, 3)
        text = json.dumps(numbers, indent=2) + "\n"
        if summary == "-":
            click.echo(text, nl=False)
        else:
            write_output(summary, text)
    if not quiet and summary != "-":
        click.echo(tally.table(), err=out == "-")
    return 2 if tally.verdicts.get("none") or not tally.submissions else 0


def _check_files(inputs: Sequence[str], out: str, summary: str) -> None:
    """Raise UsageError where one file would be read and written, or written twice."""
    read = {os.path.realpath(path): f"the input `{path}`" for path in inputs if path != "-"}
    for option, path in (("--out", out), ("--summary", summary)):
        if path in ("", "-"):
            continue
        other = read.setdefault(os.path.realpath(path), option)
        if other != option:
            raise click.UsageError(f"{option} would overwrite {other}: give it a file of its own")


def _shard(text: str) -> tuple[int, int]:
    """Return the number of a shard, from 1, and of how many it is. Raises UsageError for anything else."""
    number, _, of = text.partition("/")
    if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return int(number), int(of)
    raise click.UsageError(f"`{text}` is not I/N: 3/16 is the third of 16 shards")


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    """Parameters to fields. Raises UsageError for anything else."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise click.UsageError(f"`{text}` is not NAME=FIELD")
        pairs[name] = value
    return pairs


class _Rate:
    """Progress of a batch: the number of checked projects, the rate and the time left; on a terminal only.

    `source` says how much of the inputs has been read; `total` is how many projects there are, where that is known;
    `before` how many an earlier run has checked.
    """

    def __init__(self, source: BatchInputs, total: int | None, before: int) -> None:
        self._source = source
        self._total = total
        self._before = before
        self._start = time.monotonic()
        self._from = source.fraction or 0.0
        self._last = 0.0

    def show(self, done: int) -> None:
        """Shows the number, the rate and the time left."""
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._last < 0.2:
            return
        self._last = now
        spent = max(now - self._start, 0.001)
        rate = (done - self._before) / spent
        of = f" of {self._total:,}" if self._total else ""
        fraction = self._source.fraction
        share = f" ({fraction:.0%})" if fraction else ""
        left = ""
        if self._total and rate > 0 and self._total > done:
            left = f", {_clock((self._total - done) / rate)} left"
        elif fraction and fraction > self._from and done > self._before:
            left = f", {_clock(spent * (1 - fraction) / (fraction - self._from))} left"
        sys.stderr.write(f"\r\x1b[K{done:,}{of} projects{share}, {rate:,.0f} a second{left}")
        sys.stderr.flush()

    def __enter__(self) -> _Rate:
        return self

    def __exit__(self, *_: object) -> None:
        if self._last:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    """Return a time as people read it: `4:07`, or `2:04:07`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
