"""Mutations of path patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from polcheck.authoring.mutants.edits import Variant, spliced

_CAPTURE = re.compile(r"(?<!\\)\{([A-Za-z_]\w*)(:\*\*)?\}")


def path_variants(text: str) -> Iterator[Variant]:
    """Yield the pattern with its folder or its file's name widened, or without one choice of `{a,b}`."""
    body = text.removeprefix("!")
    offset = len(text) - len(body)
    folder, slash, name = body.rstrip("/").rpartition("/")
    if slash and folder.strip("*/") and not _CAPTURE.search(folder):
        yield spliced("widen-folder", text, offset, offset + len(folder), "**")
    stem, dot, _ = name.rpartition(".")
    plain = stem if dot and stem else name
    if plain.strip("*?") and not _CAPTURE.search(plain):
        start = offset + len(folder) + len(slash)
        yield spliced("widen-name", text, start, start + len(plain), "*")
    for start, end, new in _choices(text):
        yield spliced("drop-path", text, start, end, new)


def capture_variants(text: str) -> Iterator[Variant]:
    """Yield the pattern with a capture made a wildcard: it joins on nothing any more."""
    for result in _CAPTURE.finditer(text):
        wild = "**" if result.group(2) else "*"
        yield spliced("drop-join", text, *result.span(), wild)._replace(before=result.group(), after=wild)


def _choices(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield each choice of each `{a,b}`: the span of the braces, and their replacement without it."""
    stack: list[list[int]] = []
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\":
            index += 1
        elif char == "{":
            stack.append([index + 1])
        elif char == "," and stack:
            stack[-1].append(index + 1)
        elif char == "}" and stack:
            starts = stack.pop()
            choices = text[starts[0] : index].split(",") if len(starts) > 1 else []
            for number in range(len(choices) if len(choices) == len(starts) else 0):
                left = choices[:number] + choices[number + 1 :]
                # NOTE: one word in braces would be a capture
                yield starts[0] - 1, index + 1, left[0] if len(left) == 1 else "{" + ",".join(left) + "}"
        index += 1
