"""`polcheck pack lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polcheck.cli.pack.options import pack_project, tell

if TYPE_CHECKING:
    from polcheck.packs.project import PackProject


@click.command(short_help="Write polcheck.lock for the packs of polcheck.yaml.")
@pack_project
def lock(project: PackProject) -> int:
    """Make polcheck.lock say what every pack of polcheck.yaml is, and everything that they extend.

    What is locked already stays as it is (`polcheck pack update` takes it as it is now); what nobody needs any more
    leaves. With --locked nothing is written: status 2 says that something would be.
    """
    from polcheck.disk.project_packs import lock_path

    tell(project.settle(), lock_path(project.folder))
    return 0
