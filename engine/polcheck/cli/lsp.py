"""`polcheck lsp`: the server for editors."""

from __future__ import annotations

import click

from polcheck.cli.streams import note_terminal


@click.command(short_help="Serve an editor: findings while typing, fixes, help for authors of packs.")
def lsp() -> int:
    """Speak the Language Server Protocol with the editor that starts this, on standard input and output.

    It checks the folders that the editor opens, with unsaved text, by the packs of their polcheck.yaml, and reads
    nothing outside of them. It fetches nothing: packs from elsewhere have to be locked and stored (polcheck pack sync).
    docs/editors.md says how to set up an editor. Needs `pip install 'polcheck[lsp]'`.
    """
    try:
        from polcheck.servers.lsp.server import run
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("polcheck"):
            raise
        raise click.UsageError(f"`{error.name}` is not installed: pip install 'polcheck[lsp]'") from error
    note_terminal("an editor", "docs/editors.md")
    return run()
