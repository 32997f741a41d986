"""`polcheck docs`: the reference page of a pack."""

from __future__ import annotations

import sys

import click


@click.command(short_help="Write the reference of a pack as Markdown.")
@click.argument("pack", default=".", metavar="[PACK]")
@click.option("--output", "-o", metavar="FILE", help="Where the page goes; standard output if not given.")
def docs(pack: str, output: str | None) -> int:
    """Write the reference of PACK (a name or a folder; the current folder if none is given) as Markdown.

    Its requirements, parameters, profiles and policies, an example of each policy from the pack's tests, and the table
    that leads from requirements to policies to tests. The same pack gives the same page. Exit status: 0, or 2 when the
    pack can't be used.
    """
    from polcheck import disk
    from polcheck.library import checker
    from polcheck.reference.page import page
    from polcheck.testing.cases import read_cases

    files = disk.read_pack(pack)
    compiled = next(made for made in checker(files).plan.packs if made.name == files.name)
    text = page(files, compiled, read_cases(files, disk.schemas().tests))
    if output:
        disk.write_output(output, text)
    else:
        sys.stdout.write(text)
    return 0
