"""Errors of policies, packs and submissions, as values and as exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

_ADDRESS = re.compile(r" (?:object )?at 0x[0-9a-f]+")  # differs from run to run
_LONGEST = 200


class Problem(Struct, frozen=True):
    """One thing that is wrong in a file people write: where, what, and what would be right.

    `line` and `column` count from 1, columns in characters; 0 means that there is no place.
    `excerpt` is the text of that line.
    """

    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    excerpt: str = ""
    help: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        lines = [_one_line(f"{place}: {self.message}" if place else self.message)]
        if self.excerpt and self.line:
            lines += [f"  {self.excerpt}", "  " + _caret_indent(self.excerpt, self.column) + "^"]
        if self.help:
            lines.append(f"help: {self.help}")
        return "\n".join(lines)


def _one_line(text: str) -> str:
    """Return the text on one line. NOTE: a stranger's file name must not look like an error of its own."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _caret_indent(excerpt: str, column: int) -> str:
    """White space that puts a caret under `column`; tabs stay tabs so that both lines align."""
    return "".join("\t" if char == "\t" else " " for char in excerpt[: max(column - 1, 0)])


class PolcheckError(Exception):
    """The base of every exception that polcheck raises on purpose; its text is for people."""


class PolicyError(PolcheckError):
    """Packs or policies that can't be used; `problems` names everything that is wrong with them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.path, p.line, p.column, p.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SubmissionError(PolcheckError):
    """A submission that can't be read at all: missing, broken, empty, or leaving its own root. Its text is one line."""

    def __init__(self, text: str) -> None:
        super().__init__(_one_line(text))


class ConfigError(PolicyError):
    """A polcheck.yaml or a command-line value that can't be used."""


def is_fault(text: str, doing: str) -> bool:
    """Return whether the text is what `told` says of `doing`."""
    return text.startswith(f"{doing} failed: ")


def internal_error(doing: str, error: BaseException) -> str:
    """Return the one-line message for an internal error that occurred while `doing` something; equal in every run."""
    first = _ADDRESS.sub("", str(error).strip().partition("\n")[0])[:_LONGEST]
    return f"{doing} failed: {type(error).__name__}" + (f": {first}" if first else "")
