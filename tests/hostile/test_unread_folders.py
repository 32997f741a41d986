"""What nobody could look into: folders without permission, links out of the tree, and names that are no text."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pack_files import one, pack, schemas
from polcheck.findings.report import Report
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.sources.path_patterns import compile_files
from polcheck.sources.submission import Submission
from polcheck.sources.target import read_submission

EVAL = 'forbid: {files: "src/**/*.py", pattern: "eval(...)"}'


def _report(body: str, submission: Submission) -> Report:
    return Checker(compile_packs([pack(one(body))], Settings(), schemas())).check(submission)


def _outcome(body: str, folder: str = "src/sub", **files: bytes) -> str:
    given = {"src/a.py": b"", **files}
    submission = Submission("s", "folder", given, {}, {folder: "can't be read"}, frozenset({folder}))
    return _report(body, submission).policies[0].outcome


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (EVAL, "undecided"),
        ('forbid: {files: "lib/**/*.py", pattern: "eval(...)"}', "not-applicable"),
        ('forbid: {files: ["**", "!src/**"], text: x}', "not-applicable"),
        ('forbid: {files: ["**", "!**/sub/**", "!**/*.py"], text: x}', "not-applicable"),
        ('forbid: {files: "src/*.py", pattern: "eval(...)"}', "pass"),
        ('forbid: {files: "src/{name:**}.txt"}', "undecided"),
        ('forbid: {files: ["**", "!src/*.py"]}', "undecided"),
        ('require: {files: "src/sub/main.py"}', "undecided"),
        ('require: {files: "src/a.py"}', "pass"),
        ('require: {files: "src/other/main.py"}', "fail"),
        ('require: {pattern: "eval(...)"}', "undecided"),
        ('forbid: [{files: "{dir}/a.py"}, {not: {files: "{dir}/sub/b.py"}}]', "undecided"),
        ('for: {files: "src/*.py"}\nrequire: {files: "src/sub/x"}', "undecided"),
    ],
)
def test_a_folder_that_could_not_be_read_may_hold_anything(body: str, expected: str) -> None:
    """Every selector whose patterns reach below the folder has not seen everything."""
    assert _outcome(body) == expected


def test_the_notice_names_the_folder() -> None:
    """Readers see which folder keeps the policy undecided, and why."""
    submission = Submission("s", "folder", {"src/a.py": b""}, {}, {"src/sub": "no"}, frozenset({"src/sub"}))
    report = _report(EVAL, submission)
    assert report.exit_status == 2
    assert ("unsearched", "no", "src/sub", ("t:p",)) in [
        (n.kind, n.message, n.location.path if n.location else "", n.policies) for n in report.notices
    ]


def test_a_link_out_of_the_tree_to_a_folder_is_a_gap(tmp_path: Path) -> None:
    """Code behind such a link can't be said to be free of anything."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tree" / "src").mkdir(parents=True)
    (tmp_path / "tree" / "src" / "a.py").write_text("")
    (tmp_path / "tree" / "src" / "lib").symlink_to(tmp_path / "elsewhere")
    read = read_submission(tmp_path / "tree")
    assert read.folders == {"src/lib"}
    assert _report(EVAL, read).policies[0].outcome == "undecided"


@pytest.mark.parametrize(("target", "folders"), [("gone", set()), ("/nowhere/at/all", {"link"}), ("../up", {"link"})])
def test_a_link_to_nothing_outside_may_be_a_folder(tmp_path: Path, target: str, folders: set[str]) -> None:
    """Within the submission nothing is there; outside nobody knows."""
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.py").write_text("")
    (root / "link").symlink_to(target)
    assert read_submission(root).folders == folders


def test_a_link_of_a_revision_is_a_folder_unless_it_leads_to_a_file(tmp_path: Path) -> None:
    """Links of a revision aren't followed, but where one leads to a file of it, nothing hides below."""
    (tmp_path / "a.py").write_text("")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").symlink_to("../a.py")
    (tmp_path / "sub" / "up").symlink_to("..")
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    read = read_submission(tmp_path, rev="HEAD")
    assert set(read.unreadable) == {"sub/file", "sub/up"}
    assert read.folders == {"sub/up"}


@pytest.mark.parametrize("pattern", ["**", "src/*", "src/{name}", "src/x?.py", "src/{name:**}.py"])
def test_a_path_that_is_no_text_matches_as_any_other(pattern: str) -> None:
    """A byte that is no UTF-8 counts as one character, and a capture keeps it."""
    path = "src/x\udcff.py"
    (way,) = compile_files([pattern]).match(path)
    assert all("\udcff" in value for value in way.values())


def test_a_path_that_is_no_text_is_judged_and_reported() -> None:
    """It reaches the report, and the report its reader."""
    report = _report('forbid: {files: "src/{name}.py"}', Submission("s", "folder", {"src/x\udcff.py": b""}))
    assert [finding.bindings["name"] for finding in report.findings] == ["x\udcff"]
