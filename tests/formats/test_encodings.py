"""Files in other encodings than UTF-8: read, or refused with a reason, so that nothing hides in them."""

from __future__ import annotations

import pytest

from pack_files import judge, outcome, places
from polcheck.base.spans import Source, Unreadable

FORBIDS_EVAL = 'forbid: {files: "**", language: python, pattern: eval(...)}'
FORBIDS_SECRET = 'forbid: {files: "**", data: secret}'
HIDDEN = b"+AGUAdgBhAGw-(x)\n"  # `eval` in UTF-7


@pytest.mark.parametrize(
    "data",
    [
        b"# coding: utf-7\n" + HIDDEN,
        b"\n\t# vim: set fileencoding=UTF7 :\n" + HIDDEN,
        b"\r# coding: utf-7\r" + HIDDEN,
        b"\x0c# coding: utf-7\n" + HIDDEN,
        b"#" + b" " * 500 + b"coding: utf-7\n" + HIDDEN,
        b"# coding: raw_unicode_escape\n\\u0065val(x)\n",
        b"# coding: unicode_escape\n#\\neval(x)\n",
        b"# coding: rot13\nriny(k)\n",
        b"# coding: no-such\neval(x)\n",
    ],
)
def test_code_does_not_hide_in_an_encoding_that_is_not_read(data: bytes) -> None:
    """Python runs most of these; polcheck says that it can't read them."""
    assert outcome(judge(FORBIDS_EVAL, {"a.py": data})) == "undecided"


def test_a_script_without_an_ending_says_its_encoding_too() -> None:
    """Its first line tells that Python runs it."""
    script = b"#!/usr/bin/env python3\n# coding: utf-7\n" + HIDDEN
    assert outcome(judge(FORBIDS_EVAL, {"bin/tool": script})) == "undecided"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("# -*- coding: latin-1 -*-\né = 'ß'; eval(é)\n", "latin-1"),
        ("#!/usr/bin/python\n# vim: fileencoding=cp1251\nя = 'ж'; eval(я)\n", "cp1251"),
        ("# ü\n# coding=iso-8859-15\né = '€'; eval(é)\n", "iso-8859-15"),
        ("# coding: iso-2022-jp\né = 'あ'; eval(é)\n".replace("é", "x"), "iso-2022-jp"),
        ("# coding: shift_jis\nx = '端口'; eval(x)\n", "shift_jis"),
    ],
)
def test_a_declared_encoding_is_read(text: str, encoding: str) -> None:
    """Columns count characters, whatever their bytes are."""
    lines = text.splitlines()
    line = next(number for number, line in enumerate(lines, 1) if "eval" in line)
    place = f"a.py:{line}:{lines[line - 1].index('eval') + 1}"
    assert places(judge(FORBIDS_EVAL, {"a.py": text.encode(encoding)})) == [place]


@pytest.mark.parametrize("data", [b"x = 1\n# coding: utf-7\n", b"#\n#\n# coding: utf-7\n", b"'# coding: utf-7'\n"])
def test_only_a_comment_in_the_first_two_lines_declares(data: bytes) -> None:
    """As Python has it: behind code, or further below, it is a comment like any other."""
    assert Source("a.py", data).text == data.decode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("path", ["a.json", "a.yaml"])
def test_a_byte_order_mark_decides(path: str, encoding: str) -> None:
    """The place is that of the text."""
    assert places(judge(FORBIDS_SECRET, {path: '{"🦉": 1, "secret": 2}'.encode(encoding)})) == [f"{path}:1:20"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_without_a_mark_it_is_not_read(encoding: str) -> None:
    """Readers of JSON guess; a key that can't be seen is no key that isn't there."""
    report = judge(FORBIDS_SECRET, {"a.json": '{"secret": 2}'.encode(encoding)})
    assert outcome(report) == "undecided"
    assert "byte-order mark" in report.notices[0].message


@pytest.mark.parametrize("path", ["a.json", "a.yaml", "a.toml", "a.ini", "a.py"])
def test_invalid_utf8_is_refused_with_its_place(path: str) -> None:
    """The reason names the byte."""
    with pytest.raises(Unreadable, match="byte 0xff in position 4"):
        _ = Source(path, b"a = \xff1\n").text
    body = f'forbid: {{files: "{path}", {"pattern: f(...)" if path == "a.py" else "data: b"}}}'
    assert outcome(judge(body, {path: b"a = \xff1\nf()\n"})) == "undecided"
