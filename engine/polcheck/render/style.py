"""ANSI colors, or none."""

from __future__ import annotations

from msgspec import Struct

_CODES = {
    "error": "1;31",
    "fail": "1;31",
    "warning": "1;33",
    "undecided": "1;35",
    "none": "1;35",
    "note": "1;36",
    "notice": "36",
    "review": "36",
    "accepted": "36",
    "pass": "1;32",
    "not-applicable": "2",
}


class Style(Struct, frozen=True):
    """Colors for strings when `color` is set, the strings as they are otherwise."""

    color: bool

    def name(self, word: str, width: int = 0, text: str = "") -> str:
        """Return a severity, outcome or verdict (or `text` in its place) in its colour, padded to `width`."""
        return self._put(_CODES[word], text or word) + " " * (width - len(text or word))

    def bold(self, text: str) -> str:
        """Return the text in bold."""
        return self._put("1", text)

    def dim(self, text: str) -> str:
        """Return the text in grey, for what is beside the point."""
        return self._put("2", text)

    def margin(self, text: str) -> str:
        """Return the text in blue: line numbers and what runs along an excerpt."""
        return self._put("34", text)

    def help(self, text: str) -> str:
        """Return the text in green, for what would put things right."""
        return self._put("32", text)

    def mark(self, text: str, severity: str) -> str:
        """Return the text in the colour of a severity, for underlines."""
        return self._put(_CODES[severity], text)

    def _put(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text
