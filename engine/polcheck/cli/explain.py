"""`polcheck explain`: one policy on one project, step by step."""

from __future__ import annotations

import sys

import click
from msgspec.structs import replace

from polcheck.authoring.explain.model import explanation_to_json
from polcheck.cli.options import has_packs, look_of, pack_option, params_of
from polcheck.cli.outputs import color_option
from polcheck.cli.shell_completion import complete_policies

_MOST = 10


@click.command(short_help="Explain step by step how a policy gets its outcome.")
@click.argument("policy", shell_complete=complete_policies)
@click.argument("submission", default=".", metavar="[PATH]")
@pack_option("The pack of the policy; repeatable.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option("--config", "-c", metavar="FILE", help="Use this polcheck.yaml or pyproject.toml.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
@click.option("--rev", metavar="REV", help="Check a git revision instead of the files.")
@click.option("--since", metavar="REV", help="Compare with this git revision, for what is about changes.")
@click.option("--no-gitignore", is_flag=True, help="Check files that .gitignore excludes, too.")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "show_all", is_flag=True, help="Every file, match and subject, however many.")
@color_option
def explain(
    policy: str,
    submission: str,
    packs: tuple[str, ...],
    params: tuple[str, ...],
    config: str | None,
    isolated: bool,
    rev: str | None,
    since: str | None,
    no_gitignore: bool,
    form: str,
    show_all: bool,
    color: str,
) -> int:
    """Show how POLICY (its id, or pack:id) gets its outcome on the project at PATH.

    Which files each selector searched and why others were left out, what it matched, which subjects have no match and
    what comes closest. The packs are those of --pack, else those of the nearest polcheck.yaml.

    Exit status: 0 when the policy could be explained, whatever its outcome, else 2.
    """
    from polcheck.authoring.explain import text
    from polcheck.authoring.explain.policy import explain as explained
    from polcheck.findings.accepted import in_turn
    from polcheck.project.effective import CommandLineOptions
    from polcheck.project.project import Project
    from polcheck.render.json import dumps

    # NOTE: everything is selected, so that a policy which the project leaves out can be explained as well
    provided = CommandLineOptions(
        packs=packs, params=params_of(params), select=("*",), gitignore=False if no_gitignore else None
    )
    project = has_packs(Project.at(submission, provided, config, isolated=isolated))
    checker, accept = project.checker, project.acceptance()
    read = project.read(rev, sys.stdin.buffer)
    if since is not None:
        compared = project.since(since, head=rev or "HEAD")
        read, accept = replace(read, base=compared.base), in_turn(accept, compared.accept)
    explanation = explained(checker, policy, read, project.packs, None if show_all else _MOST, accept)
    look = look_of(color, show_all=show_all, verbose=False)
    sys.stdout.write(dumps(explanation_to_json(explanation)) if form == "json" else text.text(explanation, look))
    return 0
