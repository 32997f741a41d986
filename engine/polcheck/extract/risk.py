"""Which texts are parsed and searched in this process, and which in one that may be lost."""

from __future__ import annotations

from polcheck.documents import syntax
from polcheck.selectors.syntax import Syntax
from polcheck.source import Source

# NOTE: recovering from errors takes tree-sitter time and memory that grow with the cube of a text's length: 4 KB of
# `/*a` as Python take 800 MB and 2 s. Below this size it is harmless.
PARSED_HERE = 1_500
COMPILED_HERE = 64_000  # of Python: where its own compiler finds nothing wrong, there is nothing to recover from
SEARCHED_HERE = 20_000  # a text that is bound, where a regular expression may look to its end for each match


class TooRisky(Exception):
    """A file should be searched in a process that can be killed."""


def is_risky(source: Source, language: str) -> bool:
    """Whether parsing a file could take so long or so much that it needs a process of its own. Raises Unreadable."""
    if len(source.data) <= PARSED_HERE:
        return False
    sound = language == "python" and len(source.data) <= COMPILED_HERE and syntax.python_error(source) is None
    return not sound


def multiplies(what: object, size: int) -> bool:
    """Whether a probe may have very many matches in a text of that size."""
    if not isinstance(what, Syntax) or what.kind != "code":
        return False
    from polcheck.selectors.syntax.risk import may_multiply

    return may_multiply(what, size)
