"""`polcheck pack diff`."""

from __future__ import annotations

import click

from polcheck.cli.inputs import params_of
from polcheck.cli.pack.options import format_option


@click.command(short_help="Show what differs between two packs, by meaning.")
@click.argument("old")
@click.argument("new")
@click.option("--on", "submissions", multiple=True, metavar="SUBMISSION", help="Whose outcomes change? Repeatable.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Set a parameter for --on.")
@format_option
def diff(old: str, new: str, submissions: tuple[str, ...], params: tuple[str, ...], form: str) -> int:
    """Show what differs from OLD to NEW: policies added, removed, and changed by meaning; parameters; requirements.

    OLD and NEW are sources. How a policy is written makes no difference, nor does its wording; a selector, parameter
    or table that it uses does. With --on, each submission is judged by both.

    Exit status: 0 nothing differs, 1 something does, 2 usage or an unusable pack.
    """
    from polcheck import disk
    from polcheck.cli.pack.shown import echo_diff
    from polcheck.packs.compare import outcomes_diff, packs_diff
    from polcheck.packs.publish import pack_now
    from polcheck.policy.params import Settings

    before, after = [pack_now(old)], [pack_now(new)]
    found = packs_diff(before, after)
    settings = Settings(params=params_of(params))
    read = [disk.read_submission(name) for name in submissions]
    return echo_diff(found, outcomes_diff(before, after, read, settings), form)
