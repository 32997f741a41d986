"""`polcheck init`: write a first polcheck.yaml for a repository."""

from __future__ import annotations

import click
from msgspec import Struct

from polcheck.base.errors import PolcheckError
from polcheck.base.paths import display_path, exists, is_folder
from polcheck.base.write import write_output
from polcheck.cli.options import pack_option
from polcheck.findings.report import SEVERITIES
from polcheck.packs.shipped import shipped_packs
from polcheck.policy.pack_files import PackFiles, label_of
from polcheck.project.config import read_config_in
from polcheck.project.packs import read_pack
from polcheck.render.escape import terminal
from polcheck.render.wording import pluralize
from polcheck.sources.target import read_submission

_VENDORED = ("vendor", "vendored", "_vendor", "third_party", "thirdparty", "node_modules")
_NOT_PROJECTS = frozenset({*_VENDORED, "tests", "test", "testdata", "fixtures", "examples", "example", "templates"})
_FAIR_SHARE = 4  # one source file in so many
_MOST_ROOTS = 8  # folders that one pack is proposed for, each by itself
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
@pack_option("A pack to check against; repeatable.")
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
    proposals = [Proposal(read_pack(pack), pack) for pack in packs] or _proposed(paths)
    if not proposals:
        raise click.UsageError(
            "no pack that ships with polcheck is for a repository like this one.\n"
            "Write a pack of your own with `polcheck new pack`, and name it: `polcheck init --pack ./policies/mine`"
        )
    entries = "\n".join(each.entry for each in proposals)
    text = _TEXT.format(packs=entries, exclude=_excluded(paths))
    write_output(path, with_schema_lines(Path(folder), {"polcheck.yaml": text})["polcheck.yaml"])
    click.echo(f"wrote {path}, with")
    findings = _findings(folder)
    for each in proposals:
        click.echo(f"  {each.label}{each.why}{findings.get(each.label, '')}")
        if description := each.pack.text_under("description"):
            click.echo(f"    {terminal(description)}")
    click.echo("\nnext:")
    click.echo("  polcheck run        check the repository")
    click.echo("  polcheck baseline   accept what is found today, so that runs fail on new findings only")
    click.echo("  polcheck config     show the effective configuration")
    return 0


class Proposal(Struct, frozen=True):
    """A pack that fits: as it is named, the folder that it is about (empty for all), and the file that says so."""

    pack: PackFiles
    source: str
    root: str = ""
    mark: str = ""

    @property
    def label(self) -> str:
        """The pack's name in the run."""
        return terminal(label_of(self.pack.name, self.root))

    @property
    def why(self) -> str:
        """Why the pack fits, in brackets; empty where somebody named it."""
        return terminal(f" (there is {self.mark})") if self.mark else ""

    @property
    def entry(self) -> str:
        """The lines of polcheck.yaml that name the pack."""
        from polcheck.edits.formats.yaml import written

        names = "".join(f", or {name}" for name in self.pack.profiles).removeprefix(", or ") if self.mark else ""
        lines = [f"pack: {written(self.source)}"] if self.root or names else [written(self.source)]
        lines += [f"root: {written(self.root)}"] if self.root else []
        lines += [f"# profile: {names}"] if names else []
        return "  - " + "\n    ".join(lines)


def _findings(folder: str) -> dict[str, str]:
    """Return how many findings each pack of a new configuration begins with, in words; none where it can't be used."""
    from collections import Counter

    from polcheck.project.effective import CommandLineOptions
    from polcheck.project.project import Project

    project = Project.at(folder, CommandLineOptions())
    try:
        report = project.checker.check(project.read(), accept=project.acceptance())
    except PolcheckError:  # NOTE: what is wrong is for `polcheck run` to say, and the file is written
        return {}
    words: dict[str, str] = {}
    for pack in report.packs:
        own = [finding for finding in report.failing if finding.pack == pack.name]
        counts = Counter(finding.severity for finding in own)
        kinds = ", ".join(pluralize(counts[severity], severity) for severity in SEVERITIES if counts[severity])
        open_ = sum(policy.pack == pack.name and policy.outcome == "undecided" for policy in report.policies)
        parts = [f"{pluralize(len(own), 'finding')} today ({kinds})" if own else "no findings today"]
        parts += [f"{pluralize(open_, 'policy', 'policies')} undecided"] if open_ else []
        words[pack.name] = f": {', '.join(parts)}"
    return words


def _proposed(paths: tuple[str, ...]) -> list[Proposal]:
    """Return the packs that fit, each about the whole repository or about the folders that are what it is for."""
    return [proposal for name in shipped_packs() for proposal in _of_pack(read_pack(name), name, paths)]


def _of_pack(pack: PackFiles, name: str, paths: tuple[str, ...]) -> list[Proposal]:
    """Return the proposals of one pack.

    A pattern without a folder (`pyproject.toml`) names what marks a project: where no file at the root is one, the
    topmost folders that hold one are projects of their own, if they hold something else that the pack is for, too.
    """
    plain = tuple(text for text in pack.fits if "/" not in text and "*" not in text)
    mark = _mark(plain, paths)
    if not mark:
        folders = _projects(plain, pack.fits, paths)
        if 0 < len(folders) <= _MOST_ROOTS:
            return [Proposal(pack, name, folder, found) for folder, found in folders.items()]
    mark = mark or _mark(pack.fits, paths)
    return [Proposal(pack, name, "", mark)] if mark else []


def _projects(plain: tuple[str, ...], fits: tuple[str, ...], paths: tuple[str, ...]) -> dict[str, str]:
    """Return the topmost folders that hold a file which one of `plain` names, each with that file."""
    folders: dict[str, str] = {}
    marked = {path.rpartition("/")[0]: path for path in sorted(paths, reverse=True) if path.rpartition("/")[2] in plain}
    for folder, mark in sorted(marked.items()):
        parts = folder.split("/")
        aside = any(part in _NOT_PROJECTS or part.startswith(".") for part in parts)
        inside = any(folder.startswith(f"{above}/") for above in folders)
        if not folder or aside or inside:
            continue
        below = tuple(path[len(folder) + 1 :] for path in paths if path.startswith(f"{folder}/"))
        if any(_mark((text,), below) for text in fits if text not in plain):
            folders[folder] = mark
    return folders


def _mark(patterns: tuple[str, ...], paths: tuple[str, ...]) -> str:
    """Return the first file that the first fitting pattern lets in; empty where none fits.

    A pattern that names a file or a folder fits where a file is there. One for all files of a kind (`**/*.py`) says
    what a repository is written in, so it has to let in a fair share of the source files: a stray script says nothing.
    """
    from polcheck.sources.path_patterns import compile_files

    for text in patterns:
        matches = [path for path, _ in compile_files([text]).among(paths)]
        is_kind = text.removeprefix("**/").startswith("*.")
        if matches and (not is_kind or len(matches) * _FAIR_SHARE >= _source_files(paths)):
            return matches[0]
    return ""


def _source_files(paths: tuple[str, ...]) -> int:
    """Return the number of paths that are code by their names, configuration and documents left out."""
    from polcheck.formats import format_of
    from polcheck.languages.registry import language_of

    return sum(language_of(path) is not None and format_of(path) is None for path in paths)


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
    from polcheck.edits.formats.yaml import written

    patterns = "\n".join(f"  - {written(f'{folder}/**')}" for folder in sorted(folders))
    return f"# Files that are not checked.\nexclude:\n{patterns}\n"
