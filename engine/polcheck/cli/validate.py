"""`polcheck validate`: the problems of packs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from polcheck.cli.outputs import color_option, colored
from polcheck.packs.shipped import schemas
from polcheck.project.packs import read_pack

if TYPE_CHECKING:
    from polcheck.authoring.lint import Linted
    from polcheck.base.errors import Problem

_INKS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command(short_help="Check packs and their policies, with every problem at once.")
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option("--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@color_option
@click.option("--quiet", "-q", is_flag=True, help="Errors and warnings only: no notes, no summary.")
def validate(packs: tuple[str, ...], strict: bool, form: str, color: str, quiet: bool) -> int:
    """Check PACKs: their structure, their expressions and queries, and whether their policies can ever match.

    A PACK is the name of one that ships with polcheck, or a folder; without one it is the current folder. Every problem
    is shown at once, errors first: an error makes the pack unusable or a policy meaningless, a warning is most likely a
    mistake, a note is advice.

    Exit status: 0 no errors, 1 warnings under --strict, 2 errors.
    """
    from polcheck.authoring.lint import lint

    if not packs and not Path("pack.yaml").is_file():
        raise click.UsageError("no pack to check: give its name or folder, or run this in a folder with a pack.yaml")
    # NOTE: what lies in the current folder is known there without the `./`
    read = [read_pack(pack) for pack in packs] or [replace(read_pack("."), root="")]
    result = lint(read, schemas())
    if form == "json":
        from polcheck.authoring.lint.json_output import json_output
        from polcheck.render.json import dumps

        sys.stdout.write(dumps(json_output(result)))
    else:
        _show(result, style=colored(color), quiet=quiet)
    return 2 if result.of("error") else 1 if strict and result.of("warning") else 0


def _show(found: Linted, *, style: bool, quiet: bool) -> None:
    """Prints the problems, a group for each severity, then what was checked."""
    visible = ("error", "warning") if quiet else ("error", "warning", "note")
    for severity in visible:
        for problem in found.of(severity):
            click.echo(_text(problem, style=style))
            click.echo()
    if not quiet:
        click.echo(_summary(found))


def _text(problem: Problem, *, style: bool) -> str:
    from polcheck.render.escape import terminal

    word = click.style(problem.severity, fg=_INKS[problem.severity], bold=True) if style else problem.severity
    place = ":".join(str(part) for part in (problem.path, problem.line, problem.column) if part)
    lines = [terminal(line) for line in str(problem).split("\n")]
    lines[0] = f"{terminal(place)}: {word}: {terminal(problem.message)}" if place else f"{word}: {lines[0]}"
    return "\n".join(lines)


def _summary(found: Linted) -> str:
    counts = [_count(len(found.of(severity)), severity) for severity in ("error", "warning", "note")]
    message = ", ".join(count for count in counts if count) or "no problems found"
    packs = ", ".join(f"{name} {version} ({_count(policies, 'policy')})" for name, version, policies in found.packs)
    return f"{packs}: {message}" if packs else message


def _count(number: int, word: str) -> str:
    if number == 1:
        return f"1 {word}"
    many = "policies" if word == "policy" else f"{word}s"
    return f"{number} {many}" if number else "no policies" if word == "policy" else ""
