"""String literals of a programming language for texts, so that what is put into code can't be anything but a string."""

from __future__ import annotations

from polcheck.base.spans import Source
from polcheck.edits.edit import EditRefused
from polcheck.languages.grammars import parse
from polcheck.languages.literals import Quoting
from polcheck.languages.registry import UnknownLanguage, language

MAX_LENGTH = 100_000
"""Characters of a text that is written as a literal."""


def quote(text: str, name: str, like: str = "") -> str:
    """Return a string literal of the language `name` that reads back as `text`.

    It is written in the quotes in which `like` is, another literal of the language, where these can hold the text.
    Raises EditRefused where the language has no such literal, or its grammar isn't installed.
    """
    try:
        known = language(name)
    except UnknownLanguage as error:
        raise EditRefused(str(error)) from error
    if not known.quoting:
        raise EditRefused(f"polcheck writes no string literals of {known.title}")
    if len(text) > MAX_LENGTH:
        raise EditRefused(f"a string of more than {MAX_LENGTH} characters isn't written as a literal")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise EditRefused("the string has half of a surrogate pair, which can't be written")
    for way in sorted(known.quoting, key=lambda way: not like.startswith(way.quote)):
        written = way.write(text)
        if written is not None and _reads_back(written, text, name, way):
            return written
    raise EditRefused(f"this string can't be written as a literal of {known.title} that reads back unchanged")


def _reads_back(written: str, text: str, name: str, way: Quoting) -> bool:
    """Return whether a literal means a text, and is one node of its kind where it stands."""
    try:
        tree = parse(Source("", (way.before + written + way.after).encode("utf-8")), name).tree
    except UnknownLanguage as error:
        raise EditRefused(f"{error}: {error.help}") from error
    start = len(way.before.encode("utf-8"))
    end = start + len(written.encode("utf-8"))
    node = None if tree.root_node.has_error else tree.root_node.descendant_for_byte_range(start, end)
    while node is not None and (node.start_byte, node.end_byte) == (start, end):
        literal = language(name).literal(node)
        if literal is not None:
            return literal.plain and literal.value == text
        node = node.parent
    return False
