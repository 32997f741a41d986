"""docs/packs.md: every command in it is run, and says what the page says it does."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pack_files import ROOT
from packs.places import GitPlace

PAGE = ROOT / "docs" / "packs.md"
BLOCK = re.compile(r"(?:<!-- then: (\w+) -->\n)?```console\n(.*?)```", re.DOTALL)
HEALTH = "id: health\ntitle: The service has a health route\nseverity: note\n" + (
    "require: {files: 'src/*.py', pattern: 'app.get(\"/health\", ...)'}\nmessage: there is no health route\n"
)


def steps() -> Iterator[tuple[str, str, str]]:
    """Each command of the page: what happens before it, the command, and what it prints."""
    for before, block in BLOCK.findall(PAGE.read_text("utf-8")):
        for number, part in enumerate(re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]):
            command, _, output = part.partition("\n")
            yield before if number == 0 else "", command, output


def published(place: GitPlace, *, later: bool) -> None:
    """Puts the packs of the examples where the page's source leads."""
    folder = ROOT / "examples" / "shared-pack"
    files = {f"../{path.relative_to(folder)}": path.read_text("utf-8") for path in folder.rglob("*.yaml")}
    if later:
        head = "../services/pack.yaml"
        files[head] = files[head].replace("1.2.0", "1.3.0").replace("default: 30", "default: 3")
        files["../services/policies/health.yaml"] = HEALTH
    place.publish(files)


def test_the_page_is_true(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands after each command is what it prints; `…` stands for what differs."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    place = GitPlace(tmp_path / "place")
    published(place, later=False)
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "file://{place.bare}"]\n\tinsteadOf = https://git.example.com/acme/policies\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    shutil.copytree(ROOT / "examples" / "project-a", project, dirs_exist_ok=True)
    shutil.copytree(ROOT / "examples" / "shared-pack", project / "policies")
    for name in ("polcheck.yaml", "polcheck.lock", "a.py"):
        (project / name).unlink()
    command = tmp_path / "bin" / "polcheck"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m polcheck "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "engine"),
    }
    ran = 0
    for before, line, wanted in steps():
        if before == "publish":
            published(place, later=True)
        done = subprocess.run(
            line, shell=True, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        pattern = re.escape(wanted).replace("…", r"[^\n]*")
        assert re.fullmatch(pattern, done.stdout), f"$ {line}\n{done.stdout}"
        ran += 1
    assert ran > 10
