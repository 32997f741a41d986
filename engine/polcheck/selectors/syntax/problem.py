"""What can be wrong with the text of a `code` or `pattern` selector."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

RESERVED = frozenset({"path", "line", "column", "file", "params", "subject"})
"""Names that polcheck sets itself; a selector can't bind them."""


class SyntaxProblem(Exception):
    """Why a query or a snippet can't be used.

    `offset` counts characters of the text given; `index` says which of several texts that is.
    """

    def __init__(self, message: str, offset: int = 0, help: str | Callable[[], str] = "", index: int = 0) -> None:
        self.message = message
        self.offset = offset
        self._help = help
        self.index = index
        super().__init__(message)

    @property
    def help(self) -> str:
        """What to do about it; empty where nothing is to be said.

        NOTE: to look for a similar name costs more than all else, and readings of a snippet are refused in silence.
        """
        return self._help if isinstance(self._help, str) else self._help()


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a help text that names the closest of `known`; `otherwise` when none is close."""
    close = difflib.get_close_matches(word, sorted(set(known)), n=3, cutoff=0.6)
    if not close:
        return otherwise
    return "did you mean " + " or ".join(f"`{name}`" for name in close) + "?"


def refuse_reserved(name: str, offset: int) -> None:
    """Raises SyntaxProblem when `name` is one that polcheck sets itself."""
    if name in RESERVED:
        raise SyntaxProblem(f"`{name}` is set by polcheck", offset, f"choose another name, such as `the_{name}`")
