"""A project: its polcheck.yaml and the command line together, and the packs, checker and submission they ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from polcheck import disk
from polcheck.config import Given, InForce, check_agreement
from polcheck.errors import ConfigError, PolicyError, Problem
from polcheck.flow import Checker
from polcheck.library import checker
from polcheck.policy.packfiles import PackFiles
from polcheck.policy.params import Settings
from polcheck.submission import Submission


@dataclass(frozen=True)
class Project:
    """What is in force for one submission, the packs it asks for, and where its paths begin."""

    target: str
    inforce: InForce

    @classmethod
    def at(cls, target: str, given: Given, config: str | None = None, *, isolated: bool = False) -> Project:
        """The project of a submission: its configuration found by walking up, or the file `config`, or none.

        Raises ConfigError for a configuration that can't be used.
        """
        if isolated:
            return cls(target, InForce(given))
        if config is None:
            return cls(target, InForce(given, disk.find_config(target)))
        written = disk.read_config(config)
        if written is None:
            raise ConfigError([Problem(f"`{config}` has no table [tool.polcheck]")])
        return cls(target, InForce(given, written))

    @cached_property
    def packs(self) -> tuple[PackFiles, ...]:
        """The packs to judge by, in the order in which they are named. Raises PolicyError that names every bad one."""
        found: list[PackFiles] = []
        problems: list[Problem] = []
        for entry in self.inforce.packs:
            try:
                found.append(resolve(entry.source, "" if self.inforce.given.packs else self.folder))
            except PolicyError as error:
                problems += [self._placed(problem, entry.at) for problem in error.problems]
        if problems:
            raise PolicyError(problems)
        return tuple(found)

    def _placed(self, problem: Problem, at: tuple[str | int, ...]) -> Problem:
        """A problem with finding a pack, at the place in the file that names it."""
        written = self.inforce.written
        if problem.path or not at or written is None:
            return problem
        return written.problem(at, problem.message, problem.help)

    @property
    def folder(self) -> str:
        """Where the relative paths of the configuration begin; empty for the working directory."""
        return self.inforce.written.folder if self.inforce.written else ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the packs, in order."""
        return tuple(pack.name for pack in self.packs)

    @cached_property
    def settings(self) -> Settings:
        """What is set from outside the packs."""
        return self.inforce.settings(self.names)

    @cached_property
    def checker(self) -> Checker:
        """What judges by the packs. Raises PolicyError for unusable packs, ConfigError for a file that doesn't fit."""
        given = self.inforce.given
        found = replace(checker(self.packs, self.settings, kept=given.cache), jobs=given.jobs)
        check_agreement(self.inforce, found.plan.packs)
        return found

    @cached_property
    def prefix(self) -> str:
        """The submission's path as seen from the configuration's folder, with a final `/`; empty where they are one.

        NOTE: path patterns of a polcheck.yaml begin at its own folder, so that `polcheck run src` leaves out and waives
        what `polcheck run` does.
        """
        if not self.folder or not Path(self.target).is_dir():
            return ""
        return disk.below(self.folder, self.target) or ""

    def read(
        self,
        rev: str | None = None,
        stdin: BinaryIO | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Submission:
        """The submission. Raises SubmissionError when it can't be read."""
        written, given = self.inforce.written, self.inforce.given
        folder = rev is None and Path(self.target).is_dir()
        return disk.read_submission(
            self.target,
            rev=rev,
            stdin=stdin,
            gitignore=self.inforce.gitignore,
            tracked=bool(given.tracked) or (folder and self.inforce.tracked),
            exclude=(*(written.exclude if written else ()), *_below(given.exclude, self.prefix)),
            prefix=self.prefix,
            progress=progress,
        )


def resolve(source: str, folder: str = "") -> PackFiles:
    """The pack that a text names: one that ships with polcheck, or a folder, seen from `folder`. Raises PolicyError."""
    return disk.read_pack(source, folder)


def _below(patterns: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    """Patterns that begin at the submission, as they are from where the configuration's begin."""
    plain = "".join(f"\\{char}" if char in "{}*?\\" else char for char in prefix)
    return tuple(f"!{plain}{text[1:]}" if text.startswith("!") else plain + text for text in patterns)
