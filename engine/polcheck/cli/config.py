"""`polcheck config`: the effective configuration, and where each value comes from."""

from __future__ import annotations

import json
import sys

import click

from polcheck.base.paths import exists
from polcheck.cli.options import ProjectOf, project_options


@click.command(short_help="Show the effective configuration, and where each value comes from.")
@click.argument("submission", default=".", metavar="[PATH]")
@project_options
@click.option("--baseline", metavar="FILE", help="The baseline of the run.")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def config(submission: str, project: ProjectOf, baseline: str | None, form: str) -> int:
    """Show the effective configuration of the project at PATH, and where each value comes from.

    The command line wins over the file, the file over profiles of packs, and those over the packs' defaults.
    """
    from polcheck.project.effective import listing
    from polcheck.render.escape import terminal
    from polcheck.render.json import dumps

    if submission != "-" and not exists(submission):
        raise click.UsageError(f"there is no file or folder `{submission}`")
    used = project(submission, baseline=baseline)
    plan = used.checker.plan if used.effective.packs else None
    values = listing(used.effective, used.settings, plan.packs if plan else ())
    config_file = used.effective.config_file
    if form == "json":
        rows = [{"key": value.key, "value": value.value, "from": value.source} for value in values]
        sys.stdout.write(dumps({"file": config_file.path if config_file else None, "values": rows}))
        return 0
    click.echo(f"file: {config_file.path if config_file else 'none'}\n")
    texts = [(terminal(value.key), terminal(_shown(value.value)), terminal(value.source)) for value in values]
    widths = [min(max((len(row[column]) for row in texts), default=0), most) for column, most in ((0, 48), (1, 48))]
    for key, value_text, source in texts:
        click.echo(f"{key:{widths[0]}}  {value_text:{widths[1]}}  {source}".rstrip())
    return 0


def _shown(value: object) -> str:
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value, ensure_ascii=False)
