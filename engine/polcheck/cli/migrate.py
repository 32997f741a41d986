"""`polcheck migrate`: packs in the newest version of the policy language."""

from __future__ import annotations

from pathlib import Path

import click

from polcheck.base.write import write_output
from polcheck.packs.shipped import schemas
from polcheck.project.packs import read_pack


@click.command(short_help="Rewrite packs in the newest version of the policy language.")
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option("--check", is_flag=True, help="Change nothing; exit with status 1 where there is something to change.")
def migrate(packs: tuple[str, ...], check: bool) -> int:
    """Rewrite PACKs in the newest version of the policy language; comments and layout stay.

    A PACK is a folder; without one it is the current folder. Each change is shown; what can't be changed without
    touching the rest is said, and is to be changed by hand. What is wrong with the pack in the new version is shown
    last.

    Exit status: 0 the packs are written in the newest version, 1 something would change (--check), or is to be changed
    by hand.
    """
    from polcheck.authoring.lint import lint
    from polcheck.authoring.migration import migrate as migrations_of

    if not packs and not Path("pack.yaml").is_file():
        raise click.UsageError("no pack to migrate: give its folder, or run this in a folder with a pack.yaml")
    left = False
    for folder in packs or (".",):
        if not Path(folder, "pack.yaml").is_file():
            raise click.UsageError(f"`{folder}` is no folder with a pack.yaml: only such a pack can be changed")
        migrations = migrations_of(read_pack(folder))
        for migration in migrations:
            path = str(Path(folder, migration.path))
            for line, message in migration.changes:
                click.echo(f"{path}:{line}: {message}")
            for line, message in migration.by_hand:
                click.echo(f"{path}:{line}: change by hand: {message}")
            left = left or bool(migration.by_hand) or (check and bool(migration.changes))
            if migration.changes and not check:
                write_output(path, migration.text)
        if not migrations:
            click.echo(f"{folder}: nothing to migrate")
        elif not check:
            for problem in lint([read_pack(folder)], schemas()).of("error"):
                left = True
                click.echo(f"{problem}")
    return 1 if left else 0
