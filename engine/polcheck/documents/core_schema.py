"""What YAML 1.2's core schema makes of scalars."""

from __future__ import annotations

import math
import re

from polcheck.documents.config import Json, LimitExceeded, Unparsable
from polcheck.documents.limits import integer_in_bounds
from polcheck.source import Span

_CORE = "tag:yaml.org,2002:"
_WORDS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TAGGED_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
}


def plain(text: str) -> Json:
    """What a plain scalar means in the core schema; infinities, NaN and floats too large stay texts.

    Raises LimitExceeded for an integer of too many digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMBER_STARTS else text


def _number(text: str) -> Json:
    if _INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        try:
            return integer_in_bounds(int(text, base))
        except ValueError as error:  # int() refuses more than 4,300 digits
            raise LimitExceeded("an integer of more than 4200 digits") from error
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def tagged(tag: str, text: str, style: str, span: Span) -> Json:
    """What a scalar with a tag means (`style` is empty for a plain one); an unknown tag changes nothing.

    Raises Unparsable, at `span`, when the text isn't what a core tag says, and LimitExceeded as `plain` does.
    """
    name = tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
    if name in _TAGGED_TYPES:
        value = plain(text)
        if type(value) in _TAGGED_TYPES[name]:
            return _float(value, text) if name == "float" and isinstance(value, int) else value
        if name == "float" and text.lstrip("+-").lower() in (".inf", ".nan"):
            return text
        raise Unparsable(f"`{text[:40]}` is not what the tag `!!{name}` says", span)
    if style or tag == "!" or tag.startswith(_CORE):
        return text
    return plain(text)


def _float(number: int, text: str) -> float | str:
    return float(number) if number.bit_length() < 1000 else text
