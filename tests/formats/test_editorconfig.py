"""EditorConfig files are read as the reference parser for Python reads them."""

from __future__ import annotations

from collections import OrderedDict
from io import StringIO
from pathlib import Path

from editorconfig.exceptions import ParsingError
from editorconfig.ini import EditorConfigParser
from hypothesis import given, settings
from hypothesis import strategies as st

from polcheck.base.spans import Source
from polcheck.formats.editorconfig import parse
from polcheck.formats.values import Config, Json, Unparsable

LINES = st.sampled_from(
    [
        *("[*]", "[*.py]", "[*.{a,b}]", "[[ab].py]", "[x\\#y]", "[a;b]", "[", "[]", "[a] x", "[a]]", "[ a ]", "[é]"),
        *("root = true", "indent_style = space", "Indent_Size=4", "k:v", "k = ", 'k = ""', "k = a # b", "k = a #b ; c"),
        *("k = a#b", "= v", "k", "# c", "; c", "", "  k = v  ", "\tk\t=\tv", "k = v = w", "max_line_length = off"),
    ]
)


class _Reference(EditorConfigParser):
    """The reference parser, of every section's keys."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.sections: OrderedDict[str, OrderedDict[str, str]] = OrderedDict()

    def matches_filename(self, config_filename: str, glob: str) -> bool:
        self.options = self.sections.setdefault(glob, OrderedDict())
        return True


def reference(text: str) -> dict[str, dict[str, str]] | None:
    """The keys of each section; None for a file that is refused."""
    parser = _Reference(Path(".editorconfig"))
    try:
        parser._read(StringIO(text, newline=None), ".editorconfig")  # type: ignore[arg-type]  # any file will do
    except ParsingError:
        return None
    return {name: dict(options) for name, options in parser.sections.items()}


def read(text: str) -> Config:
    return parse(Source(".editorconfig", text.encode()))


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(LINES, max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_sections_are_those_of_the_reference(lines: list[str], end: str) -> None:
    """Each section has the keys and values that the reference parser finds; both refuse the same files."""
    text = end.join([*lines, ""])
    expected = reference(text)
    try:
        (value,) = read(text).values
    except Unparsable:
        assert expected is None
        return
    assert isinstance(value, dict)
    assert {name: item for name, item in value.items() if isinstance(item, dict)} == expected


def test_keys_before_the_first_section_are_those_of_the_document() -> None:
    """`root` is a key of the whole file."""
    expected: Json = {"root": "true", "*": {"indent_style": "tab"}}
    assert read("root = true\n[*]\nIndent_Style = tab\n").values == (expected,)


def test_places_are_those_of_keys_and_values() -> None:
    """Behind comments, and of a section its first stretch."""
    text = "# c\nroot = true\n\n[*.py]\nkey = value # c\n[a]\n[*.py]\nother = 1\n"
    config = read(text)
    where = config.locate(0, ("*.py", "key"))
    assert where.key is not None
    assert (text[slice(*where.value)], text[slice(*where.key)]) == ("value", "key")
    assert text[slice(*config.locate(0, ("*.py",)).value)] == "[*.py]\nkey = value"
    assert text[slice(*config.locate(0, ("root",)).value)] == "true"
    assert [text[slice(*remark.span)] for remark in config.remarks] == ["# c"]


def test_a_repeated_key_is_known() -> None:
    """Of a key that a section has twice the last value counts, and the repetition is told."""
    config = read("[*]\na = 1\nA = 2\n")
    assert (config.values, config.repeated) == (({"*": {"a": "2"}},), ((10, 11),))
