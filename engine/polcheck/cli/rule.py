"""`polcheck rule` and `polcheck list`: the policies in effect, and what one of them asks for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from polcheck.base.similar_names import did_you_mean
from polcheck.cli.options import ProjectOf, has_packs, pack_option, project_options
from polcheck.cli.shell_completion import complete_policies

if TYPE_CHECKING:
    from polcheck.policy.plan import CompiledPolicy


@click.command(short_help="Say what a policy asks for, why, and how to fix or waive its findings.")
@click.argument("policy", shell_complete=complete_policies)
@pack_option("The pack of the policy; repeatable.")
@click.option("--config", "-c", metavar="FILE", help="Use this polcheck.yaml or pyproject.toml.")
@click.option("--no-examples", is_flag=True, help="Leave out the examples.")
def rule(policy: str, packs: tuple[str, ...], config: str | None, no_examples: bool) -> int:
    """Say what POLICY (its id, or pack:id) asks for, why, what its findings say and how to fix or waive them.

    The packs are those of --pack, else of the nearest polcheck.yaml. The examples come from the pack's test cases.
    """
    from polcheck.authoring.reference.policy_text import described
    from polcheck.policy.pack_files import every_pack, policy_names, unrooted
    from polcheck.project.effective import CommandLineOptions
    from polcheck.project.project import Project

    # NOTE: everything is selected, so that a policy which the project leaves out can be looked up as well
    used = has_packs(Project.at(".", CommandLineOptions(packs=packs, select=("*",)), config))
    named = {compiled.ref: compiled for compiled in used.checker.plan.policies}
    chosen = [each for each in named.values() if policy in policy_names(each.pack, each.id)]
    if not chosen:
        known = [compiled.ref if ":" in policy else compiled.id for compiled in named.values()]
        hint = did_you_mean(policy, known, "`polcheck list` shows the policies", most=3)
        raise click.UsageError(f"there is no policy `{policy}` in these packs. {hint[0].upper()}{hint[1:]}")
    groups: dict[tuple[str, str], list[CompiledPolicy]] = {}
    for compiled in chosen:  # NOTE: what a policy asks for is mostly the same in each folder that its pack is about
        groups.setdefault((unrooted(compiled.ref), _differences(compiled)), []).append(compiled)
    for number, group in enumerate(groups.values()):
        compiled = group[0]
        files = next(pack for pack in every_pack(used.packs) if pack.label == compiled.pack)
        folders = [next(pack.scope for pack in every_pack(used.packs) if pack.label == each.pack) for each in group]
        lines = described(files, compiled, folders, examples=not no_examples)
        sys.stdout.write("\n" * bool(number) + "\n".join(lines) + "\n")
    return 0


@click.command("list", short_help="List the policies in effect.")
@project_options
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_policies(project: ProjectOf, form: str) -> int:
    """List the policies in effect, with their severity and title: those of --pack, else of the nearest polcheck.yaml.

    Options and configuration that select, ignore or re-grade policies count.
    """
    policies = has_packs(project(".")).checker.plan.policies
    if form == "json":
        from polcheck.render.json import dumps

        sys.stdout.write(dumps([_facts(policy) for policy in policies]))
        return 0
    from polcheck.render.escape import terminal

    width = max((len(policy.ref) for policy in policies), default=0)
    for policy in policies:
        sys.stdout.write(f"{policy.severity:<7}  {terminal(policy.ref):<{width}}  {terminal(policy.title)}\n")
    return 0


def _differences(policy: CompiledPolicy) -> str:
    """Return what a policy may say otherwise where its pack is about another folder: its texts and its severity."""
    texts = (policy.severity, policy.title, policy.description, policy.message.text, policy.remedy.text)
    return "\0".join(texts)


def _facts(policy: CompiledPolicy) -> dict[str, object]:
    return {
        "pack": policy.pack,
        "id": policy.id,
        "title": policy.title,
        "severity": policy.severity,
        "requirement": policy.requirement or None,
        "tags": list(policy.tags),
        "see": policy.see,
        "deprecated": policy.deprecated,
    }
