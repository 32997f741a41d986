"""`polcheck pack list`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import format_option, pack_project

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command("list", short_help="List the project's packs and what they extend.")
@format_option
@pack_project
def list_packs(form: str, project: PackProject) -> int:
    """List the packs that polcheck.yaml names, and below each what it extends, as they are locked."""
    from polcheck.packs.listing import rows
    from polcheck.render.escape import terminal
    from polcheck.render.json import dumps

    found = rows(project)
    if form == "json":
        sys.stdout.write(dumps([row.plain for row in found]))
        return 0
    if not found:
        click.echo("no pack: `polcheck pack add SOURCE` adds one", err=True)
    texts = [
        ("  " * row.depth + terminal(row.name), *map(terminal, (row.version, row.where, row.source))) for row in found
    ]
    widths = [max((len(text[column]) for text in texts), default=0) for column in range(3)]
    for name, version, where, source in texts:
        click.echo(f"{name:{widths[0]}}  {version:{widths[1]}}  {where:{widths[2]}}  {source}")
    return 0
