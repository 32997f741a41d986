"""The pages of docs/ that show commands, played: their files written, their commands run, in the order of the page.

A paragraph that is one path in backquotes and a colon names the file that the block after it holds. In a block of
`console` lines that start with `$ ` are commands, and what follows is their output: standard output, then standard
error; `…` stands for what is left out or different each time. A comment `<!-- setup … -->` holds commands of the shell
that prepare what the page speaks of and that readers don't see, with `$REPOSITORY` for this repository.
`WRITE_PAGES=1` rewrites the outputs; look at the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import click
import pytest

from pack_files import ROOT
from polcheck.cli.commands import COMMANDS

# page -> why its commands are not run here
ELSEWHERE = {
    "packs": "tests/packs/test_packs_page.py runs them, with git servers and keys",
    "languages": "it installs extras",
    "ci": "it builds an image",
}
PAGES = sorted(
    page.stem
    for page in (ROOT / "docs").glob("*.md")
    if page.stem not in ELSEWHERE and "```console\n" in page.read_text("utf-8")
)
_BLOCK = re.compile(
    r"^<!-- setup\n(?P<setup>.*?)^-->$"
    r"|^`(?P<path>[^`]+)`:\n\n```(?!console)\w*\n(?P<content>.*?)^```$"
    r"|^```console\n(?P<console>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
_SHELL = re.compile(r"^```(?:sh|console)\n(.*?)^```$|`(polcheck [a-z][^`]*)`", re.MULTILINE | re.DOTALL)


@dataclass
class Player:
    """Runs the commands of a page in a folder; `commands` are those it ran, each with its exit status."""

    folder: Path
    commands: list[tuple[str, int]] = field(default_factory=list)

    def play(self, page: str) -> str:
        """Return the page with the outputs that its commands really have."""
        return _BLOCK.sub(self._block, page)

    def _block(self, block: re.Match[str]) -> str:
        if block["setup"]:
            self._shell(block["setup"]).check_returncode()
        elif block["path"]:
            target = self.folder / block["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block["content"], "utf-8")
        else:
            shown = _COMMAND.findall(block["console"])
            return "```console\n" + "".join(f"$ {line}\n{self._run(line, output)}" for line, output in shown) + "```"
        return block.group()

    def _run(self, command: str, shown: str) -> str:
        """Return the output of one command, as the page shows it where that says the same.

        `echo $?` prints the exit status of the one before.
        """
        if command == "echo $?":
            return f"{self.commands[-1][1]}\n"
        done = self._shell(command)
        self.commands.append((command, done.returncode))
        output = done.stdout + done.stderr
        return shown if _says(shown, output) else output

    def _shell(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-ec", script],
            cwd=self.folder,
            env=_environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
        )


def _says(shown: str, output: str) -> bool:
    """Return whether an output is what a page shows, where `…` stands for anything."""
    return re.fullmatch(".*?".join(map(re.escape, shown.split("…"))), output, re.DOTALL) is not None


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment without colors, a terminal of 100 columns and nothing that an earlier run has stored."""
    own = {"COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(ROOT / "engine"), "PYTHONIOENCODING": "utf-8"}
    own |= {"REPOSITORY": str(ROOT), "POLCHECK_CACHE": str(folder.parent / f"{folder.name}-cache")}
    own |= {"PRE_COMMIT_HOME": str(folder.parent / f"{folder.name}-pre-commit")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_", "CI"))}
    return {**inherited, **own, "PATH": f"{_commands(folder)}:{os.environ['PATH']}"}


def _commands(folder: Path) -> Path:
    """Return a folder with the commands that pages call: those of this environment, installed or not."""
    commands = folder.parent / "bin"
    commands.mkdir(exist_ok=True)
    for name, module in (("polcheck", "polcheck"), ("pre-commit", "pre_commit")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        (commands / name).chmod(0o755)
    return commands


@pytest.fixture(scope="module", params=PAGES)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Player]:
    """Return a page, and what came of playing it."""
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
    assert len(player.commands) == len(re.findall(r"^\$ (?!echo \$\?)", path.read_text("utf-8"), re.MULTILINE)) > 0


def test_the_tutorial_ends_well(played: tuple[Path, str, Player]) -> None:
    """Its last run passes, and so do the cases before."""
    path, _, player = played
    if path.stem == "tutorial":
        statuses = dict(player.commands)
        assert statuses["polcheck run shop"] == 0
        assert statuses["polcheck test house --mutate"] == 0


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_every_command_and_option_that_a_page_names_exists(page: str) -> None:
    """Also those in a sentence."""
    lines = [
        line.removeprefix("$ ").partition(" #")[0]
        for block, inline in _SHELL.findall((ROOT / page).read_text("utf-8"))
        for line in (block.replace("\\\n", " ").splitlines() if block else [inline])
    ]
    assert [(line, wrong) for line in lines if line.startswith("polcheck ") for wrong in _unknown(line)] == []


def _unknown(line: str) -> list[str]:
    """Return what of a command of polcheck no command and no option is called."""
    try:
        _, name, *arguments = shlex.split(re.sub(r"[|<>].*", "", line).replace("…", " "))
    except ValueError:
        return []  # prose that no shell would read
    if name.startswith("-") or name not in COMMANDS:
        return [] if name.startswith("-") else [name]
    module, attribute, _ = COMMANDS[name]
    command: click.Command = getattr(import_module(module), attribute)
    while isinstance(command, click.Group) and arguments and arguments[0] in command.commands:
        command = command.commands[arguments.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"--help", "-h"}
    return [word for word in arguments if re.match(r"--?[a-zA-Z]", word) and word.partition("=")[0] not in known]
