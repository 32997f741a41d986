"""`polcheck init`: write a first polcheck.yaml for a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polcheck.base.paths import display_path, exists, is_folder
from polcheck.base.write import write_output
from polcheck.packs.shipped import shipped_packs
from polcheck.project.config import read_config_in
from polcheck.project.packs import read_pack
from polcheck.sources.target import read_submission

if TYPE_CHECKING:
    from polcheck.policy.pack_files import PackFiles

_VENDORED = ("vendor", "vendored", "_vendor", "third_party", "thirdparty", "node_modules")
_FAIR_SHARE = 4  # one source file in so many
_TEXT = """\
# Packs of policies for this repository: `polcheck run` checks it, `polcheck config` shows the configuration.
packs:
{packs}

{exclude}
# Accepted findings: `polcheck waive POLICY FILE --reason …` adds one.
# waivers:
#   - policy: some-policy
#     reason: why it does not apply here
#     expires: 2030-12-31
"""
_NO_EXCLUDE = "# Files that are not checked, as path patterns.\n# exclude: [vendor/**]\n"


@click.command(short_help="Write a first polcheck.yaml.")
@click.argument("folder", default=".")
@click.option("--pack", "-p", "packs", multiple=True, metavar="NAME|PATH", help="A pack to check against; repeatable.")
@click.option("--force", is_flag=True, help="Overwrite the polcheck.yaml that is there.")
def init(folder: str, packs: tuple[str, ...], force: bool) -> int:
    """Write a polcheck.yaml for the repository in FOLDER, with the packs that fit, and print the next steps."""

    from pathlib import Path

    from polcheck.authoring.scaffold import with_schema_lines

    if not is_folder(folder):
        raise click.UsageError(f"there is no folder `{folder}`")
    path = display_path(f"{folder}/polcheck.yaml")
    if exists(path) and not force:
        raise click.UsageError(f"{path} is there already: --force overwrites it")
    if not force and (config_file := read_config_in(folder)) is not None:
        raise click.UsageError(f"{config_file.where(())} is the configuration already")
    paths = read_submission(folder, project=True).paths
    chosen, why = _packs(paths, packs)
    for pack in packs:
        read_pack(pack)
    text = _TEXT.format(packs=chosen, exclude=_excluded(paths))
    write_output(path, with_schema_lines(Path(folder), {"polcheck.yaml": text})["polcheck.yaml"])
    click.echo(f"wrote {path}: {why}\n")
    click.echo("next:")
    click.echo("  polcheck run        check the repository")
    click.echo("  polcheck baseline   accept what is found today, so that runs fail on new findings only")
    click.echo("  polcheck config     show the effective configuration")
    return 0


def _packs(paths: tuple[str, ...], given: tuple[str, ...]) -> tuple[str, str]:
    """Return the entries of `packs`, and why they are these. Raises UsageError where nothing fits."""
    from polcheck.project.edit import scalar

    if given:
        return "\n".join(f"  - {scalar(pack)}" for pack in given), f"uses {', '.join(given)}"
    shipped = [read_pack(name) for name in shipped_packs()]
    fitting = [(pack, mark) for pack in shipped if (mark := _mark(pack.fits, paths))]
    if not fitting:
        raise click.UsageError(
            "no pack that ships with polcheck is for a repository like this one.\n"
            "Write a pack of your own with `polcheck new pack`, and name it: `polcheck init --pack ./policies/mine`"
        )
    why = ", ".join(f"uses {pack.name}, since there is {mark}" for pack, mark in fitting)
    return "\n".join(_entry(pack) for pack, _ in fitting), why


def _mark(patterns: tuple[str, ...], paths: tuple[str, ...]) -> str:
    """Return the first file that the first fitting pattern lets in; empty where none fits.

    A pattern that names a file fits where that file is. One with a wildcard in the name (`**/*.py`) says what a
    repository is written in, so it has to let in a fair share of the source files: a stray script says nothing.
    """
    from polcheck.sources.path_patterns import compile_files

    for text in patterns:
        matches = [path for path, _ in compile_files([text]).among(paths)]
        if matches and ("*" not in text.rpartition("/")[2] or len(matches) * _FAIR_SHARE >= _source_files(paths)):
            return matches[0]
    return ""


def _source_files(paths: tuple[str, ...]) -> int:
    """Return the number of paths that are code by their names, configuration and documents left out."""
    from polcheck.formats import format_of
    from polcheck.languages.registry import language_of

    return sum(language_of(path) is not None and format_of(path) is None for path in paths)


def _entry(pack: PackFiles) -> str:
    names = "".join(f", or {name}" for name in pack.profiles).removeprefix(", or ")
    return f"  - source: {pack.name}\n    # profile: {names}" if names else f"  - {pack.name}"


def _excluded(paths: tuple[str, ...]) -> str:
    """Return the `exclude` patterns to write: the folders of vendored code that exist."""
    folders = {
        "/".join(parts[: index + 1])
        for path in paths
        for parts in [path.split("/")]
        for index, part in enumerate(parts[:-1])
        if part in _VENDORED and not any(above in _VENDORED for above in parts[:index])
    }
    if not folders:
        return _NO_EXCLUDE
    from polcheck.project.edit import scalar

    patterns = "\n".join(f"  - {scalar(f'{folder}/**')}" for folder in sorted(folders))
    return f"# Files that are not checked.\nexclude:\n{patterns}\n"
