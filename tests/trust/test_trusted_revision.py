"""A change can't excuse itself: what may be said of a project comes from a revision that is trusted, or is listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gits import git
from polcheck.findings.report import Report
from polcheck.project.effective import CommandLineOptions
from polcheck.project.project import Project
from trees import OURS, write
from typed import polcheck

PLAIN = {"polcheck.yaml": "packs: [packs/ours]\n", "a.py": "x = 1\n"}
EVALUATES = {"a.py": "x = 1\neval(x)\n"}
EXCUSES: Mapping[str, Mapping[str, str]] = {
    "a comment": {"a.py": "x = 1\neval(x)  # polcheck: ignore[no-eval] trust me\n"},
    "an exclusion": {**EVALUATES, "polcheck.yaml": "packs: [packs/ours]\nexclude: [a.py]\n"},
    "a waiver": {**EVALUATES, "polcheck.yaml": "packs: [packs/ours]\nwaivers: [{policy: no-eval, reason: r}]\n"},
    "an ignored policy": {**EVALUATES, "polcheck.yaml": "packs: [packs/ours]\nignore: [no-eval]\n"},
    "a severity": {**EVALUATES, "polcheck.yaml": "packs: [packs/ours]\nseverities: {no-eval: 'off'}\n"},
    "no severity that fails": {**EVALUATES, "polcheck.yaml": "packs: [packs/ours]\nfail-on: never\n"},
    "an override": {
        **EVALUATES,
        "polcheck.yaml": "packs: [packs/ours]\noverrides: [{files: a.py, ignore: no-eval}]\n",
    },
    "the pack itself": {**EVALUATES, "packs/ours/policies/p.yaml": "id: x\ntitle: t\nforbid: {files: x}\nmessage: m\n"},
    "another pack": {**EVALUATES, "polcheck.yaml": "packs: [python-project]\n"},
    "a .gitignore": {"b.py": "eval(x)\n", ".gitignore": "b.py\n"},
    "a broken configuration": {**EVALUATES, "polcheck.yaml": "packs: [\n"},
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose main branch is as it should be."""
    root = tmp_path / "r"
    write(root, {**OURS, **PLAIN})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "main")
    monkeypatch.chdir(root)
    return root


def changed(root: Path, files: Mapping[str, str], message: str = "change") -> None:
    """Commits a change, but for what is ignored."""
    write(root, files)
    git(root, "add", ".")
    git(root, "commit", "-qm", message)


def run(trusted: str | None = None, since: str | None = None, target: str = ".", **given: object) -> Report:
    """What `polcheck run` says."""
    project = Project.at(target, CommandLineOptions(cache=False, **given), trusted=trusted)  # type: ignore[arg-type]
    accept = project.acceptance()
    if since:
        from polcheck.findings.accepted import in_turn

        accept = in_turn(accept, project.since(since).accept)
    return project.checker.check(project.read(), project.effective.fail_on, accept=accept)


def told(report: Report) -> list[str]:
    return [notice.message for notice in report.notices if notice.kind == "trust"]


@pytest.mark.parametrize("way", EXCUSES)
def test_a_change_cannot_excuse_itself(repository: Path, way: str) -> None:
    """Whatever it says of itself, with the main branch trusted the finding counts."""
    changed(repository, EXCUSES[way])
    report = run(trusted="main~1")
    assert report.verdict == "fail"
    assert [finding.policy for finding in report.failing] == ["no-eval"]
    if way not in ("the pack itself", "another pack", "a broken configuration"):
        assert told(report) and all(text.startswith("new since main~1, so without effect: ") for text in told(report))


@pytest.mark.parametrize("way", EXCUSES)
def test_what_is_trusted_counts(repository: Path, way: str) -> None:
    """The same at the revision that is trusted is in effect, and no news."""
    changed(repository, EXCUSES[way])
    if way == "a broken configuration":
        return
    changed(repository, {"c.py": "y = 1\n"})
    report = run(trusted="main~1")
    assert told(report) == []
    if way == "no severity that fails":
        assert report.verdict != "fail"
    else:
        assert "no-eval" not in {finding.policy for finding in report.failing}


