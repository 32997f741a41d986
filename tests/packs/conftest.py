"""A project to work in, with a cache of its own, and the places that packs come from."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from packs.places import (
    ArchiveHttpPlace,
    ArchivePlace,
    FolderPlace,
    GitHttpPlace,
    GitPlace,
    OciPlace,
    Place,
)
from polcheck.cli import main

PLACES: dict[str, Callable[[Path], Place]] = {
    "folder": FolderPlace,
    "git file": GitPlace,
    "git http": GitHttpPlace,
    "git dumb http": lambda root: GitHttpPlace(root, dumb=True),
    "registry": OciPlace,
    "archive": ArchivePlace,
    "zip": lambda root: ArchivePlace(root, "acme.zip"),
    "archive http": ArchiveHttpPlace,
}
FETCHED = [name for name in PLACES if name != "folder"]


@dataclass(frozen=True)
class Ran:
    """What came of one command."""

    status: int
    out: str
    err: str


Polcheck = Callable[..., Ran]


@pytest.fixture
def polcheck(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Polcheck:
    """Runs a command as a user would."""

    def run(*arguments: str, status: int | None = 0) -> Ran:
        monkeypatch.setattr(sys, "argv", ["polcheck", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        found = Ran(int(left.value.code or 0), out, err)
        assert status is None or found.status == status, found
        return found

    return run


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that prints, in which the test works; nothing of the user's counts."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("print(1)\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("POLCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return folder


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """One place of the kind that the test names."""
    root = tmp_path / "place"
    root.mkdir()
    made = PLACES[request.param](root)
    yield made
    made.stop() if not isinstance(made, GitPlace | ArchivePlace) or hasattr(made, "web") else None
