"""What a submission says of itself counts in a project of one's own and nowhere else, whatever asks."""

from __future__ import annotations

import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import polcheck
from gits import Folder, git
from polcheck.findings.report import Report
from polcheck.project.batch import BatchEntry
from polcheck.project.effective import CommandLineOptions
from polcheck.project.project import Project
from polcheck.sources.trust import Trust, trust_in
from polcheck.tables import Judge

WAYS = {
    "a comment": {"a.py": "eval(x)  # polcheck: ignore[no-eval] trust me\n"},
    "a comment at the top": {"a.py": "# polcheck: ignore[no-eval] trust me\neval(x)\n"},
    "a .gitignore": {"a.py": "eval(x)\n", ".gitignore": "a.py\n"},
    "an exclusion": {"a.py": "eval(x)\n", "polcheck.yaml": "exclude: [a.py]\n"},
    "a severity": {"a.py": "eval(x)\n", "polcheck.yaml": "severities: {no-eval: 'off'}\n"},
    "a waiver": {"a.py": "eval(x)\n", "polcheck.yaml": "waivers: [{policy: no-eval, reason: trust me}]\n"},
    "an override": {"a.py": "eval(x)\n", "polcheck.yaml": "overrides: [{files: '**', ignore: no-eval}]\n"},
    "the least severity": {"a.py": "eval(x)\n", "polcheck.yaml": "fail-on: never\n"},
    "a table of pyproject.toml": {"a.py": "eval(x)\n", "pyproject.toml": "[tool.polcheck]\nexclude = ['a.py']\n"},
}
Check = Callable[[Path, str], str]


def run(target: Path, pack: str, *, isolated: bool, rev: str | None = None) -> Report:
    """What `polcheck run` says."""
    given = CommandLineOptions(packs=(pack,), cache=False)
    project = Project.at(str(target), given, isolated=isolated)
    accept = project.acceptance()
    return project.checker.check(project.read(rev), project.effective.fail_on, accept=accept)


def batch(target: Path, pack: str) -> str:
    """What `polcheck batch` says."""
    results = [result for result in Judge(pack).results([BatchEntry("s", path=str(target))]) if result]
    return str(results[0].rows[0]["verdict"])


def zipped(target: Path) -> Path:
    """The files of a folder as a zip archive."""
    made = target.with_suffix(".zip")
    with zipfile.ZipFile(made, "w") as archive:
        for path in sorted(target.rglob("*")):
            if path.is_file() and ".git" not in path.parts:
                archive.write(path, path.relative_to(target).as_posix())
    return made


def tarred(target: Path) -> Path:
    """The files of a folder as a tar archive."""
    made = target.with_suffix(".tar.gz")
    with tarfile.open(made, "w:gz") as archive:
        for path in sorted(target.rglob("*")):
            if path.is_file() and ".git" not in path.parts:
                archive.add(path, path.relative_to(target).as_posix())
    return made


def bundled(target: Path) -> Path:
    """The files of a folder as a JSON bundle."""
    made = target.with_suffix(".json")
    texts = {p.relative_to(target).as_posix(): p.read_text() for p in target.glob("*") if p.is_file()}
    made.write_text(json.dumps(texts))
    return made


UNTRUSTED: Mapping[str, Check] = {
    "run --isolated": lambda s, p: run(s, p, isolated=True).verdict,
    "run a.zip": lambda s, p: run(zipped(s), p, isolated=False).verdict,
    "run a.tar.gz": lambda s, p: run(tarred(s), p, isolated=False).verdict,
    "run a.json": lambda s, p: run(bundled(s), p, isolated=False).verdict,
    "run a.zip --isolated": lambda s, p: run(zipped(s), p, isolated=True).verdict,
    "batch a folder": batch,
    "batch a.zip": lambda s, p: batch(zipped(s), p),
    "check(folder)": lambda s, p: polcheck.check(s, p).verdict,
    "check(a.zip)": lambda s, p: polcheck.check(zipped(s), p).verdict,
    "check(a.zip, project=True)": lambda s, p: polcheck.check(zipped(s), p, project=True).verdict,
    "check(texts)": lambda s, p: polcheck.check(json.loads(bundled(s).read_text()), p).verdict,
}
OWN: Mapping[str, Check] = {
    "run": lambda s, p: run(s, p, isolated=False).verdict,
    "check(folder, project=True)": lambda s, p: polcheck.check(s, p, project=True).verdict,
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's own folder, in which there is no configuration."""
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path / "own")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("check", UNTRUSTED)
def test_an_untrusted_submission_decides_nothing(folder: Folder, pack: str, way: str, check: str) -> None:
    """No way of saying so makes a finding vanish, in a git work tree or not."""
    root = folder({**WAYS[way], "b.py": "x = 1\n"})
    assert UNTRUSTED[check](root, pack) == "fail"
    git(root, "init", "-q")
    assert UNTRUSTED[check](root, pack) == "fail"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("check", OWN)
