"""`polcheck waive`: write a waiver into polcheck.yaml."""

from __future__ import annotations

import difflib
from datetime import date
from typing import TYPE_CHECKING

import click

from polcheck.base.today import today
from polcheck.base.write import write_output
from polcheck.cli.options import project_of

if TYPE_CHECKING:
    from polcheck.formats.values import Json


@click.command(short_help="Write a waiver into polcheck.yaml.")
@click.argument("policy")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--reason", required=True, metavar="TEXT", help="Why the findings are accepted.")
@click.option("--owner", default="", metavar="NAME", help="Who accepts them.")
@click.option("--expires", default="", metavar="DATE", help="The last day of the waiver, as 2027-01-31.")
@click.option("--config", "-c", metavar="FILE", help="The polcheck.yaml or pyproject.toml to write into.")
def waive(policy: str, files: tuple[str, ...], reason: str, owner: str, expires: str, config: str | None) -> int:
    """Accept the findings of POLICY (its id, or pack:id) in each FILE: a path, or a path pattern of polcheck.yaml.

    Without FILE, every finding of the policy is accepted. The rest of the configuration stays as it is. In code, a
    comment does the same: `# polcheck: ignore[POLICY] reason`, on the line or the one above.
    """
    from polcheck.project.config import is_date
    from polcheck.project.edit import with_waiver

    if not reason.strip():
        raise click.UsageError("a waiver needs a reason")
    if expires and not is_date(expires):
        raise click.UsageError(f"`{expires}` is not a date: write it as 2027-01-31")
    if expires and date.fromisoformat(expires) < today():
        raise click.UsageError(f"`{expires}` has passed: the waiver would accept nothing")
    used = project_of(config)
    config_file = used.effective.config_file
    if config_file is None:
        raise click.UsageError("there is no polcheck.yaml to write into: `polcheck init` makes one")
    if policy not in used.policies:
        close = difflib.get_close_matches(policy, sorted(used.policies), n=1)
        hint = f": did you mean `{close[0]}`?" if close else ""
        raise click.UsageError(f"the packs have no policy `{policy}`{hint}")
    patterns: list[Json] = [used.pattern(file) for file in files]
    fields: dict[str, Json] = {"policy": policy, "files": patterns, "reason": reason.strip()}
    fields |= {"owner": owner, "expires": expires}
    edited = with_waiver(config_file, {key: value for key, value in fields.items() if value})
    write_output(config_file.path, edited)
    click.echo(f"wrote a waiver of {policy} into {config_file.path}", err=True)
    return 0
