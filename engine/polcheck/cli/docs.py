"""`polcheck docs`: the reference page of a pack."""

from __future__ import annotations

import sys
from contextlib import suppress

import click

from polcheck.base.write import write_output
from polcheck.packs.shipped import data_folder, schemas
from polcheck.project.packs import read_pack
from polcheck.sources.target import read_file


@click.command(short_help="Write the reference of a pack as Markdown.")
@click.argument("pack", default=".", metavar="[PACK]")
@click.option(
    "--schema",
    type=click.Choice(["policy", "pack", "tests", "polcheck"]),
    help="Write the JSON Schema for editors instead.",
)
@click.option(
    "--output", "-o", metavar="FILE", help="Output file, in a new folder if need be.  [default: standard output]"
)
def docs(pack: str, schema: str | None, output: str | None) -> int:
    """Write the reference of PACK (a name or a folder; the current folder if none is given) as Markdown.

    Its requirements, parameters, profiles and policies, an example of each policy from the pack's tests, and the table
    that leads from requirements to policies to tests. The same pack gives the same page. Exit status: 0, or 2 when the
    pack can't be used.
    """
    from pathlib import Path

    text = _page(pack) if schema is None else _schema(schema)
    if output:
        with suppress(OSError):  # NOTE: writing says what is wrong
            Path(output).parent.mkdir(parents=True, exist_ok=True)
        write_output(output, text)
    else:
        sys.stdout.write(text)
    return 0


def _page(name: str) -> str:
    from polcheck.authoring.reference.page import page
    from polcheck.authoring.testing.cases import read_cases
    from polcheck.policy.params import AS_WRITTEN
    from polcheck.project.library import checker

    files = read_pack(name)
    compiled = next(result for result in checker(files, AS_WRITTEN).plan.packs if result.name == files.name)
    return page(files, compiled, read_cases(files, schemas().tests))


def _schema(name: str) -> str:

    return read_file(str(data_folder() / "schemas" / f"{name}.schema.json"), sys.stdin.buffer).text
