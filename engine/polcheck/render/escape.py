"""Text from packs and submissions made harmless for each output.

INVARIANT: a renderer passes every text that it didn't write itself through the function for its output.
"""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"  # they hold emoji and words of some scripts together, and move nothing
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SURROGATE = re.compile("[\ud800-\udfff]")


def terminal(text: str) -> str:
    """The text on one line for a terminal: control, direction and line-break characters are spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(visible(char) for char in text)


def visible(char: str) -> str:
    """One character as a terminal may show it: itself, or its escape when it controls rather than shows."""
    if unicodedata.category(char) not in _HIDDEN or char in _JOINERS:
        return char
    code = ord(char)
    return _NAMED.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}")


def surrogates(text: str) -> str:
    """JSON text whose lone surrogates, which UTF-8 can't carry, are spelled as escapes."""
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
