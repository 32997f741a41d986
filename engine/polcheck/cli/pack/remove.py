"""`polcheck pack remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import pack_project, tell

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command(short_help="Take a pack out of polcheck.yaml and polcheck.lock.")
@click.argument("name", metavar="NAME|SOURCE")
@pack_project
def remove(name: str, project: PackProject) -> int:
    """Take a pack out of polcheck.yaml, and out of polcheck.lock with what only it extended.

    Parameters, severities and waivers that polcheck.yaml has for it stay; the next run names those that speak of
    nothing any more.
    """
    from polcheck.disk.project_packs import lock_path

    tell(project.remove(name), lock_path(project.folder))
    return 0
