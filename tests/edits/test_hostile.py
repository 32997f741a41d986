"""Files made to be slow, deep or broken are edited in bounded time, or refused."""

from __future__ import annotations

import contextlib
import random
import time
from typing import Any

import pytest

from edit_layouts import LAYOUTS
from polcheck.base.spans import Source, Span
from polcheck.edits import operations
from polcheck.edits.code import replace_code
from polcheck.edits.edit import EditRefused, apply
from polcheck.edits.editor import OPERATIONS, editors
from polcheck.edits.quoting import quote

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "replace": (("a",), "new"),
    "insert": ((), "new", ["x", {"y": "z"}]),
    "append": (("a",), "new"),
    "delete": (("a",),),
    "rename": (("a",), "new"),
}
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + chr(ord(name) - 1)] * 9)}]\n" for name in "bcdefghi"
)
LINES = 5_000
HOSTILE = {
    "yaml": (
        "[" * 5_000,
        "- " * 5_000,
        "a: " * 500 + "b",
        BOMB,
        "".join(f"k{at}: v\n" for at in range(LINES)) + "a: 1\n",
    ),
    "json": ("[" * 100_000, '{"a":' * 10_000, "{" + ",".join(f'"k{at}":{at}' for at in range(LINES)) + ',"a":[]}'),
    "jsonc": ("/*" * 50_000, '{"a": [' + "1, // x\n" * LINES + "]}", "//" * 100_000),
    "toml": (
        "a." * 5_000 + "b = 1",
        "".join(f"[t{at}]\nx = 1\n" for at in range(LINES // 10)) + "[a]\n",
        "a = " + "[" * 5_000,
    ),
    "ini": ("[a]\n" + "k = v\n" * LINES, "".join(f"[s{at}]\n" for at in range(LINES)), "[" * 100_000),
    "hcl": ("a {" * 5_000, "a = " + "(" * 50_000, "".join(f"k{at} = 1\n" for at in range(LINES)) + "a = []\n"),
    "xml": ("<a>" * 50_000, "<a>" + "<b/>" * LINES + "</a>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    "requirements": ("a" * 200_000, "a==1\n" * 3_000),
}


@pytest.mark.parametrize("format", sorted(HOSTILE))
def test_a_hostile_file_is_edited_or_refused_in_time(format: str) -> None:
    """Nesting, aliases that multiply, very long lines and very many entries."""
    for text in HOSTILE[format]:
        source = Source("file", text.encode())
        for operation in OPERATIONS:
            if not editors()[format].supports(operation):
                continue
            begin = time.monotonic()
            try:
                edits = getattr(operations, operation)(source, format, *ARGUMENTS[operation])
                apply(source.data, edits)
            except EditRefused:
                pass
            assert time.monotonic() - begin < 30, (operation, text[:40])


@pytest.mark.parametrize("format", sorted(editors()))
def test_a_broken_file_is_edited_or_refused(format: str) -> None:
    """Bytes are taken out of typical files, doubled, and exchanged for others; wrong encodings are among them."""
    chance = random.Random(format)
    for text in LAYOUTS[format] * 25:
        data = bytearray(text.encode())
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 3)] = chance.choice(
                (b"", b"\xff", b"\0", b"\r", b'"', b"[", b"}", b"#", b"\t", b":", b"*a")
            )
        source = Source("file", bytes(data))
        for operation in OPERATIONS:
            if editors()[format].supports(operation):
                pointer = chance.choice(
                    (("a",), (0,), ("jobs", "test"), ("project",), (1, "image"), ("Service", "User"))
                )
                arguments = (pointer, *ARGUMENTS[operation][1:])
                try:
                    apply(source.data, getattr(operations, operation)(source, format, *arguments))
                except EditRefused:
                    continue


def test_values_too_deep_or_large_are_refused() -> None:
    """The new value has the bounds of what is read."""
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(EditRefused, match="nested"):
        operations.insert(Source("file", b"a: 1\n"), "yaml", (), "b", deep)
    with pytest.raises(EditRefused, match="more than"):
        quote("x" * 200_000, "python")


def test_deep_code_is_edited_in_time() -> None:
    """Parentheses in parentheses."""
    code = "x = " + "(" * 3_000 + "y" + ")" * 3_000 + "\n"
    begin = time.monotonic()
    with contextlib.suppress(EditRefused):
        replace_code(Source("a.js", code.encode()), "javascript", Span(3_004, 3_005), "z")
    assert time.monotonic() - begin < 30
