"""`polcheck pack verify`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import format_option, pack_project

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command(short_help="Prove packs: their digests and their signatures.")
@click.argument("source", required=False)
@click.option("--key", "-k", "keys", multiple=True, metavar="KEY|FILE", help="A public key that has to have signed.")
@format_option
@pack_project
def verify(source: str | None, keys: tuple[str, ...], form: str, project: PackProject) -> int:
    """Prove that the project's packs are as locked and signed by those whom `trusted` names.

    With SOURCE, look at its signatures: by one of --key, else by those whom `trusted` names, else by anybody.

    Exit status: 0 all is well, 1 something is not, 2 usage or an unusable pack.
    """
    from polcheck.packs.prove import proved, proved_source
    from polcheck.render.json import dumps

    if keys and source is None:
        raise click.UsageError("--key goes with SOURCE")
    found = proved(project) if source is None else proved_source(project, source, keys)
    if form == "json":
        sys.stdout.write(dumps([row.plain for row in found]))
    else:
        for row in found:
            click.echo(row.text)
    return 1 if any(row.fault for row in found) else 0
