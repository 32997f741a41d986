"""`polcheck pack add`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import pack_project, tell

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command(short_help="Name a pack in polcheck.yaml, lock it and fetch it.")
@click.argument("source")
@pack_project
def add(source: str, project: PackProject) -> int:
    """Write SOURCE into polcheck.yaml (made where there is none), lock what it is now, and fetch it.

    What the pack extends is locked and fetched with it. Nothing else of polcheck.yaml changes.
    """
    from polcheck.disk.project_packs import lock_path

    change = project.add(source)
    tell(change, lock_path(project.folder))
    return 0
