"""`polcheck baseline`: record today's findings, so that later runs fail on new ones only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from polcheck.base.paths import display_path
from polcheck.base.write import write_output
from polcheck.cli.options import ProjectOf, has_packs, project_options
from polcheck.cli.streams import Bar

if TYPE_CHECKING:
    from polcheck.findings.report import Report
    from polcheck.project.project import Project
    from polcheck.sources.submission import Submission

_NAME = "polcheck-baseline.json"
_SHOWN = 20


@click.command(short_help="Record today's findings; later runs fail on new ones only.")
@click.argument("submission", default=".", metavar="[PATH]")
@project_options
@click.option("--output", "-o", metavar="FILE", help=f"File to write.  [default: that of polcheck.yaml, else {_NAME}]")
@click.option(
    "--ratchet", is_flag=True, help="Fail, and record nothing, if there is a finding that is not in the baseline."
)
@click.option("--undecided", is_flag=True, help="Also record files that leave policies undecided.")
def baseline(submission: str, project: ProjectOf, output: str | None, ratchet: bool, undecided: bool) -> int:
    """Record the findings of the project at PATH that nothing else accepts. Later runs fail on new ones only.

    Findings are matched across runs by their fingerprint (policy, match and bound names), not by line or file: they
    stay accepted when lines move and files are renamed. With --ratchet the baseline can only shrink.

    Exit status: 0 recorded, 1 refused because the baseline would grow, 2 an error.
    """
    from polcheck.project.baseline import Baseline

    used = has_packs(project(submission, baseline=output))
    path = used.baseline_path or display_path(f"{used.folder or '.'}/{_NAME}")
    named = bool(used.effective.config_file and used.effective.config_file.baseline)
    used = used.with_baseline(path)
    accept = used.acceptance(use_baseline=False)
    with Bar("reading") as bar:
        read = used.checker.place(used.read(stdin=sys.stdin.buffer, progress=bar.count))
    with Bar("judging") as bar:
        report = used.checker.check(read, used.effective.fail_on, bar.update, accept)
    result = Baseline.of(report, read, undecided=undecided)
    if ratchet and not _shrinks(used, report, read):
        return 1
    write_output(path, result.text())
    open_ = report.count("undecided")
    if open_:
        what = "1 policy is" if open_ == 1 else f"{open_:,} policies are"
        hint = "" if undecided else " (--undecided records the files that leave them so)"
        click.echo(f"{what} undecided: their findings are not recorded{hint}", err=True)
    number = len(result.entries)
    click.echo(f"recorded {number:,} {'finding' if number == 1 else 'findings'} in {path}", err=True)
    if not named:
        _name(used, path)
    return 0


def _name(used: Project, path: str) -> None:
    """Has later runs use the baseline: by polcheck.yaml where there is one."""
    from polcheck.project.edit import with_key

    config_file, own = used.effective.config_file, used.from_config(path)
    if config_file is None or own is None:
        click.echo(f"run with --baseline {path} to accept them", err=True)
        return
    write_output(config_file.path, with_key(config_file, "baseline", own))
    click.echo(f"wrote `baseline: {own}` into {config_file.path}", err=True)


def _shrinks(used: Project, report: Report, read: Submission) -> bool:
    """Return whether every finding is known to the baseline that is there; the others are named."""
    known = used.baseline()[0].known(report.failing, read)
    new = [finding for index, finding in enumerate(report.failing) if index not in known]
    for finding in new[:_SHOWN]:
        where = f"{finding.location}: " if finding.location else ""
        click.echo(f"{where}{finding.severity}[{finding.ref}] {finding.message}", err=True)
    if len(new) > _SHOWN:
        click.echo(f"… and {len(new) - _SHOWN:,} more", err=True)
    if new:
        what = "1 finding is" if len(new) == 1 else f"{len(new):,} findings are"
        click.echo(f"{what} not in {used.baseline_path}: with --ratchet it can only shrink", err=True)
    return not new
