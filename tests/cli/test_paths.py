"""Paths are named from where their reader stands, and files or several folders can be checked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from typed import polcheck

POLICY = """
id: print
title: Nothing is printed
forbid: {files: "**/*.py", pattern: print(...)}
message: a print
---
id: pairs
title: Every name in a.yaml is in b.yaml
for: {files: a.yaml, data: "names[].{name: @}"}
require: {files: b.yaml, data: "names[].{name: @}"}
message: "`{{ name }}` is missing"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git work tree with two folders of code, and a pack beside it."""
    (tmp_path / "pack" / "policies").mkdir(parents=True)
    (tmp_path / "pack" / "pack.yaml").write_text("name: p\nversion: 1.0.0\n")
    (tmp_path / "pack" / "policies" / "p.yaml").write_text(POLICY)
    root = tmp_path / "s"
    for path, text in {
        "backend/app.py": "x = 1\nprint(x)\n",
        "worker/job.py": "print(2)\n",
        "web/ok.py": "y = 1\n",
        "a.yaml": "names: [one, two]\n",
        "b.yaml": "names: [one]\n",
        "package.json": '{"name": {"is": "no bundle"}}\n',
        "README.md": "# s\n",
        "polcheck.yaml": "packs: [../pack]\nexclude: ['web/**']\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    monkeypatch.chdir(root)
    return root


def lines(*arguments: str, stdin: str = "") -> tuple[int, list[str]]:
    """The exit status, and what a quiet run prints."""
    status, out, _ = polcheck("run", "--no-cache", "-q", *arguments, stdin=stdin)
    return status, out.splitlines()


BACKEND = "backend/app.py:2:1: error[p:print] a print"
WORKER = "worker/job.py:1:1: error[p:print] a print"
PAIR = "a.yaml:1:14: error[p:pairs] `two` is missing"


def test_text_names_files_from_the_working_directory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal or an editor can open them, from below, beside and above the project."""
    assert lines("backend") == (1, [BACKEND])
    monkeypatch.chdir(project / "web")
    assert lines("../backend") == (1, [f"../{BACKEND}"])
    monkeypatch.chdir(project.parent)
    assert lines("s/backend") == (1, [f"s/{BACKEND}"])
    assert lines(str(project / "backend")) == (1, [f"s/{BACKEND}"])


@pytest.mark.parametrize("form", ["github", "gitlab", "sarif", "junit", "markdown", "html"])
def test_what_a_build_service_reads_names_files_from_the_root_of_the_repository(
    project: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the working directory is, annotations land on the file."""
    monkeypatch.chdir(project / "web")
    _, out, _ = polcheck("run", "--no-cache", "-f", form, "../backend")
    assert "backend/app.py" in out
    assert "../backend/app.py" not in out


def test_the_json_report_names_files_from_the_submission_and_says_where_that_is(project: Path) -> None:
    """So that its paths are those of the policies; the two folders lead from there to the file."""
    _, out, _ = polcheck("run", "--no-cache", "-f", "json", "backend")
    report = json.loads(out)
    assert [finding["path"] for finding in report["findings"]] == ["app.py"]
    assert (report["root"], report["prefix"]) == ("backend", "backend")


def test_a_single_file_restricts_what_is_reported(project: Path) -> None:
    """The project is searched as a whole, from the folder of its configuration."""
    assert lines("backend/app.py") == (1, [BACKEND])
    assert lines("a.yaml") == (1, [PAIR])
    assert lines("b.yaml") == (0, [])


def test_several_files_and_folders_can_be_named(project: Path) -> None:
    """In any mixture; what lies elsewhere is not reported."""
    assert lines("backend", "worker/job.py") == (1, [BACKEND, WORKER])
    assert lines(".", "worker") == (1, [PAIR, BACKEND, WORKER])


def test_files_that_no_policy_is_about_pass(project: Path) -> None:
    """A commit hook on a README has nothing to report."""
    assert lines("README.md") == (0, [])
    assert lines("package.json", "README.md") == (0, [])


def test_a_json_file_of_a_project_is_no_bundle(project: Path) -> None:
    """But an object of strings is one, wherever it lies."""
    assert lines("package.json") == (0, [])
    Path("bundle.json").write_text('{"x.py": "print(1)\\n"}')
    assert lines("bundle.json") == (1, ["x.py:1:1: error[p:print] a print"])


def test_a_broken_file_elsewhere_leaves_a_policy_about_single_files_decided(project: Path) -> None:
    """What is forbidden in each file by itself is known of the file that is named."""
    (project / "worker" / "job.py").write_text("print(\n")
    assert lines("backend/app.py") == (1, [BACKEND])
    assert lines("README.md") == (0, [])
    assert lines("worker/job.py")[0] == 2


def test_a_broken_file_elsewhere_that_a_join_asks_for_leaves_it_undecided(project: Path) -> None:
    """What `not` or another selector looks for may be in the file that can't be read."""
    untested = (
        "id: tested\ntitle: Code has tests\n"
        'forbid: [{files: "backend/{m}.py"}, {not: {files: "tests/test_{m}.py", pattern: check(...)}}]\n'
        'message: "{{ m }} has no test"\n'
    )
    (project.parent / "pack" / "policies" / "p.yaml").write_text(untested)
    (project / "tests").mkdir()
    (project / "tests" / "test_app.py").write_text("check(\n")
    assert lines("backend/app.py")[0] == 2


def test_an_excluded_file_is_named_in_a_notice(project: Path) -> None:
    """Editors and hooks name files without asking what is excluded."""
    status, out, _ = polcheck("run", "--no-cache", "web/ok.py")
    assert status == 0
    assert "web/ok.py: notice: `web/ok.py` is named and not checked: it is excluded" in out


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (("backend/gone.py", "web"), "there is no file or folder `backend/gone.py`"),
        (("--config", "polcheck.yaml", "a.yaml", "../pack/pack.yaml"), "`../pack/pack.yaml` lies outside"),
    ],
)
def test_a_path_that_cannot_be_checked_is_a_usage_error(project: Path, paths: tuple[str, ...], message: str) -> None:
    """One that doesn't exist, or lies outside the project's root."""
    status, _, err = polcheck("run", "--no-cache", *paths)
    assert (status, message in err) == (2, True), err


