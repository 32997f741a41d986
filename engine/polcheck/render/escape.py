"""Escaping of untrusted strings for each output: terminal, HTML, XML, Markdown, URLs, workflow commands.

INVARIANT: a renderer passes every text that it didn't write itself through the function for its output.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from polcheck.base.log_commands import at_line_starts, defused

_JOINERS = "\u200c\u200d"  # they hold emoji and words of some scripts together, and move nothing
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CODE = re.compile("`([^`]+)`")
_ACTIVE = re.compile(r"[\\`*_\[\]#|~$@&<>]|^[-+=]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_ACTIVE_IN_TAG = re.compile(r'[@#&<>"]|:(?=//)|(?<=www)\.', re.IGNORECASE)
_NUMBERED = re.compile(r"^([0-9]+)(?=[.)])")
# NOTE: a mention, a reference or a bare address works without punctuation that a backslash could defuse
_DEFUSED = {
    "@": "@<!-- -->",
    "#": "\\#<!-- -->",
    ":": ":<!-- -->",
    ".": "<!-- -->.",
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
}
_WEB = re.compile(r"https?://[!#-;=?-\[\]_a-z~]+")
# NOTE: JSON spells out C0 itself; C1, marks of direction and the like control terminals all the same
_HIDDEN_IN_JSON = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def terminal(text: str) -> str:
    """Return the text on one line for a terminal: control, direction and line-break characters are spelled out.

    So is what build services take for a command anywhere in a log; `::` at its beginning is left to the stream.
    """
    spelled = text if text.isprintable() else "".join(visible(char) for char in text)
    return defused(spelled)


def visible(char: str) -> str:
    """Return one character as a terminal may show it: itself, or its escape when it controls rather than shows."""
    return char if unicodedata.category(char) not in _HIDDEN or char in _JOINERS else _spelled(char)


def _spelled(char: str) -> str:
    number = ord(char)
    return _NAMED.get(char) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{{{number:x}}}")


def pieces(text: str) -> list[str]:
    """Return the text cut at its `code`: what stands outside at even indices, inside at odd ones."""
    return _CODE.split(text)


def web(address: str) -> bool:
    """Return whether the address is one of the web that may become a link."""
    return _WEB.fullmatch(address) is not None


def json_text(text: str) -> str:
    """Return JSON with escapes for what controls a terminal or a log, and for lone surrogates, which UTF-8 lacks."""
    spelled = _HIDDEN_IN_JSON.sub(lambda match: json.dumps(match.group())[1:-1], text)
    return defused(spelled, lambda char: f"\\u{ord(char):04x}")


def printable(text: str) -> str:
    """Return the text with its line breaks and tabs, other control characters spelled out."""
    return "\n".join(
        line if line.isprintable() else _spelled_line(line) for line in text.replace("\r\n", "\n").split("\n")
    )


def _spelled_line(line: str) -> str:
    return "\t".join(terminal(part) for part in line.split("\t"))


def html(text: str) -> str:
    """Return the text for an HTML element or a quoted attribute."""
    return _logged(_escaped(printable(text), quote=True))


def xml(text: str) -> str:
    """Return the text for an XML element; what XML can't hold is spelled out."""
    return _logged(_escaped(_not_xml().sub(lambda match: _spelled(match.group()), printable(text)), quote=False))


@lru_cache(maxsize=1)
def _not_xml() -> re.Pattern[str]:
    # NOTE: to compile it takes 3 ms, which a run that writes no XML has no use for
    return re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _escaped(text: str, *, quote: bool) -> str:
    from html import escape

    return escape(text, quote)


def _logged(text: str) -> str:
    """Return markup without what build services take for a command, should it go to a log."""
    return defused(at_line_starts(text, _entity), _entity)


def _entity(char: str) -> str:
    return f"&#{ord(char)};"


def xml_attribute(text: str) -> str:
    """Return the text for a quoted attribute in XML, line breaks kept."""
    return xml(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def workflow_data(text: str) -> str:
    """Return the text as the message of a GitHub workflow command."""
    return defused(printable(text)).replace("%", "%25").replace("\n", "%0A").replace("\t", " ")


def workflow_property(text: str) -> str:
    """Return the text as a property of a GitHub workflow command."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")


def uri(path: str) -> str:
    """Return a path as a relative URI reference."""
    from urllib.parse import quote

    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    return quote(data, safe="/-._~!$&'()*+,;=@") or "."


def markdown(text: str, cell: bool = False) -> str:
    """Return the text on one line of Markdown, its own `code` kept; `cell` for one cell of a table."""
    result = enumerate(pieces(terminal(text.strip())))
    return "".join(_span(piece, cell) if index % 2 else _prose(piece) for index, piece in result)


def markdown_html(text: str) -> str:
    """Return the text inside an HTML tag of a Markdown page."""
    return _ACTIVE_IN_TAG.sub(lambda match: _DEFUSED[match.group()].lstrip("\\"), terminal(text))


def code(text: str) -> str:
    """Return the text as a code span of Markdown."""
    spelled = terminal(text)
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", spelled)), default=0))
    pad = " " if spelled.startswith(("`", " ")) or spelled.endswith(("`", " ")) or not spelled else ""
    return f"{ticks}{pad}{spelled}{pad}{ticks}"


def fence(lines: Iterable[str], language: str = "") -> list[str]:
    """Return the lines as a fenced block of Markdown, which nothing in them can close."""
    body = [defused(printable(line).replace("\n", "\\n")) for line in lines]
    ticks = "`" * max(3, 1 + max((len(run) for line in body for run in re.findall("`+", line)), default=0))
    return [ticks + (language if language.isalnum() and language.isascii() else ""), *body, ticks]


def _span(text: str, cell: bool) -> str:
    return _prose(f"`{text}`") if cell and "|" in text else f"`{text}`"


def _prose(text: str) -> str:
    escaped = _ACTIVE.sub(lambda match: _DEFUSED.get(match.group(), "\\" + match.group()), text)
    return _NUMBERED.sub(r"\1\\", escaped)
