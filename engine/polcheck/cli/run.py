"""`polcheck run`: judge a submission by packs."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from polcheck import disk
from polcheck.cli.inputs import ProjectOf, has_packs, project_options, today
from polcheck.cli.outputs import Outputs, output_options
from polcheck.cli.progress import Bar
from polcheck.timings import Timings

if TYPE_CHECKING:
    from polcheck.project import Project
    from polcheck.report import Report


@click.command(short_help="Judge a submission by packs of policies.")
@click.argument("submission", default=".")
@project_options
@click.option("--rev", metavar="REV", help="Judge a git revision of SUBMISSION instead of its files.")
@click.option("--since", metavar="REV", help="Report only what is new since a git revision, wherever it was changed.")
@click.option("--baseline", metavar="FILE", help="Accept the findings that `polcheck baseline` recorded in FILE.")
@click.option("--no-baseline", is_flag=True, help="Use no baseline.")
@output_options
@click.option(
    "--timings", is_flag=True, help="Show on standard error where the time went: stages, selectors, policies."
)
@click.option("--timings-json", metavar="FILE", help="Write that to FILE as JSON.")
def run(
    submission: str,
    project: ProjectOf,
    rev: str | None,
    since: str | None,
    baseline: str | None,
    no_baseline: bool,
    outputs: Outputs,
    timings: bool,
    timings_json: str | None,
) -> int:
    """Judge SUBMISSION by packs of policies: those of --pack, else those of the nearest polcheck.yaml.

    SUBMISSION is a folder (the default is the current one), a JSON bundle, a .zip or .tar.* archive, or - for a bundle
    or an archive on standard input.

    Exit status: 0 pass, 1 fail, 2 no verdict.
    """
    if baseline and no_baseline:
        raise click.UsageError("give --baseline or --no-baseline, not both")
    times = Timings() if timings or timings_json else None
    with disk.watching() as watch:
        used = has_packs(project(submission, baseline="" if no_baseline else baseline))
        report = _judged(used, outputs, rev, since, times)
    status = outputs.write(report)
    words = click.get_current_context().find_object(str)
    if times is not None:
        _show_timings(times, used, timings_json, shown=timings)
    elif words and outputs.alone and report.decided:
        disk.keep_said(words, outputs.printed.encode("utf-8", "backslashreplace"), status, watch)
    return status


def _judged(used: Project, outputs: Outputs, rev: str | None, since: str | None, times: Timings | None) -> Report:
    """The report on what the options ask for."""
    measured = times or Timings()
    with measured.stage("start"):
        judge = replace(used.checker, digests=outputs.digests)
        judge = judge.timed() if times else judge
        accept = used.acceptance(today())
    with Bar("reading") as bar, measured.stage("list"):
        read = used.read(rev, sys.stdin.buffer, bar.count)
    if since is not None:
        from polcheck.waivers import in_turn

        with Bar(f"judging {since}") as bar, measured.stage("since"):
            accept = in_turn(accept, used.since(since, bar.update))
    with Bar("judging") as bar, used.memory() as memory:
        return judge.check(read, used.inforce.fail_on, bar.update, accept, memory, times)


def _show_timings(times: Timings, used: Project, path: str | None, *, shown: bool) -> None:
    from polcheck.cli import timings

    if path:
        disk.write_output(path, timings.as_json(times, used.checker.plan))
    if shown:
        click.echo(timings.as_table(times, used.checker.plan), err=True, nl=False)
