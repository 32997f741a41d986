from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.base.spans import Place, Source, Span, Unreadable
from polcheck.formats.ini import parse
from polcheck.formats.limits import DocumentLimits
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Unparsable

Scalars = Callable[[Config], list[tuple[int, Pointer, Json]]]

LINES = st.one_of(
    st.sampled_from(["", "  ", "# c", "  ; c", "[a]", "[b]", "[DEFAULT]", " [a] # x", "[]", "k", "K = 1", "k: 2=3"]),
    st.sampled_from(["  more", "\tmore # not", "    = x", "é😀 = é # in", "k =", "a b : c", "\x0bx = \x1c1"]),
    st.text(st.sampled_from("ab=:#;[] \té😀"), max_size=8),
)


def read(text: str) -> Config:
    return parse(Source("setup.cfg", text.encode()))


def at(text: str, *pointer: str) -> str:
    return text[slice(*read(text).locate(0, pointer).value)]


def expected(text: str) -> Json:
    """What configparser says; None where it refuses."""
    parser = configparser.RawConfigParser(allow_no_value=True, strict=False, default_section="\n")
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as setuptools has it
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError):  # a line that continues an option without a value
        return None
    return {name: dict(parser[name]) for name in parser.sections()}


@settings(deadline=None, max_examples=300)
@given(st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n", "\r"]))
def test_reads_what_configparser_reads(scalars: Scalars, lines: list[str], line_break: str) -> None:
    """Values and refusals are those of configparser, and the text at each place is the value."""
    text = line_break.join(["[s]", *lines])
    values = expected(text.replace("\r\n", "\n").replace("\r", "\n"))
    if values is None:
        with pytest.raises(Unparsable):
            read(text)
        return
    config = read(text)
    assert config.values == (values,)
    for index, pointer, value in scalars(config):
        where = config.locate(index, pointer)
        assert where.key is not None
        assert text[slice(*where.key)] == pointer[-1]
        written = [line.strip() for line in text[slice(*where.value)].split(line_break)]
        assert "\n".join(line for line in written if line[:1] not in ("#", ";") or line == written[0]) == (value or "")


_ROOTS = ("/etc", "/usr/share", "/usr/lib", "/opt", sys.prefix, sys.base_prefix)
_FOUND = ("*.ini", "*.cfg", ".flake8", ".coveragerc", ".pylintrc", "pylintrc", "*.desktop", "*.service", "*.socket")


def real_files(most: int) -> Iterator[tuple[Path, str]]:
    """Files of this machine that are called like INI, units of systemd and desktop entries, up to a megabyte."""
    seen = 0
    for root in dict.fromkeys(_ROOTS):
        for folder, _, names in os.walk(root):
            for name in sorted(names):
                if seen < most and any(fnmatch(name, one) for one in _FOUND):
                    with suppress(OSError, UnicodeDecodeError):
                        data = Path(folder, name).read_bytes()
                        if len(data) < 1_000_000:
                            seen += 1
                            yield Path(folder, name), data.decode()


@pytest.mark.parametrize("most", [150, pytest.param(20_000, marks=pytest.mark.corpus)])
def test_real_files_are_read_as_configparser_reads_them(most: int) -> None:
    """Sections, options and values of setup.cfg and the like; what configparser refuses is undecided."""
    compared, wrong = 0, list[str]()
    for path, text in real_files(most):
        values = expected(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
        try:
            ours: Json = read(text).values[0]
        except Unparsable:
            ours = None
        compared += 1
        if ours != values:
            wrong.append(str(path))
    if not compared:
        pytest.skip("there is no INI file on this machine")
    assert wrong == []


def test_values_over_several_lines_are_joined() -> None:
    """Indented lines continue a value; comments between them aren't part of it, blank lines are."""
    text = "[flake8]\nexclude =\n    a,\n    # no\n\n    b  \n\n[x]\n"
    assert read(text).values == ({"flake8": {"exclude": "\na,\n\nb"}, "x": {}},)
    assert at(text, "flake8", "exclude") == "\n    a,\n    # no\n\n    b"


def test_default_is_a_section_of_its_own() -> None:
    """`DEFAULT` isn't merged into the other sections."""
    config = read("[DEFAULT]\na = 1\n[x]\nb = 2\n")
    assert config.values == ({"DEFAULT": {"a": "1"}, "x": {"b": "2"}},)
    assert [(span, "configparser" in message) for span, message in config.remarks] == [((1, 8), True)]


@pytest.mark.parametrize("text", ["[DEFAULT]\n[x]\nb = 2\n", "[DEFAULT]\na = 1\n", "[default]\na = 1\n[x]\n"])
def test_a_default_that_gives_nothing_is_not_remarked_upon(text: str) -> None:
    """Without options, or without other sections, `DEFAULT` says the same to every reader."""
    assert not read(text).remarks


@pytest.mark.parametrize(
    ("names", "values"),
    [
        ({"debug"}, {"s": {"debug": "1", "other": "2"}}),
        ({"Debug"}, {"s": {"Debug": "1", "other": "2"}}),
        ({"DEBUG", "deBug"}, {"s": {"DEBUG": "1", "other": "2"}}),
        ({"OTHER", "s"}, {"s": {"Debug": "1", "OTHER": "2"}}),
        ({"unknown"}, {"s": {"Debug": "1", "other": "2"}}),
    ],
)
def test_an_option_is_found_by_a_name_of_other_case(names: set[str], values: Json) -> None:
    """The names that a policy has are those of options but for their case; each keeps its place."""
    text = "[s]\nDebug = 1\nother = 2\n"
    respelled = read(text).respelled
    assert respelled is not None
    config = respelled(frozenset(names))
    assert config.values == (values,)
    assert isinstance(values, dict)
    assert isinstance(values["s"], dict)
    written = [text[slice(*config.locate(0, ("s", name)).value)] for name in values["s"]]
    assert written == ["1", "2"]


def test_options_that_differ_by_case_stay_two() -> None:
    """Where a file has both, each has its own name: some readers take them for two, and they are told as repeated."""
    config = read("[s]\nDebug = 1\ndebug = 2\n")
    assert config.respelled is not None
    assert config.respelled(frozenset({"debug"})).values == ({"s": {"Debug": "1", "debug": "2"}},)
    assert len(config.repeated) == 1


def test_nothing_is_interpolated() -> None:
    """A percent sign is a character like any other."""
    assert read("[a]\nb = %(c)s %\n").values == ({"a": {"b": "%(c)s %"}},)


def test_option_without_a_value_is_null() -> None:
    """An option without a delimiter is null, and its place is empty, behind its name."""
    config = read("[a]\nFlag\nother:\n")
    assert config.values == ({"a": {"Flag": None, "other": ""}},)
    where = config.locate(0, ("a", "Flag"))
    assert (where.key, where.value) == (Span(4, 8), Span(8, 8))


def test_sections_span_their_first_stretch() -> None:
    """A section's place goes from its header to its last content, its key is the name in the header."""
    text = "# top\n[a]\nx = 1\n\n# c\n[b]\ny = 2\n[a]\nz = 3\n"
    config = read(text)
    assert config.values == ({"a": {"x": "1", "z": "3"}, "b": {"y": "2"}},)
    assert at(text, "a") == "[a]\nx = 1"
    assert at(text, "a", "z") == "3"
    key = config.locate(0, ("a",)).key
    assert key is not None
    assert text[slice(*key)] == "a"


def test_last_of_repeated_options_wins() -> None:
    """A repeated option means its last value, and the repetition is named."""
    text = "[a]\nx = 1\n[b]\nx = 2\n[a]\nx = 3\n"
    config = read(text)
    assert config.values == ({"a": {"x": "3"}, "b": {"x": "2"}},)
    assert [text[slice(*span)] for span in config.repeated] == ["x"]
    assert at(text, "a", "x") == "3"


def test_columns_count_characters_beyond_the_bmp() -> None:
    """A character that takes four bytes is one column."""
    source = Source("a.ini", "[😀]\r\né😀 = 😀x\r\n".encode())
    assert source.place(parse(source).locate(0, ("😀", "é😀")).value) == Place("a.ini", 2, 6, 2, 8)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("a = 1\n", "`a = 1` stands before the first section header", 1),
        ("[a]\n= 1\n", "`= 1` has no option name", 2),
        ("[a]\nb\n  c\n", "`c` continues an option that has no value", 3),
    ],
)
def test_what_configparser_refuses_is_refused(text: str, reason: str, line: int) -> None:
    """What isn't INI is refused with a reason and a place."""
    source = Source("a.ini", text.encode())
    with pytest.raises(Unparsable) as caught:
        parse(source)
    assert caught.value.reason == reason
    assert caught.value.span is not None
    assert source.place(caught.value.span).line == line


@pytest.mark.parametrize("pointer", [("b",), ("a", "y"), ("a", 0), (0,), ("a", "x", "z")])
def test_unresolved_pointers_raise(pointer: Pointer) -> None:
    """A pointer that doesn't resolve raises KeyError."""
    with pytest.raises(KeyError):
        read("[a]\nx = 1\n").locate(0, pointer)


def test_an_empty_file_is_an_empty_document() -> None:
    """A file without sections is an object without keys, with a place."""
    config = read("# nothing\n")
    assert config.values == ({},)
    assert config.locate(0, ()).value == Span(0, 0)


def test_values_are_bounded() -> None:
    """A file with more values than the limit is refused."""
    with pytest.raises(LimitExceeded, match="more than 3 values"):
        parse(Source("a.ini", b"[a]\nx=1\ny=2\n"), DocumentLimits(values=3))


def test_bytes_that_are_no_text_pass_through() -> None:
    """Bytes in no known encoding stay Unreadable."""
    with pytest.raises(Unreadable):
        parse(Source("a.ini", b"[a]\nx=\xff\n"))
