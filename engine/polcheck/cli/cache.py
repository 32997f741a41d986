"""`polcheck cache`: the cache of runs."""

from __future__ import annotations

import click

from polcheck.base.store import shared_part
from polcheck.cli.commands import OrderedGroup
from polcheck.project.plan_cache import cache_folder, cache_sizes, clear_cache


@click.group(cls=OrderedGroup, short_help="Show or clear the cache.")
def cache() -> None:
    """Show or clear the cache: compiled packs, the matches in large projects, and the reports of runs.

    It is in the folder POLCHECK_CACHE, else in the user's cache folder. All of it can be computed again.
    """


@cache.command(short_help="Show the size and the folder of the cache.")
def info() -> None:
    """Show the folder of the cache, and the number and size of its entries."""
    from polcheck.base.errors import PolcheckError

    try:
        result = cache_sizes()
    except OSError as error:
        raise PolcheckError(f"the cache can't be listed: {error}") from error
    click.echo(f"{cache_folder()}")
    if part := shared_part(str(cache_folder())):
        click.echo(
            f"the cache is not used: others may write to `{part}`, and could put results into it; "
            f"`chmod go-w` there, or set POLCHECK_CACHE to a folder of your own",
            err=True,
        )
    for kind, (number, size) in result.items():
        click.echo(f"  {kind}: {number} ({size / 1_000_000:.1f} MB)")


@cache.command(short_help="Remove everything from the cache.")
def clear() -> None:
    """Remove compiled packs, matches and reports. Fetched packs stay: `polcheck pack` manages them."""
    from polcheck.base.errors import PolcheckError

    try:
        before = cache_sizes().values()
        clear_cache()
    except OSError as error:
        raise PolcheckError(f"the cache can't be emptied: {error}") from error
    size = sum(entry for _, entry in before) / 1_000_000
    number = sum(entries for entries, _ in before)
    click.echo(f"removed {number} entries ({size:.1f} MB) from {cache_folder()}", err=True)