def test_standard_input_can_stand_in_for_a_file(project: Path) -> None:
    """As editors check what isn't saved yet, whether or not the file exists."""
    changed = "backend/app.py:1:1: error[p:print] a print"
    assert lines("--stdin-filename", "backend/app.py", "-", stdin="print(3)\n") == (1, [changed])
    assert lines("--stdin-filename", "backend/app.py", stdin="x = 1\n") == (0, [])
    assert lines("--stdin-filename", "backend/new.py", stdin="print(1)\n")[0] == 1
    assert lines("--stdin-filename", "b.yaml", stdin="names: [one, two]\n") == (0, [])


def test_without_a_configuration_the_root_is_that_of_the_work_tree(project: Path) -> None:
    """Path patterns begin there, and .gitignore files count."""
    (project / "polcheck.yaml").unlink()
    assert lines("--pack", "../pack", "backend/app.py", "web") == (1, [BACKEND])


def test_a_project_that_no_policy_applies_to_has_no_verdict_unless_that_is_allowed(project: Path) -> None:
    """By an option, or for good in polcheck.yaml; the report says which kind of no verdict it is."""
    (project / "worker" / "job.py").unlink()
    (project / "backend" / "app.py").unlink()
    (project / "a.yaml").unlink()
    (project / "polcheck.yaml").write_text("packs: [../pack]\nselect: [pairs]\n")
    status, out, _ = polcheck("run", "--no-cache")
    assert (status, out.splitlines()[-1][:33]) == (2, "no verdict (nothing to check): no")
    assert json.loads(polcheck("run", "--no-cache", "-f", "json").out)["no_verdict"] == "empty"
    assert polcheck("run", "--no-cache", "--allow-empty").status == 0
    (project / "polcheck.yaml").write_text("packs: [../pack]\nselect: [pairs]\nallow-empty: true\n")
    assert polcheck("run", "--no-cache").status == 0


def test_exit_zero_makes_a_success_of_a_fail_and_of_nothing_else(project: Path) -> None:
    """What is undecided, and what can't be run, stays an error."""
    assert polcheck("run", "--no-cache", "--exit-zero").status == 0
    (project / "backend" / "app.py").write_text("print(\n")
    (project / "worker" / "job.py").unlink()
    (project / "a.yaml").unlink()
    assert polcheck("run", "--no-cache", "--exit-zero").status == 2
    assert polcheck("run", "--no-cache", "--exit-zero", "gone").status == 2


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["app.py"], ["app.py:2:1"]),
        ([".."], ["../a.yaml:1:14", "../worker/job.py:1:1", "app.py:2:1"]),
        (["../worker", "."], ["../worker/job.py:1:1", "app.py:2:1"]),
        (["."], ["app.py:2:1"]),
        (["../worker/job.py"], ["../worker/job.py:1:1"]),
    ],
)
def test_paths_can_be_opened_from_a_folder_of_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], found: list[str]
) -> None:
    """Whatever is named, and wherever the root is: what is printed is a path from the working directory."""
    monkeypatch.chdir(project / "backend")
    printed = [line.partition(": ")[0] for line in lines(*arguments)[1]]
    assert sorted(printed) == found
    assert all(Path(place.partition(":")[0]).is_file() for place in printed)


def test_a_saved_report_names_the_same_paths(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was seen from where is in the JSON report."""
    monkeypatch.chdir(project / "backend")
    polcheck("run", "--no-cache", "-f", "json", "-o", str(project.parent / "r.json"), "..")
    printed = polcheck("render", "-f", "concise", str(project.parent / "r.json")).out
    places = {line.partition(": ")[0] for line in printed.splitlines()[:-1]}
    assert places == {"app.py:2:1", "../a.yaml:1:14", "../worker/job.py:1:1"}
    data = json.loads((project.parent / "r.json").read_text())
    assert (data["root"], data["here"], data["prefix"]) == ("..", "backend", "")
