"""`polcheck new`: create a pack or a policy."""

from __future__ import annotations

import click

from polcheck.base.write import write_new_files
from polcheck.cli.commands import OrderedGroup
from polcheck.project.packs import read_pack


@click.group(cls=OrderedGroup, short_help="Create a pack, or a policy in a pack.")
def new() -> None:
    """Create a pack, or a policy in a pack, with files that pass `validate` and `test` as they are.

    Existing files are not overwritten. Exit status: 0, or 2 when nothing was written.
    """


@new.command(short_help="Create a pack in a folder of its own.")
@click.argument("name", metavar="NAME|PATH")
def pack(name: str) -> int:
    """Create the pack NAME in a new folder of that name; PATH is the folder, and its last part the name."""
    from pathlib import Path

    from polcheck.authoring import scaffold

    folder = Path(name)
    for path in write_new_files(str(folder), scaffold.with_schema_lines(folder, scaffold.new_pack(folder.name))):
        click.echo(f"wrote {path}")
    click.echo(f"next: polcheck test {folder}")
    return 0


@new.command(short_help="Create a policy in a pack, with its test cases.")
@click.argument("name")
@click.option("--pack", "-p", "folder", default=".", metavar="PATH", help="The pack's folder, if not the current one.")
def policy(name: str, folder: str) -> int:
    """Create the policy NAME in a pack, with cases that test it."""
    from pathlib import Path

    from polcheck.authoring import scaffold
    from polcheck.base.errors import PolcheckError

    if not (Path(folder) / "pack.yaml").is_file():
        raise PolcheckError(f"there is no pack.yaml in `{folder}`\nhelp: create a pack with `polcheck new pack NAME`")
    files = scaffold.new_policy(name, scaffold.ids_of(read_pack(Path(folder))))
    for path in write_new_files(folder, scaffold.with_schema_lines(Path(folder), files)):
        click.echo(f"wrote {path}")
    click.echo(f"next: polcheck test {folder}")
    return 0
