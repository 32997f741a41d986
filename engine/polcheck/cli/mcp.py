"""`polcheck mcp`: the server for code-writing agents."""

from __future__ import annotations

from pathlib import Path

import click

from polcheck.cli.streams import note_terminal


@click.command(short_help="Serve code-writing agents: check, explain, and look up policies.")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...", type=click.Path(exists=True, file_okay=False))
def mcp(folders: tuple[str, ...]) -> int:
    """Speak the Model Context Protocol with the agent that starts this, on standard input and output.

    Its tools work in and below each FOLDER (the current one if none is given), read nothing outside of them, write
    nothing and fetch nothing: packs from elsewhere have to be locked and stored (polcheck pack sync). docs/agents.md
    says how to set up an agent. Needs `pip install 'polcheck[mcp]'`.
    """
    try:
        from polcheck.servers.mcp.server import run
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("polcheck"):
            raise
        raise click.UsageError(f"`{error.name}` is not installed: pip install 'polcheck[mcp]'") from error
    note_terminal("an agent", "docs/agents.md")
    run([Path(folder) for folder in folders or (".",)])
    return 0
