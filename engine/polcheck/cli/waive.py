"""`polcheck waive`: write a waiver into polcheck.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from polcheck.base.errors import PolcheckError
from polcheck.base.similar_names import did_you_mean
from polcheck.base.today import today
from polcheck.base.write import write_output
from polcheck.cli.options import project_of
from polcheck.cli.shell_completion import complete_policies

if TYPE_CHECKING:
    from polcheck.formats.values import Json
    from polcheck.project.model import ConfigFile
    from polcheck.project.project import Project


@click.command(short_help="Write a waiver into polcheck.yaml.")
@click.argument("policy", shell_complete=complete_policies)
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
        hint = did_you_mean(policy, used.policies, "`polcheck list` shows the policies")
        raise click.UsageError(f"the packs have no policy `{policy}`: {hint}")
    patterns: list[Json] = [used.pattern(file) for file in files]
    if place := _same_waiver(config_file, policy, patterns):
        message = f"{place} waives {policy} {'there' if patterns else 'everywhere'} already; nothing was written"
        click.echo(f"{message}\nhelp: change its reason, owner or expiry by hand", err=True)
        return 0
    fields: dict[str, Json] = {"policy": policy, "files": patterns, "reason": reason.strip()}
    fields |= {"owner": owner, "expires": expires}
    edited = with_waiver(config_file, {key: value for key, value in fields.items() if value})
    write_output(config_file.path, edited)
    click.echo(f"wrote a waiver of {policy} into {config_file.path}", err=True)
    for pattern in patterns:
        if not _is_matched(used, str(pattern)):
            click.echo(
                f"warning: no file that is checked matches `{pattern}`: the waiver accepts nothing yet", err=True
            )
    return 0


def _same_waiver(config_file: ConfigFile, policy: str, patterns: Sequence[Json]) -> str:
    """Return the place of a waiver of the same policy for the same files; empty where the file has none."""
    for waiver in config_file.waivers:
        files = list(waiver.files.texts) if waiver.files else []
        if waiver.expires and date.fromisoformat(waiver.expires) < today():
            continue
        if waiver.policy.rpartition(":")[2] == policy.rpartition(":")[2] and files == patterns:
            if ":" in waiver.policy and ":" in policy and waiver.policy != policy:
                continue
            return config_file.where(waiver.at)
    return ""


def _is_matched(used: Project, pattern: str) -> bool:
    """Return whether a path pattern of the configuration matches a file that is checked, as far as can be seen here."""
    from polcheck.sources.path_patterns import compile_files

    start = used.prefix
    try:
        listed = [start + path for path in used.read(may_be_empty=True).listed]
    except PolcheckError:
        return True  # NOTE: why it can't be read is for `polcheck run` to say
    patterns = compile_files([pattern])
    # NOTE: from a folder of the project only its own files are seen
    elsewhere = bool(start) and not pattern.startswith(start)
    return elsewhere or bool(patterns.among(listed))
