"""`polcheck pack push`."""

from __future__ import annotations

import click


@click.command(short_help="Put a pack into an OCI registry.")
@click.argument("source")
@click.argument("target", metavar="oci://HOST/NAME[:TAG]")
@click.option("--move", is_flag=True, help="Put it there even if the tag has other content.")
def push(source: str, target: str, move: bool) -> int:
    """Put the pack at SOURCE into an OCI registry, under the tag that is given or else the pack's version.

    Standard output gets the address by digest. `docker login` says who one is.
    """
    from polcheck.packs.publish import build, push

    click.echo(push(build(source), target, move=move))
    return 0
