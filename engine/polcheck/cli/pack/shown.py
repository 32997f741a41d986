"""How the commands of `polcheck pack` show differences."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from polcheck.packs.compare import SubmissionChange
    from polcheck.sharing.diff import PackDiff


def echo_diff(diff: PackDiff, outcomes: Sequence[SubmissionChange], form: str) -> int:
    """Prints a difference, and gives the status: 1 when there is one."""
    from polcheck.render.json import dumps
    from polcheck.sharing.difftext import plain_of, text_of

    if form == "json":
        sys.stdout.write(dumps({**plain_of(diff), "submissions": [_plain(one) for one in outcomes]}))
    else:
        click.echo(text_of(diff), nl=False)
        for line in _lines(outcomes):
            click.echo(line)
    return 0 if diff.empty and all(one.same for one in outcomes) else 1


def _plain(one: SubmissionChange) -> dict[str, object]:
    policies = [
        {
            "policy": policy.ref,
            "before": policy.before or None,
            "after": policy.after or None,
            "findings_before": policy.findings_before,
            "findings_after": policy.findings_after,
        }
        for policy in one.policies
    ]
    return {"submission": one.submission, "before": one.before, "after": one.after, "policies": policies}


def _lines(outcomes: Sequence[SubmissionChange]) -> Iterator[str]:
    for one in outcomes:
        yield ""
        if one.same:
            yield f"{one.submission}: {one.after}, as before"
            continue
        verdict = f"{one.before} -> {one.after}" if one.before != one.after else f"{one.after}, as before"
        yield f"{one.submission}: {verdict}"
        for policy in one.policies:
            outcome = f"{policy.before or 'not there'} -> {policy.after or 'not there'}"
            if policy.before == policy.after:
                outcome = policy.after
            counts = f"  {policy.findings_before} -> {policy.findings_after} findings"
            yield f"  {policy.ref}  {outcome}{counts if policy.findings_before != policy.findings_after else ''}"
