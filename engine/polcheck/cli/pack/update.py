"""`polcheck pack update`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import format_option, pack_project, tell

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command(short_help="Take packs as they are now.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--diff", "dry", is_flag=True, help="Show what would change, by meaning, and change nothing.")
@click.option("--on", "submissions", multiple=True, metavar="SUBMISSION", help="With --diff: whose outcomes change?")
@format_option
@pack_project
def update(names: tuple[str, ...], dry: bool, submissions: tuple[str, ...], form: str, project: PackProject) -> int:
    """Lock packs as they are now: where their branch, tag or version leads. Without NAME, all of them.

    With a pack goes what it extends. A source that names a commit, a tag that doesn't move, or a digest gives the same
    again: for another version, change polcheck.yaml.
    """
    from polcheck.disk.project_packs import lock_path

    if not dry:
        if submissions or form != "text":
            raise click.UsageError("--on and --format go with --diff")
        tell(project.update(names), lock_path(project.folder))
        return 0
    from polcheck.cli.pack.shown import echo_diff
    from polcheck.packs.update import compared

    found, outcomes = compared(project, names, submissions)
    return echo_diff(found, outcomes, form)
