"""Groups of commands that cost nothing until one of them is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

Table = Mapping[str, tuple[str, str, str]]  # command -> (module, attribute, help)


class Commands(click.Group):
    """A group whose commands are imported on demand.

    `table` leads from a command to its module, its name there, and its help, which stands in the table so that listing
    the commands imports none of them.
    """

    def __init__(self, *args: Any, table: Table, **options: Any) -> None:
        self._table = table
        super().__init__(*args, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of a user's first day."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self._table:
            return None
        module, attribute, _ = self._table[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; an unknown one is answered with what was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in self._table:
            import difflib

            close = difflib.get_close_matches(args[0], self._table, n=1)
            hint = f" Did you mean `{close[0]}`?" if close else ""
            raise click.UsageError(f"there is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands into the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in self._table.items()])
