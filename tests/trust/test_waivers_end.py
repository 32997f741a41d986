"""Waivers in comments are read in a time that grows with the file, whatever it holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from polcheck.base.limits import Clock
from polcheck.base.spans import Source
from polcheck.languages.comments import CommentsUnread, comments_of
from polcheck.project.waivers import waivers_in

MARK = "polcheck: ignore[a] r"
SHAPES: dict[str, Callable[[int], str]] = {
    "spaces in a reason": lambda n: f"# {MARK}{' ' * n}b\n",
    "spaces before a verb": lambda n: f"# polcheck:{' ' * n}ignore[a] r\n",
    "brackets that never close": lambda n: "# " + "polcheck: ignore[" * (n // 16) + "\n",
    "waivers on one line": lambda n: f"# {MARK} " + f"{MARK} " * (n // 20) + "\n",
    "waivers on lines of their own": lambda n: f"# {MARK}\n" * (n // 20),
    "waivers in one long comment": lambda n: "<!--\n" + f"{MARK}\n" * (n // 20) + "-->\n",
    "comments on one line": lambda n: f"/* {MARK} */" * (n // 26) + "\n",
    "comments of a template": lambda n: "{{/* " * (n // 5),
    "leaders that lead nothing": lambda n: "x#" * (n // 2) + f" {MARK}\n",
    "openings of markup": lambda n: "<!--" * (n // 4) + f" {MARK}\n",
    "mentions": lambda n: "# " + "polcheck-ignore " * (n // 16) + "\n",
    "words of almost one": lambda n: "# " + "polcheck: " * (n // 10) + "\n",
    "fences": lambda n: "```\n" * (n // 8) + "~~~~\n" * (n // 10) + f"<!-- {MARK} -->\n",
}
FILES = ("a.py", "a.yaml", "a.md", "a.ini", "a.toml", "a.sh", "a.sql", "h.tpl", "a.json")
PARSED = ("a.py", "a.toml", "a.sh", "a.json")


def seconds(path: str, text: str) -> float:
    """Return the processor time that the waivers of a file take, the better of two tries."""
    best = float("inf")
    for _ in range(2):
        began = time.process_time()
        with suppress(CommentsUnread):
            list(waivers_in(Source(path, text.encode()), Clock(1.0)))
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("path", FILES)
def test_ten_times_the_text_takes_no_hundred_times_as_long(path: str, shape: str) -> None:
    """Neither the square nor the cube of a length; where a grammar parses, its clock ends what takes too long."""
    small, large = seconds(path, SHAPES[shape](4_000)), seconds(path, SHAPES[shape](40_000))
    assert large < (2.5 if path in PARSED else max(30 * small, 0.3))


def test_parsing_ends_with_the_clock() -> None:
    """A text that the grammar recovers from for a long time is given up, and nothing in it waives."""
    began = time.process_time()
    with pytest.raises(CommentsUnread):
        comments_of(Source("a.py", b"x = (1,\n/*a" * 40_000), Clock(0.2))
    assert time.process_time() - began < 3