def test_a_project_of_ones_own_may_decide(folder: Folder, pack: str, way: str, check: str) -> None:
    """Each way works there; a .gitignore in a git work tree only."""
    root = folder({**WAYS[way], "b.py": "x = 1\n"})
    assert OWN[check](root, pack) == ("fail" if way == "a .gitignore" else NOT_FAILING.get(way, "pass"))
    git(root, "init", "-q")
    assert OWN[check](root, pack) == NOT_FAILING.get(way, "pass")


NOT_FAILING = {"a severity": "none"}  # where nothing is left that could pass


def test_a_revision_of_ones_own_repository_is_a_project(folder: Folder, pack: str) -> None:
    """Its comments waive, unless the run is isolated."""
    root = folder({**WAYS["a comment"], "b.py": "x = 1\n"})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")
    assert run(root, pack, isolated=False, rev="HEAD").verdict == "pass"
    assert run(root, pack, isolated=True, rev="HEAD").verdict == "fail"


def test_what_the_caller_names_counts(folder: Folder, pack: str, tmp_path: Path) -> None:
    """A configuration and a baseline by option, isolated or not."""
    root = folder({"a.py": "eval(x)\n", "b.py": "x = 1\n"})
    (tmp_path / "mine.yaml").write_text("waivers: [{policy: no-eval, reason: I know}]\n")
    project = Project.at(
        str(root), CommandLineOptions(packs=(pack,), cache=False), str(tmp_path / "mine.yaml"), isolated=True
    )
    assert project.checker.check(project.read(), accept=project.acceptance()).verdict == "pass"


@pytest.mark.parametrize("way", ["a comment", "a .gitignore", "an exclusion", "a table of pyproject.toml"])
def test_what_was_disregarded_is_told(folder: Folder, pack: str, way: str) -> None:
    """A notice says what has no effect, where it is, and how it would count."""
    root = folder({**WAYS[way], "b.py": "x = 1\n"})
    for report, remedy in (
        (run(root, pack, isolated=True), "--isolated"),
        (polcheck.check(root, pack), "project=True"),
    ):
        (notice,) = [notice for notice in report.notices if notice.kind == "trust"]
        assert "no effect" in notice.message and remedy in notice.message and notice.location is not None
    if way == "a comment":
        (notice,) = [n for n in run(zipped(root), pack, isolated=False).notices if n.kind == "trust"]
        assert "unpack it" in notice.message


def test_nothing_is_told_where_there_is_nothing(folder: Folder, pack: str) -> None:
    """Neither of a submission without such things, nor in a project of one's own."""
    plain = folder({"a.py": "x = 1\n"})
    assert run(plain, pack, isolated=True).notices == ()
    own = folder({**WAYS["a comment"], ".gitignore": "x\n"})
    git(own, "init", "-q")
    assert run(own, pack, isolated=False).notices == ()


def test_the_table_of_trust() -> None:
    """Only a folder, its revision and texts that a program holds can be one's own, and only if the caller says so."""
    own = {
        kind
        for kind in ("folder", "revision", "files", "archive", "bundle", "file")
        if trust_in(kind, project=True) is Trust.PROJECT
    }
    assert own == {"folder", "revision", "files"}
    assert all(trust_in(kind, project=False) is Trust.UNTRUSTED for kind in own)
    assert not any((Trust.UNTRUSTED.may_configure, Trust.UNTRUSTED.may_ignore, Trust.UNTRUSTED.may_waive))


def test_what_is_left_out_is_counted(folder: Folder, pack: str) -> None:
    """Excluded and ignored files, in the report and in the summary of every format that has one."""
    from polcheck.render import Options, output_format

    root = folder(
        {
            "a.py": "eval(x)\n",
            "b.py": "x = 1\n",
            ".gitignore": "a.py\n",
            "polcheck.yaml": "exclude: [c.py]\n",
            "c.py": "",
        }
    )
    git(root, "init", "-q")
    report = run(root, pack, isolated=False)
    assert report.submission.left_out == 2
    for name in ("text", "github", "markdown", "html", "junit"):
        assert "2 left out" in output_format(name).render(report, Options())
    assert '"left_out": 2' in output_format("json").render(report, Options())
    assert '"leftOut": 2' in output_format("sarif").render(report, Options())
    assert "2 files or folders left out" in output_format("gitlab").render(report, Options())


def test_a_gitignore_without_git_is_told(folder: Folder, pack: str) -> None:
    """It has no effect in a project of one's own either, where there is no work tree."""
    root = folder({**WAYS["a .gitignore"], "b.py": "x = 1\n"})
    (notice,) = run(root, pack, isolated=False).notices
    assert "no git work tree" in notice.message and "--exclude" in notice.message
    git(root, "init", "-q")
    assert run(root, pack, isolated=False).notices == ()
