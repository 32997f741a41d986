"""What a configuration format is: its name, its files, the function that reads them, and what others ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from polcheck.base.spans import Source, Span
from polcheck.formats.values import Config


def _never(_: str | bytes) -> bool:
    return False


def _no_dialect(_: Source) -> bool:
    return False


def _from_the_start(_: str) -> int:
    return 0


class Format(Struct, frozen=True):
    """One configuration format: the value `FORMAT` of the module in this package that reads it.

    NOTE: every format's module is imported as soon as one file's name is looked up, so it imports what parses (a
    library, a table of regular expressions) when its `parse` is first called.
    """

    name: str
    """What policies write as `language`."""
    title: str
    """What messages call it."""
    parse: Callable[[Source], Config]
    """Returns the documents of a file. Raises Unparsable, LimitExceeded, or Unreadable when its bytes aren't text."""
    suffixes: tuple[str, ...] = ()
    """Endings of file names, lowercase."""
    names: tuple[str, ...] = ()
    """Whole file names."""
    paths: tuple[str, ...] = ()
    """Ends of paths below a folder, as `.git/config`."""
    patterns: tuple[str, ...] = ()
    """Ends of paths with one `*`, which stands for any characters of one name, as `.vscode/*.json`."""
    scattered: bool = False
    """Whether parts of one mapping may stand apart, so that its place need not hold them."""
    root: str = ""
    """The kind that every document of it has at its root, `object` or `array`; empty where that is open."""
    levels: int = 0
    """How many levels of keys a document has, each of them an object's; 0 where that is open."""
    comments: tuple[str, ...] = ()
    """What a line begins with that is a comment; empty where there is none, or it takes a parser."""
    comments_in_values: bool = False
    """Whether a line of a value that begins so is a comment, which isn't part of it."""
    scalars: Callable[[Source], Iterator[Span]] | None = None
    """Yields the scalars of a file, as far as it can be read, where `#` after white space is a comment but in them."""
    dialect_of: str = ""
    """The format of whose files this one is a dialect, recognized by `recognizes`."""
    recognizes: Callable[[Source], bool] = _no_dialect
    """Whether a file of `dialect_of` is in this dialect."""
    escapes: Callable[[bytes], bool] = _never
    """Whether any key of a file with these bytes may be spelled with other characters than its own."""
    respells: Callable[[str], bool] = _never
    """Whether a key that reads so may be spelled with other characters in a file that `escapes` says nothing of."""
    body: Callable[[str], int] = _from_the_start
    """The offset, in the text of a string as the file writes it, at which its content begins."""
