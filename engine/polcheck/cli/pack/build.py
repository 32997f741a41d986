"""`polcheck pack build`."""

from __future__ import annotations

import click


@click.command(short_help="Make an archive of a pack: same input, same bytes.")
@click.argument("source", default=".")
@click.option("--output", "-o", metavar="FOLDER", default=".", show_default=True, help="Where the archive goes.")
def build(source: str, output: str) -> int:
    """Make NAME-VERSION.tar.gz of the pack at SOURCE. The same content gives the same bytes, whenever and wherever.

    Standard output gets the archive's path; standard error its digest and that of the content, which signatures and
    polcheck.lock speak of.
    """
    from polcheck.packs.publish import build, write_archive

    built = build(source)
    click.echo(write_archive(built, output))
    click.echo(f"archive {built.digest}\ncontent {built.pack.digest}", err=True)
    return 0