def test_a_waiver_accepts_what_it_accepted(repository: Path) -> None:
    """A comment at the trusted revision waives that finding, moved or not, and no other that is put in its place."""
    changed(repository, {"a.py": "eval(x)  # polcheck: ignore[no-eval] known\n"})
    git(repository, "tag", "good")
    changed(repository, {"a.py": "y = 2\n\neval(x)\n"}, "moved")
    report = run(trusted="good")
    assert report.failing == () and [f.waived.reason for f in report.findings if f.waived] == [
        "known (waived in a comment at good)"
    ]
    changed(repository, {"a.py": "eval(evil)  # polcheck: ignore[no-eval] known\n"}, "replaced")
    assert [finding.policy for finding in run(trusted="good").failing] == ["no-eval"]


def test_the_baseline_is_that_of_the_revision(repository: Path) -> None:
    """What a change adds to it accepts nothing; what it had accepts as before."""
    config = "packs: [packs/ours]\nbaseline: known.json\n"
    write(repository, {"a.py": "eval(1)\n", "polcheck.yaml": config})
    assert polcheck("baseline", "--no-cache").status == 0
    changed(repository, {})
    changed(repository, {"b.py": "eval(2)\n"})
    assert polcheck("baseline", "--no-cache").status == 0
    assert len(json.loads((repository / "known.json").read_text())["findings"]) == 2
    report = run(trusted="main~1")
    assert [str(finding.location) for finding in report.failing] == ["b.py:1:1"]
    assert [f.waived.reason for f in report.findings if f.waived] == ["recorded in main~1:known.json"]


def test_a_pack_on_the_command_line_is_that_of_the_revision(repository: Path) -> None:
    """Where it lies in the repository; elsewhere it is the caller's."""
    changed(repository, EXCUSES["the pack itself"])
    assert run(trusted="main~1", packs=("packs/ours",)).verdict == "fail"
    assert run(packs=("packs/ours",)).verdict != "fail"


def test_a_folder_below_is_judged_as_the_whole(repository: Path) -> None:
    """Path patterns of the trusted configuration begin where it lies."""
    changed(repository, {"src/a.py": "eval(x)\n", "polcheck.yaml": "packs: [packs/ours]\nexclude: [src/b.py]\n"})
    write(repository, {"src/b.py": "eval(x)\n"})
    assert [str(finding.location) for finding in run(trusted="main", target="src").failing] == ["a.py:1:1"]


@pytest.mark.parametrize("way", [way for way in EXCUSES if "pack" not in way and "broken" not in way])
def test_what_is_new_is_listed(repository: Path, way: str) -> None:
    """With `since`, each waiver, exclusion and baseline entry beyond those of the revision is a notice."""
    changed(repository, EXCUSES[way])
    found = told(run(since="main~1"))
    assert len(found) == 1 and found[0].startswith("new since main~1: ")
    assert told(run(since="main")) == []


def test_new_entries_of_a_baseline_are_listed(repository: Path) -> None:
    """As what they accept."""
    changed(repository, {"a.py": "eval(1)\n", "polcheck.yaml": "packs: [packs/ours]\nbaseline: known.json\n"})
    assert polcheck("baseline", "--no-cache").status == 0
    (found,) = told(run(since="main"))
    assert "the baseline accepts ours:no-eval" in found


def test_a_revision_is_trusted_in_a_repository_only(tmp_path: Path, repository: Path) -> None:
    """Elsewhere, and where there is no such revision, there is no verdict."""
    write(tmp_path / "plain", {"a.py": "eval(x)\n"})
    for arguments in ((tmp_path / "plain", "--trusted", "main"), (".", "--trusted", "nowhere")):
        done = polcheck("run", "--no-cache", "-p", "python-project", *arguments)
        assert done.status == 2 and "revision" in done.err
    done = polcheck("run", "--isolated", "--trusted", "main")
    assert done.status == 2 and "not both" in done.err
