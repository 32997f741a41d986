"""What a shell completes: packs, and the policies of those in effect, by the names that options and arguments take.

Nothing is fetched, and what can't be read completes nothing: nobody wants an error while typing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from polcheck.policy.plan import CompiledPolicy


def complete_policies(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids of policies that begin so; `pack:id` once a colon is typed."""
    policies = _policies(ctx)
    names = {policy.ref if ":" in incomplete else policy.id: policy.title for policy in policies}
    return _items(names.items(), incomplete)


def complete_selected(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids, requirements, tags and packs that begin so, by which policies are selected."""
    names: dict[str, str] = {}
    for policy in _policies(ctx):
        names |= dict.fromkeys((policy.requirement, policy.pack, *policy.tags), "")
        names[policy.ref if ":" in incomplete else policy.id] = policy.title
    return _items(names.items(), incomplete)


def complete_packs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the packs that ship and begin so; folders are the shell's own to complete."""
    from click.shell_completion import CompletionItem

    from polcheck.packs.shipped import shipped_packs

    if "/" in incomplete or incomplete.startswith("."):
        return [CompletionItem(incomplete, type="dir")]
    return _items(((name, "") for name in shipped_packs()), incomplete)


def _policies(ctx: click.Context) -> tuple[CompiledPolicy, ...]:
    """Return the policies of the packs that the command line names so far, else of the nearest polcheck.yaml."""
    from polcheck.base.errors import PolcheckError
    from polcheck.project.effective import CommandLineOptions
    from polcheck.project.project import Project

    packs = tuple(ctx.params.get("packs") or ())
    options = CommandLineOptions(packs=packs, select=("*",), locked=True, fetch=False)
    try:
        return Project.at(".", options, ctx.params.get("config")).checker.plan.policies
    except PolcheckError:
        return ()


def _items(names: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(name, help=text or None) for name, text in sorted(names) if name.startswith(incomplete) and name
    ]
