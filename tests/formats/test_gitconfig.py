"""Git's configuration format is read as git reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.base.spans import Source
from polcheck.formats.gitconfig import parse
from polcheck.formats.values import Unparsable

GIT = shutil.which("git")
PIECES = st.sampled_from(
    [
        *(
            "[a]",
            '[a "b"]',
            "[A.B]",
            '[a "B\\"c\\\\d"]',
            '[a "x.y"]',
            "[a-1]",
            '[a  "b"]',
            "[a b]",
            "[ a]",
            '[a "b" ]',
            "[a.]",
        ),
        *("k", "K", "key-1", "k_2", "=", " = ", " ", "  ", "\n", "\n", "\n", "\r\n", "\r", "#", ";", '"', "\\", "\\\n"),
        *("\\n", "\\t", "\\x", '\\"', "v", "v w", "é", "0", "true", "\n[a]\n", "\n\tk = v\n", "k = v", "\ufeff"),
    ]
)


def ours(text: str) -> dict[str, str | None] | None:
    """Every variable by git's name for it, None for one without a value; None for a file that is refused."""
    try:
        (value,) = parse(Source("c", text.encode())).values
    except Unparsable:
        return None
    assert isinstance(value, dict)
    found: dict[str, str | None] = {}
    for header, variables in value.items():
        section, _, rest = header.partition(" ")
        name = section
        if rest:
            name += "." + rest[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        assert isinstance(variables, dict)
        for key, item in variables.items():
            found[f"{name}.{key}"] = None if item is True else str(item)
    return found


def git(path: Path, text: str) -> dict[str, str | None] | None:
    """The same from git itself; of a variable that is set twice the last value."""
    path.write_bytes(text.encode())
    assert GIT is not None
    ran = subprocess.run([GIT, "config", "-f", str(path), "--list", "-z"], capture_output=True, check=False)
    if ran.returncode:
        return None
    found: dict[str, str | None] = {}
    for entry in ran.stdout.decode().split("\0")[:-1]:
        name, newline, value = entry.partition("\n")
        found[name] = value if newline else None
    return found


def agree(path: Path, text: str) -> bool:
    """Whether both read a text alike; a file that only polcheck refuses is one that only it doesn't read."""
    mine, theirs = ours(text), git(path, text)
    return mine == theirs or (mine is None and any("." not in name for name in theirs or ()))


@pytest.mark.skipif(GIT is None, reason="git is not installed")
@pytest.mark.parametrize(
    "text",
    [
        '[submodule "a"]\n\tpath = a\n        url = git://mirror.example/x\n',
        '[submodule "b"]\n\turl = "https://mirror.example/x"\n',
        "[a] k = v # comment\n",
        '[a]\nk = "v # no comment" ; comment\n',
        "[a]\nk = one \\\n  two\n",
        '[a]\nk = a\\tb\\nc\\\\d\\"e\n',
        "[a]\nk = a\\xb\n",
        "[a]\nk\n[b]\nk =\n",
        "[A.B]\nKey = v\n",
        '[a "B.c"]\nKey = v\n',
        '[a "b\\"c\\\\d\\e"]\nk = v\n',
        "[a]\nk = v\nk = w\n",
        '[a]\nk = "  v  "  \n',
        '[a]\nk = "open\n',
        "[a]\nk # v\n",
        "[a]\r\nk = v\r\n",
        "",
        "[a]",
    ],
)
def test_a_file_is_read_as_git_reads_it(text: str, tmp_path: Path) -> None:
    """Each variable has the value that `git config --list` shows, and git refuses what is refused."""
    assert agree(tmp_path / "config", text)


@pytest.mark.skipif(GIT is None, reason="git is not installed")
@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_made_up_files_are_read_as_git_reads_them(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Texts of pieces of the format, most of them broken, are read or refused as git does."""
    assert agree(tmp_path_factory.getbasetemp() / "made-up", text)


def test_places_are_those_of_names_and_values() -> None:
    """A value's place is what is written, with its quotes; a section's is its first stretch."""
    text = '[a "b"]\n\tkey = "v" x ; c\n[c]\nd\n[a "b"]\ne = f\n'
    config = parse(Source("c", text.encode()))
    where = config.locate(0, ('a "b"', "key"))
    assert where.key is not None
    assert (text[slice(*where.value)], text[slice(*where.key)]) == ('"v" x', "key")
    assert text[slice(*config.locate(0, ('a "b"',)).value)] == '[a "b"]\n\tkey = "v" x'
    assert text[slice(*config.locate(0, ('a "b"', "e")).value)] == "f"


def test_a_variable_that_is_set_twice_is_known() -> None:
    """Of a repeated variable the last value counts, and the place of its name is told."""
    config = parse(Source("c", b"[a]\nk = 1\nK = 2\n"))
    assert (config.values, config.repeated) == (({"a": {"k": "2"}},), ((10, 11),))
