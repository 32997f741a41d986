"""Bytes as the texts that a harness needs: parts between lines that hold `%%` alone."""

from __future__ import annotations

import re

_BETWEEN = re.compile(r"(?m)^%%\n")


def text_of(data: bytes) -> str:
    """The bytes as text; each byte that is no UTF-8 is half a surrogate pair, which JSON can bring as well."""
    return data.decode("utf-8", "surrogateescape")


def parts(data: bytes) -> list[str]:
    """The texts between the lines; at least one."""
    return _BETWEEN.split(text_of(data))


def two_parts(data: bytes) -> tuple[str, str]:
    """The text before the first such line, without its line break, and all that follows.

    The first is one of a policy, in which nothing is half a surrogate pair.
    """
    first, *rest = _BETWEEN.split(text_of(data), maxsplit=1)
    first = encoded(first).decode("utf-8", "replace")
    return first.removesuffix("\n") if rest else first, rest[0] if rest else ""


def encoded(text: str) -> bytes:
    """The bytes of a text that `text_of` gave, as they were."""
    return text.encode("utf-8", "surrogateescape")
