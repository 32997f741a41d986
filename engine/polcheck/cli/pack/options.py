"""The options that the commands of `polcheck pack` share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from polcheck.cli.inputs import is_locked, locked_option, today

if TYPE_CHECKING:
    from polcheck.packs.project import Change, PackProject

format_option = click.option(
    "--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


def pack_project(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which project is meant: the command gets it as `project`."""

    @functools.wraps(command)
    def wrapped(*, config: str | None, locked: bool | None, **others: Any) -> Any:
        from polcheck.packs.project import PackProject

        project: PackProject = PackProject.at(config, strict=is_locked(locked), today=today())
        return command(project=project, **others)

    config = click.option("--config", "-c", metavar="FILE", help="Use this polcheck.yaml or pyproject.toml.")
    return config(locked_option(wrapped))


def tell(change: Change, path: str) -> None:
    """Says on standard error what changed in the lock."""
    for line in change.lines:
        click.echo(line, err=True)
    click.echo(f"wrote {path}" if change.lines else f"{path} is up to date", err=True)
