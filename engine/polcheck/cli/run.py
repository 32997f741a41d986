"""`polcheck run`: check a project against packs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from polcheck.base.timings import Timings, slowest
from polcheck.base.today import today
from polcheck.base.tracker import tracking
from polcheck.cli.options import ProjectOf, has_packs, project_options
from polcheck.cli.outputs import Outputs, output_options
from polcheck.cli.streams import Bar
from polcheck.project.arguments import Request, UnknownPath, request_of, unsaved
from polcheck.project.cache_place import is_cache_allowed
from polcheck.project.report_cache import load_report, report_key, store_report

if TYPE_CHECKING:
    from polcheck.findings.report import Report
    from polcheck.policy.plan import Plan
    from polcheck.project.project import Project


_MOST = 20


def as_json(timings: Timings, plan: Plan) -> str:
    """Return all that was measured."""
    from polcheck.render.json import dumps

    return dumps(timings.plain(_names(plan)))


def as_table(timings: Timings, plan: Plan) -> str:
    """Return the measured times as a table: stages, files, and the slowest selectors and policies."""
    files = timings.files
    lines = ["", f"where the time went: {sum(timings.stages.values()):.3f} s", ""]
    lines += [f"  {seconds:8.3f} s  {name}" for name, seconds in timings.stages.items()]
    lines += [
        "",
        f"  {files['listed']:,} files listed, {files['asked']:,} selected by a policy; of these",
        f"  {files['known']:,} cached from an earlier run, {files['skipped']:,} without the words that a match needs,",
        f"  {files['parsed']:,} parsed ({timings.parsing:.3f} s)",
    ]
    names = _names(plan)
    rows = [
        (f"{seconds:8.3f} s", f"{count:,} files", f"{result:,} matches", names.get(probe, "?"))
        for probe, (seconds, count, result) in slowest(timings.selectors)[:_MOST]
    ]
    lines += _titled("selectors, each timed alone", rows)
    policies = [(f"{took:8.3f} s", name) for name, took in slowest(timings.policies)[:_MOST]]
    lines += _titled("policies, after the search", policies)
    return "\n".join(lines) + "\n"


def _titled(title: str, rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        lines.append("  ".join((*cells, row[-1])))
    return ["", title, *(f"  {line}" for line in lines)]


def _names(plan: Plan) -> Mapping[int, str]:
    """Return the selectors by their probes: the text that is looked for, and the first policy that does."""
    from polcheck.base.spans import on_one_line
    from polcheck.policy.plan import every_step

    names: dict[int, str] = {}
    for policy in plan.policies:
        for step in every_step(policy):
            if step.search is not None:
                probe = step.search.probe
                examined = plan.probes[probe]
                names.setdefault(probe, f"{policy.ref}  {examined.kind}: {on_one_line(' | '.join(examined.texts))}")
    return names


@click.command(short_help="Check a project against packs of policies.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@project_options
@click.option("--stdin-filename", metavar="PATH", help="Check standard input as the content of this file.")
@click.option("--rev", metavar="REV", help="Check a git revision instead of the files.")
@click.option("--since", metavar="REV", help="Report only what is new since a git revision, wherever it was changed.")
@click.option("--baseline", metavar="FILE", help="Accept the findings that `polcheck baseline` recorded in FILE.")
@click.option("--no-baseline", is_flag=True, help="Use no baseline.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 also when the verdict is fail.")
@click.option("--fix", is_flag=True, help="Make the fixes that are safe, and report what is left.")
@click.option("--unsafe-fixes", is_flag=True, help="Make also those that may change what the files mean.")
@click.option("--diff", is_flag=True, help="Show what these fixes would change, and write nothing.")
@click.option("--watch", is_flag=True, help="Stay, and print what changes as files change, until ctrl-C.")
@output_options
@click.option(
    "--timings", is_flag=True, help="Show on standard error where the time went: stages, selectors, policies."
)
@click.option("--timings-json", metavar="FILE", help="Write that to FILE as JSON.")
def run(
    paths: tuple[str, ...],
    stdin_filename: str | None,
    project: ProjectOf,
    rev: str | None,
    since: str | None,
    baseline: str | None,
    no_baseline: bool,
    exit_zero: bool,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    watch: bool,
    outputs: Outputs,
    timings: bool,
    timings_json: str | None,
) -> int:
    """Check a project against packs of policies: those of --pack, else those of the nearest polcheck.yaml.

    PATH is a folder (the default is the current one), a JSON bundle, a .zip or .tar.* archive, or - for a bundle or an
    archive on standard input. Files, or several paths, belong to one project, which is searched as a whole: only
    what is found in them is reported, and what is about no file that is there (a README that is missing).

    Each fix is tried first, and is made only where its finding is gone then and nothing else gets worse.

    Exit status: 0 pass, 1 fail, 2 no verdict; after fixing that of what is left; of --diff 1 where it shows something.
    """
    if baseline and no_baseline:
        raise click.UsageError("give --baseline or --no-baseline, not both")
    times = Timings() if timings or timings_json else None
    request = _request(paths, stdin_filename)
    named_baseline = "" if no_baseline else baseline
    if watch:
        from polcheck.cli.watch import watch_project

        _refuse_with_watch(rev=rev, stdin=stdin_filename, fix=fix or unsafe_fixes or diff, timings=times)

        def opened() -> Project:
            return has_packs(project(request.target, baseline=named_baseline))

        return _status(watch_project(request, opened, outputs, since), exit_zero=exit_zero)
    if fix or unsafe_fixes or diff:
        from polcheck.cli.fix_findings import FixOptions, fix_project, print_diff, print_summary, refuse_untrusted

        options = FixOptions(fix, unsafe_fixes, diff)
        refuse_untrusted(request, options)
        if diff and (outputs.requested != (("text", ""),) or times is not None):
            raise click.UsageError("--diff prints a diff and no report: -f, -o and --timings don't go with it")
        fixed = fix_project(has_packs(project(request.target, baseline=named_baseline)), request, options, since)
        if diff:
            print_diff(fixed, request.target)
        else:
            used = project(request.target, baseline=named_baseline)
            outputs.options = replace(outputs.options, fixing=True)
            status = outputs.write(_checked(used, request, outputs, rev, since, times))
            if times is not None:
                _show_timings(times, used, timings_json, shown=timings)
        print_summary(fixed, options, outputs.options.verbosity)
        return int(bool(fixed.changes)) if diff else _status(status, exit_zero=exit_zero)
    key = _key(request, outputs) if times is None else ""
    known = load_report(key) if key else None
    if known is not None:
        return _status(outputs.write(known), exit_zero=exit_zero)
    with tracking() as tracker:
        used = has_packs(project(request.target, baseline=named_baseline))
        report = _checked(used, request, outputs, rev, since, times)
    if key and report.decided:
        store_report(key, report, tracker)
    status = outputs.write(report)
    if times is not None:
        _show_timings(times, used, timings_json, shown=timings)
    return _status(status, exit_zero=exit_zero)


def _refuse_with_watch(**others: object) -> None:
    """Raise UsageError for options that make no sense where files are watched."""
    option = next((name for name, value in others.items() if value), None)
    if option is not None:
        name = {"stdin": "--stdin-filename"}.get(option, f"--{option}")
        raise click.UsageError(f"give --watch or {name}, not both")


def _status(status: int, *, exit_zero: bool) -> int:
    """Return the exit status; `exit_zero` makes 0 of a fail, and of nothing else."""
    return 0 if exit_zero and status == 1 else status


# the options that say how a report is shown, which is none of its own business
_SHOWN_BY = frozenset({"exit_zero", "formats", "statistics", "output", "show_all", "color", "quiet", "verbose"})


def _request(paths: tuple[str, ...], stdin_filename: str | None) -> Request:
    """Return what the paths ask for; with `--stdin-filename`, its content. Raises UsageError for a path outside."""
    options = click.get_current_context().params
    config, isolated = options["config"], options["isolated"] or options["trusted"] is not None
    try:
        if stdin_filename is None:
            return request_of(paths, config, isolated=isolated)
        if paths not in ((), ("-",)):
            raise click.UsageError("give --stdin-filename or paths, not both")
        return unsaved(stdin_filename, sys.stdin.buffer, config, isolated=isolated)
    except UnknownPath as error:
        raise click.UsageError(str(error)) from error


def _key(request: Request, outputs: Outputs) -> str:
    """Return the name under which the report that was asked for may be kept; empty where nothing is to be kept."""
    requested = {name: value for name, value in click.get_current_context().params.items() if name not in _SHOWN_BY}
    if requested["no_cache"] or request.paths or not is_cache_allowed(request.target):
        return ""
    try:
        return report_key({**requested, "digests": outputs.digests}, today().isoformat())
    except OSError:  # there is no working directory
        return ""


def _checked(
    used: Project, request: Request, outputs: Outputs, rev: str | None, since: str | None, times: Timings | None
) -> Report:
    """Return the report on what the options ask for."""
    from polcheck.findings.restriction import Restriction

    measured = times or Timings()
    with measured.stage("start"):
        only = Restriction.of(request.paths)
        judge = replace(used.checker, digests=outputs.digests, only=only)
        judge = judge.timed() if times else judge
        accept = used.acceptance()
    with Bar("reading") as bar, measured.stage("list"):
        read = used.read(rev, sys.stdin.buffer, bar.count).with_files(request.unsaved)
        if rev is not None and only is not None and (missing := only.missing(read.listed)):
            from polcheck.sources.git import check_paths

            check_paths(used.target, rev, missing)
    if since is not None:
        from polcheck.findings.accepted import in_turn

        with Bar(f"checking {since}") as bar, measured.stage("since"):
            compared = used.since(since, bar.update, head=rev or "HEAD")
            accept, read = in_turn(accept, compared.accept), replace(read, base=compared.base)
    with Bar("judging") as bar, used.memory() as memory:
        return used.located(judge.check(read, used.effective.fail_on, bar.update, accept, memory, times))


def _show_timings(times: Timings, used: Project, path: str | None, *, shown: bool) -> None:
    from polcheck.base.write import write_output

    if path:
        write_output(path, as_json(times, used.checker.plan))
    if shown:
        click.echo(as_table(times, used.checker.plan), err=True, nl=False)
