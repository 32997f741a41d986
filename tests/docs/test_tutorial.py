"""The tutorial and other pages, played: their files written, their commands run, in the order of the page.

A paragraph that is one path in backquotes and a colon names the file that the block after it holds. In a block of
`console` lines that start with `$ ` are commands, and what follows is their output: standard output, then standard
error. `WRITE_PAGES=1` rewrites the outputs; look at the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pack_files import ROOT

PAGES = ["tutorial", "validate"]
_BLOCK = re.compile(
    r"^`(?P<path>[^`]+)`:\n\n```(?!console)\w*\n(?P<content>.*?)^```$|^```console\n(?P<console>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^\$ (?P<command>.*)\n", re.MULTILINE)


@dataclass
class Player:
    """Runs the commands of a page in a folder; `commands` are those it ran, each with its exit status."""

    folder: Path
    commands: list[tuple[str, int]] = field(default_factory=list)

    def play(self, page: str) -> str:
        """The page with the outputs that its commands really have."""
        return _BLOCK.sub(self._block, page)

    def _block(self, found: re.Match[str]) -> str:
        if found["path"]:
            target = self.folder / found["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(found["content"], "utf-8")
            return found.group()
        commands = [each["command"] for each in _COMMAND.finditer(found["console"])]
        return "```console\n" + "".join(f"$ {command}\n{self._run(command)}" for command in commands) + "```"

    def _run(self, command: str) -> str:
        """The output of one command; `echo $?` tells the exit status of the one before."""
        if command == "echo $?":
            return f"{self.commands[-1][1]}\n"
        real = re.sub(r"^polcheck\b", f"{sys.executable} -m polcheck", command)
        done = subprocess.run(
            ["/bin/sh", "-c", real],
            cwd=self.folder,
            env=_environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
        )
        self.commands.append((command, done.returncode))
        return done.stdout + done.stderr


def _environment(folder: Path) -> dict[str, str]:
    """A terminal of 100 columns without colours, and nothing that an earlier run has kept."""
    own = {"COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(ROOT / "engine"), "PYTHONIOENCODING": "utf-8"}
    return {**os.environ, **own, "POLCHECK_CACHE": str(folder.parent / f"{folder.name}-kept")}


@pytest.fixture(scope="module", params=PAGES)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Player]:
    """A page, and what came of playing it."""
    path = ROOT / "docs" / f"{request.param}.md"
    player = Player(tmp_path_factory.mktemp(request.param))
    real = player.play(path.read_text("utf-8"))
    if os.environ.get("WRITE_PAGES"):
        path.write_text(real, "utf-8")
    return path, real, player


def test_the_outputs_of_the_page_are_real(played: tuple[Path, str, Player]) -> None:
    """To the character."""
    path, real, _ = played
    assert real == path.read_text("utf-8")


def test_the_page_runs_commands(played: tuple[Path, str, Player]) -> None:
    """A page whose blocks were not recognised would pass for nothing."""
    path, _, player = played
    assert len(player.commands) == len(re.findall(r"^\$ (?!echo)", path.read_text("utf-8"), re.MULTILINE)) > 0


def test_the_tutorial_ends_well(played: tuple[Path, str, Player]) -> None:
    """Its last run passes, and so do the cases before."""
    path, _, player = played
    if path.stem == "tutorial":
        statuses = dict(player.commands)
        assert statuses["polcheck run shop"] == 0
        assert statuses["polcheck test house --mutate"] == 0


def test_the_links_of_the_page_lead_somewhere(played: tuple[Path, str, Player]) -> None:
    """To a page that exists."""
    path, real, _ = played
    for target in re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]+)?\)", real):
        assert (path.parent / target).is_file(), target
