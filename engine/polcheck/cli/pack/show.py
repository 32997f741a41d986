"""`polcheck pack show`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import format_option, pack_project

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command(short_help="Show what a pack holds, and who signed it.")
@click.argument("name", metavar="NAME|SOURCE")
@format_option
@pack_project
def show(name: str, form: str, project: PackProject) -> int:
    """Show a pack: a locked one by its name, or what a source leads to now."""
    from polcheck.packs.listing import described
    from polcheck.render.escape import terminal
    from polcheck.render.json import dumps

    about = described(project, name)
    if form == "json":
        sys.stdout.write(dumps(about.plain))
    else:
        click.echo("\n".join(map(terminal, about.lines)))
    return 0
