"""`polcheck run --fix`: which fixes are made, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import click

from polcheck.base.paths import is_folder
from polcheck.cli.streams import Bar, harmless
from polcheck.project.arguments import Request
from polcheck.project.fixing import Fixed
from polcheck.project.project import Project
from polcheck.project.session import Session
from polcheck.render.escape import terminal
from polcheck.render.wording import pluralize

_MOST_REFUSED = 10  # fixes that were not made, and are named with the reason


class FixOptions(NamedTuple):
    """What the command line asks to fix: safe fixes, or all that are `unsafe`, too; with `diff` only to show it."""

    fix: bool = False
    unsafe: bool = False
    diff: bool = False

    @property
    def option(self) -> str:
        """The option, as messages name it."""
        return "--diff" if self.diff else "--fix" if self.fix else "--unsafe-fixes"


def refuse_untrusted(request: Request, options: FixOptions) -> None:
    """Raises UsageError where what is checked is not a folder of the caller's own, as it is now."""
    params = click.get_current_context().params
    for name in ("isolated", "trusted", "rev", "stdin_filename"):
        if params.get(name):
            other = f"--{name.replace('_', '-')}"
            what = (
                "checks what isn't in your files" if name in ("rev", "stdin_filename") else "takes them for untrusted"
            )
            raise click.UsageError(f"{options.option} writes your files, and {other} {what}: give one of them")
    if not is_folder(request.target):
        message = f"{options.option} writes to folders: `{request.target}` is none, and is taken for untrusted"
        raise click.UsageError(message)


def fix_project(used: Project, request: Request, options: FixOptions, since: str | None) -> Fixed:
    """Return what fixing comes to, written unless it is only to be shown. Raises as a run does."""
    config = click.get_current_context().params["config"]
    session = Session.over(partial(Project.at, request.target, used.effective.options, config), since)
    with Bar("fixing") as bar, session:
        fixed = session.fix(request.paths, unsafe=options.unsafe, progress=bar.count)
    if not options.diff:
        fixed.write()
    return fixed


def print_diff(fixed: Fixed, root: str) -> None:
    """Print what would change, with paths as seen from the working directory."""
    click.echo(harmless(fixed.diff("" if root == "." else root), commands=False), nl=False)


def print_summary(fixed: Fixed, options: FixOptions, verbosity: int) -> None:
    """Print to standard error how much was fixed, and what wasn't, with the reason.

    At a verbosity of -1 nothing is said where nothing was fixed; at 1 each finding that was fixed has a line.
    """
    if verbosity < 0 and not fixed.fixed and not fixed.refused:
        return
    for line in _summary(fixed, options, each=verbosity > 0):
        click.echo(line, err=True)


def _summary(fixed: Fixed, options: FixOptions, *, each: bool) -> Iterator[str]:
    more = _hidden(fixed, options)
    for finding in fixed.fixed if each else ():
        place = f"{finding.location}: " if finding.location else ""
        verb = "would be fixed" if options.diff else "fixed"
        yield f"{verb}: {terminal(f'{place}{finding.ref}: {finding.message}')}"
    if fixed.fixed:
        verb = "Would fix" if options.diff else "Fixed"
        where = pluralize(len(fixed.changes), "file")
        yield f"{verb} {pluralize(len(fixed.fixed), 'finding')} in {where}{f'; {more}' if more else ''}."
    elif more:
        yield f"Nothing to fix that is safe; {more}."
    elif not fixed.refused:
        yield "Nothing to fix."
    for finding, reason in fixed.refused[:_MOST_REFUSED]:
        place = f"{finding.location}: " if finding.location else ""
        yield f"not fixed: {terminal(f'{place}{finding.ref}: {reason}')}"
    if len(fixed.refused) > _MOST_REFUSED:
        yield f"not fixed: {len(fixed.refused) - _MOST_REFUSED:,} more"


def _hidden(fixed: Fixed, options: FixOptions) -> str:
    """Return how many findings have a fix that was not asked for; empty for none."""
    number = len(fixed.unsafe)
    if not number:
        return ""
    option = "--diff --unsafe-fixes" if options.diff else "--unsafe-fixes"
    return f"{number:,}{' more' if fixed.fixed else ''} can be fixed with {option}"
