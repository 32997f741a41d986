"""`polcheck pack outdated`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import format_option, pack_project

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command(short_help="List the packs that are something else by now.")
@format_option
@pack_project
def outdated(form: str, project: PackProject) -> int:
    """List the locked packs whose branch, tag or version leads to something else by now, and newer version tags.

    Exit status: 0 none is outdated, 1 some are, 2 something can't be reached.
    """
    from polcheck.packs.outdated import newer
    from polcheck.render.json import dumps

    found = newer(project)
    if form == "json":
        sys.stdout.write(dumps([row.plain for row in found]))
    else:
        for row in found:
            click.echo(row.text)
        if not found:
            click.echo("every pack is as its source has it", err=True)
    return 1 if found else 0
