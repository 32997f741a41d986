"""The hook for pre-commit, run by pre-commit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pack_files import ROOT
from trees import write

_NEEDED = ("engine", "policies", "schemas", "pyproject.toml", "LICENSE", "README.md", ".pre-commit-hooks.yaml")
_PRE_COMMIT = [sys.executable, "-m", "pre_commit"]


def git(folder: Path, *arguments: str) -> str:
    options = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *options, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path) -> str:
    """Makes a repository of a folder; its revision."""
    git(folder, "init", "-q", ".")
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-qm", "all")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """This checkout as a repository of its own, and its revision."""
    folder = tmp_path_factory.mktemp("polcheck")
    for name in _NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder, repository(folder)


@pytest.fixture
def pre_commit(tmp_path: Path, hook: tuple[Path, str], environment: dict[str, str]) -> dict[str, str]:
    """Variables for pre-commit, whose environment for the hook has been installed."""
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    own = {**environment, "PRE_COMMIT_HOME": str(hook[0].parent / "home")}
    where = {"repos": [{"repo": str(hook[0]), "rev": hook[1], "hooks": [{"id": "polcheck"}, {"id": "polcheck-files"}]}]}
    write(tmp_path / "project", {".pre-commit-config.yaml": json.dumps(where)})
    repository(tmp_path / "project")
    done = subprocess.run(
        [*_PRE_COMMIT, "install-hooks"], cwd=tmp_path / "project", env=own, capture_output=True, text=True, check=False
    )
    if done.returncode and "No matching distribution" in done.stdout + done.stderr:
        pytest.skip("the hook's environment can't be installed without a package index")
    assert done.returncode == 0, done.stdout + done.stderr
    return own


def test_the_hook_checks_the_whole_tree(project: Path, pre_commit: dict[str, str]) -> None:
    """A commit is refused for a finding in a file that it doesn't touch, and goes through when that is fixed."""
    subprocess.run([*_PRE_COMMIT, "install"], cwd=project, env=pre_commit, check=True, capture_output=True)
    write(project, {"other.txt": "x\n"})
    git(project, "add", "other.txt")
    environment = {**pre_commit, "SKIP": "polcheck-files"}
    refused = commit(project, environment)
    assert refused.returncode == 1 and "a.py:1:1: error[ours:no-print] it prints" in refused.stdout + refused.stderr
    write(project, {"a.py": "x = 1\n"})
    git(project, "add", "a.py")
    passed = commit(project, environment)
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_the_hook_for_files_reports_those_of_the_commit(project: Path, pre_commit: dict[str, str]) -> None:
    """A finding elsewhere doesn't refuse a commit, one in a file of the commit does."""
    subprocess.run([*_PRE_COMMIT, "install"], cwd=project, env=pre_commit, check=True, capture_output=True)
    environment = {**pre_commit, "SKIP": "polcheck"}
    write(project, {"other.txt": "x\n"})
    git(project, "add", "other.txt")
    passed = commit(project, environment)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    write(project, {"b.py": "print(2)\n"})
    git(project, "add", "b.py")
    refused = commit(project, environment)
    assert refused.returncode == 1 and "b.py:1:1: error[ours:no-print] it prints" in refused.stdout + refused.stderr
    assert "a.py:1:1" not in refused.stdout + refused.stderr


def commit(project: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    options = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", *options, "commit", "-m", "more"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
