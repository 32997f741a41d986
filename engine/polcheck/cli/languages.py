"""`polcheck languages`: which languages are known, which of their grammars are installed, and how to get the others."""

from __future__ import annotations

import json
from importlib import metadata, util
from typing import Any

import click


@click.command(short_help="List the languages of code, and which are installed.")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write it.")
def languages(form: str) -> None:
    """List the languages in which `pattern`, `code` and `in` search, with the files that are read as each.

    A grammar comes with an extra of polcheck's package; without it, files of its language are undecided. `polcheck
    parse --help` says which formats `data` reads.
    """
    from polcheck.languages.registry import languages as known

    rows = [_row(one) for _, one in sorted(known().items())]
    if form == "json":
        click.echo(json.dumps({"languages": rows}, indent=2, ensure_ascii=False))
        return
    width = max(len(row["name"]) for row in rows)
    state = max(len(_state(row)) for row in rows)
    for row in rows:
        files = " ".join([*(f"*{suffix}" for suffix in row["suffixes"]), *row["file_names"]])
        click.echo(f"{row['name']:{width}}  {_state(row):{state}}  {files}".rstrip())
    missing = [row["extra"] for row in rows if row["installed"] is None and row["extra"]]
    if missing:
        wanted = ",".join(dict.fromkeys(missing))
        click.echo(f"\ninstall the grammars that are missing: `pip install 'polcheck[{wanted}]'`,", err=True)
        click.echo("all of them: `pip install 'polcheck[languages]'`", err=True)


def _row(one: Any) -> dict[str, Any]:
    package = one.module.replace("_", "-")
    return {
        "name": one.name,
        "title": one.title,
        "suffixes": list(one.suffixes),
        "file_names": [*one.file_names, *(f"{prefix}*" for prefix in one.file_prefixes)],
        "interpreters": list(one.interpreters),
        "package": package,
        "installed": metadata.version(package) if util.find_spec(one.module) is not None else None,
        "extra": one.extra or None,
    }


def _state(row: dict[str, Any]) -> str:
    """Return in words whether the grammar of a language is installed."""
    if row["installed"] is not None:
        return f"{row['package']} {row['installed']}"
    return f"not installed: polcheck[{row['extra']}]" if row["extra"] else "not installed"
