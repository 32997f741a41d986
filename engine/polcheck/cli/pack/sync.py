"""`polcheck pack sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import pack_project

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command(short_help="Fetch every pack, so that runs need no network.")
@pack_project
def sync(project: PackProject) -> int:
    """Fetch every pack of polcheck.lock that isn't in the cache, and replace what is damaged there.

    Afterwards, runs need no network. What polcheck.yaml names and the lock lacks is locked first, unless --locked.
    """
    change = project.settle(heal=True)
    for line in change.lines:
        click.echo(line, err=True)
    count = len(change.after.packs)
    click.echo(f"{count} {'pack is' if count == 1 else 'packs are'} here as locked", err=True)
    return 0
