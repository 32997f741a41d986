"""A waiver in a comment of a configuration file counts, and what only looks like one in a value doesn't."""

from __future__ import annotations

import pytest

from polcheck.base.spans import Source
from polcheck.languages.comments import comments_of


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "a==1  # C\n"),
        (".env", "A=1 # C\n"),
        (".env", "# C\nA=1\n"),
        ("CODEOWNERS", "* @a # C\n"),
        ("Dockerfile", "# C\nFROM a\n"),
        ("tsconfig.json", '{"a": 1} // C\n'),
        ("a.json5", "{a: 1} // C\n"),
        ("a.service", "[A]\n# C\nB=c\n"),
        ("a.properties", "# C\na=b\n"),
        ("go.mod", "module a // C\n"),
    ],
)
def test_a_comment_is_known(path: str, text: str) -> None:
    """On a line of its own, and behind a value where the format has that."""
    comments = comments_of(Source(path, text.encode()))
    assert comments.at(text.index("C")) is not None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env", 'A="x # C"\n'),
        ("tsconfig.json", '{"a": "b // C"}\n'),
        ("a.json5", "{a: 'b // C'}\n"),
        ("a.service", "[A]\nB=c # C\n"),
        ("a.properties", "a=b # C\n"),
        ("Dockerfile", "FROM a\nRUN b # C\n"),
    ],
)
def test_a_value_is_no_comment(path: str, text: str) -> None:
    """What readers of the format take for a part of the value is one."""
    comments = comments_of(Source(path, text.encode()))
    assert comments.at(text.index("C")) is None
