"""What to write instead, where a snippet has what other tools and languages write."""

from __future__ import annotations

from polcheck.languages.language import Language

_USUAL = "a snippet is code as the language writes it; `$name` is a part, `...` any number of items"
_CLAUSES = frozenset({"case", "catch", "default", "elif", "else", "elsif", "ensure", "except", "finally", "rescue"})
_OPENING = {"(": ")", "[": "]", "{": "}"}


def advice(text: str, language: Language, missing: str = "") -> str:
    """Return what is right in the place of a snippet that doesn't parse in its language.

    `missing` is the sign that it lacks, if that is all that it lacks.
    """
    word = text.split(maxsplit=1)[0].rstrip(":{(") if text.split() else ""
    if "<..." in text and "...>" in text:
        return "what lies anywhere inside is asked for by `has: {pattern: …}` beside the snippet"
    if "$..." in text:
        return "any number of items is `...`, which binds no name"
    if "$$$" in text:
        return "any number of items is `...`, which binds no name, and one part is `$name`"
    if _has_number(text):
        return "a name begins with a letter or `_`: `$x1`, not `$1`"
    unclosed = _unclosed(text)
    if unclosed:
        return f"`{unclosed}` is not closed"
    if missing == ";":
        return "end it with `;`"
    if word in _CLAUSES:
        return f"`{word}` is a part of a statement: write the statement around it, with `...` for what may be anything"
    if any(sign in f"{text.rstrip()} " for sign in language.foreign):
        return f'this is read as {language.title}: name the files, as `files: "**/*.js"`, or the `language`'
    return _USUAL


def _has_number(text: str) -> bool:
    """Return whether a digit follows a `$`, which begins no name then."""
    at = text.find("$")
    while at >= 0:
        if text[at + 1 : at + 2].isdigit():
            return True
        at = text.find("$", at + 1)
    return False


def _unclosed(text: str) -> str:
    """Return the first bracket or quote that a snippet opens and doesn't close; empty where each is closed."""
    waiting: list[str] = []
    quote = ""
    skip = False
    for char in text:
        if skip or char == "\\":
            skip = not skip
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char in _OPENING:
            waiting.append(char)
        elif char in _OPENING.values() and (not waiting or _OPENING[waiting.pop()] != char):
            return ""
    return quote or (waiting[0] if waiting else "")
