"""`polcheck explain`: one policy over one submission, step by step."""

from __future__ import annotations

import sys

import click

from polcheck.cli.looks import color_option, look_of
from polcheck.cli.run import params_of
from polcheck.policy.params import Settings

_MOST = 10


@click.command(short_help="Show step by step how a policy came to its outcome.")
@click.argument("policy")
@click.argument("submission", default=".")
@click.option("--pack", "-p", "packs", multiple=True, metavar="NAME|PATH", help="The pack of the policy; repeatable.")
@click.option("--rev", metavar="REV", help="A git revision of SUBMISSION instead of its files.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option("--no-gitignore", is_flag=True, help="Look at files that .gitignore leaves out, too.")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "show_all", is_flag=True, help="Every file, match and subject, however many.")
@color_option
def explain(
    policy: str,
    submission: str,
    packs: tuple[str, ...],
    rev: str | None,
    params: tuple[str, ...],
    no_gitignore: bool,
    form: str,
    show_all: bool,
    color: str,
) -> int:
    """Show how POLICY (its id, or pack:id) comes to its outcome on SUBMISSION.

    Which files each selector looked at and why others were left out, what it matched, which subjects found no partner
    and what would have come closest. Exit status: 0 when the policy could be explained, whatever its outcome, else 2.
    """
    from polcheck import disk
    from polcheck.explain import plain, text
    from polcheck.explain.policy import explain as explained
    from polcheck.library import checker
    from polcheck.render.json import dumps

    if not packs:
        raise click.UsageError("no pack to look for the policy in: give --pack")
    files = [disk.read_pack(pack) for pack in packs]
    judge = checker(files, Settings(params=params_of(params)))
    read = disk.read_submission(submission, rev=rev, stdin=sys.stdin.buffer, gitignore=not no_gitignore)
    told = explained(judge, policy, read, files, None if show_all else _MOST)
    look = look_of(color, show_all=show_all, verbose=False)
    sys.stdout.write(dumps(plain.to_plain(told)) if form == "json" else text.text(told, look))
    return 0
