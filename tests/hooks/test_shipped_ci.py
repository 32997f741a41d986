"""The workflows of this repository and its image: what can be held of them without running them elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from pack_files import ROOT
from polcheck.base.spans import Source
from polcheck.formats import parse_config

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def jobs(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text("utf-8"))["jobs"]
    return loaded


def rows(instruction: str) -> list[dict[str, Any]]:
    values: Any
    (values,) = parse_config(Source("Dockerfile", (ROOT / "Dockerfile").read_bytes()), "dockerfile").values
    return [row for row in values if row["instruction"] == instruction]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_trust_as_little_as_they_can(path: Path) -> None:
    """Actions are pinned by digest, tokens read only unless a job says otherwise, no input is pasted into a script."""
    text = path.read_text("utf-8")
    lines = [line for line in text.splitlines() if "uses:" in line]
    assert lines and all(re.search(r"uses: [\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line) for line in lines)
    loaded = yaml.safe_load(text)
    assert loaded["permissions"] == {"contents": "read"}
    for job in loaded["jobs"].values():
        assert job["timeout-minutes"] <= 90
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_one_digest_for_each_action() -> None:
    """Workflows and the action that users call run the same version of another action."""
    texts = [path.read_text("utf-8") for path in (*WORKFLOWS, ROOT / "action.yml")]
    used = {match for text in texts for match in re.findall(r"uses: (\S+)@(\S+)  # (\S+)", text)}
    assert len({name for name, *_ in used}) == len(used)


def test_three_systems_run_what_is_run_here() -> None:
    """Linux, macOS and Windows, with each Python that the project names, run scripts/test."""
    matrix = jobs("ci")["test"]["strategy"]["matrix"]
    assert [name.partition("-")[0] for name in matrix["os"]] == ["ubuntu", "macos", "windows"]
    named = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert matrix["python"] == named
    assert [step["run"] for step in jobs("ci")["test"]["steps"] if "run" in step] == ["sh scripts/test"]
    assert ".ci/run" in [step.get("run") for step in jobs("ci")["whole"]["steps"]]


def test_a_release_publishes_what_was_built_and_checked() -> None:
    """Only of a tag, only from the job that builds, and without a password; the job that builds can't publish."""
    build, publish, image = (jobs("release")[name] for name in ("build", "publish", "image"))
    assert "permissions" not in build
    assert publish["needs"] == "build" and publish["if"] == "github.ref_type == 'tag'" and image["needs"] == "publish"
    assert publish["permissions"]["id-token"] == "write"
    actions = [step["uses"].partition("@")[0] for step in publish["steps"]]
    attest = actions.index("actions/attest-build-provenance")
    assert attest < actions.index("pypa/gh-action-pypi-publish")
    assert not any("password" in step.get("with", {}) for step in publish["steps"])
    assert any(step.get("with", {}).get("subject-digest") for step in image["steps"])


def test_the_image_is_slim_and_runs_without_root() -> None:
    """Every stage begins with the same slim image, the last user is a number other than 0, and commands are lists."""
    images = {row["image"] for row in rows("FROM")}
    assert len(images) == 1 and "-slim" in images.pop()
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", rows("USER")[-1]["arguments"][0])
    (entry,), (command,) = rows("ENTRYPOINT"), rows("CMD")
    assert entry["form"] == command["form"] == "exec"
    assert (entry["arguments"], command["arguments"]) == (["polcheck"], ["run"])
    assert not rows("ADD")  # it fetches and unpacks
    for row in rows("RUN"):
        (script,) = row["arguments"]
        assert "pip install" not in script or "--no-cache-dir" in script
        assert "apt-get install" not in script or "rm -rf /var/lib/apt/lists" in script


def test_the_wheel_needs_no_more_than_the_image_is_given(tmp_path: Path) -> None:
    """From what .dockerignore lets in, the wheel is built, with the packs and schemas that ship."""
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line.startswith("!"):
            source = ROOT / line[1:]
            copy = shutil.copytree if source.is_dir() else shutil.copyfile
            copy(source, tmp_path / line[1:])
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"]
    done = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "out").iterdir()
    names = ZipFile(wheel).namelist()
    assert "polcheck/_data/policies/python-project/pack.yaml" in names and "polcheck/_data/schemas/policy.yaml" in names


def test_the_image_checks_a_project_without_a_network() -> None:
    """Built where there is a builder, it checks an example as another user, with nothing to write to."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no Docker daemon to build the image with")
    built = subprocess.run([docker, "build", "-q", str(ROOT)], capture_output=True, text=True, check=False)
    if built.returncode != 0 and "resolve" in built.stderr:
        pytest.skip("the base image can't be fetched here")
    assert built.returncode == 0, built.stderr
    project = f"{ROOT / 'examples/web-service'}:/project:ro"
    run = [docker, "run", "--rm", "--network", "none", "--read-only", "--volume", project, built.stdout.strip()]
    done = subprocess.run([*run, "run"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "fail: " in done.stdout + done.stderr
