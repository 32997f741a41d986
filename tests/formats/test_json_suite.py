"""JSONTestSuite: what must be accepted is, what must be refused is, and what a reader may choose is written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from pathlib import Path

import pytest

from formats.shared import suite
from polcheck.base.spans import Source, Unreadable
from polcheck.formats.json import parse
from polcheck.formats.values import Config, Unparsable

# files that readers may accept: those that polcheck does; the others are undecided
ACCEPTED = {
    "i_number_double_huge_neg_exp.json",
    "i_number_huge_exp.json",
    "i_number_neg_int_huge_exp.json",
    "i_number_pos_double_huge_exp.json",
    "i_number_real_neg_overflow.json",
    "i_number_real_pos_overflow.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
    "i_object_key_lone_2nd_surrogate.json",
    "i_string_1st_surrogate_but_2nd_missing.json",
    "i_string_1st_valid_surrogate_2nd_invalid.json",
    "i_string_incomplete_surrogate_and_escape_valid.json",
    "i_string_incomplete_surrogate_pair.json",
    "i_string_incomplete_surrogates_escape_valid.json",
    "i_string_invalid_lonely_surrogate.json",
    "i_string_invalid_surrogate.json",
    "i_string_inverted_surrogates_U+1D11E.json",
    "i_string_lone_second_surrogate.json",
    "i_string_UTF-16LE_with_BOM.json",
    "i_structure_UTF-8_BOM_empty_object.json",
}


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((suite("json-test-suite") / folder).glob("*.json"))


def read(path: Path) -> Config | None:
    """The value of a file; None where it is refused."""
    try:
        return parse(Source("a.json", path.read_bytes()))
    except (Unparsable, Unreadable):
        return None


def test_files_are_accepted_or_refused_as_the_suite_says() -> None:
    """`y_` files are read, `n_` files refused, and of the `i_` files those accepted that are listed here."""
    read_files = {path.name for path in files("test_parsing") if read(path) is not None}
    names = {path.name for path in files("test_parsing")}
    assert len(names) > 300
    assert {name for name in read_files if name.startswith("n_")} == set()
    assert {name for name in names - read_files if name.startswith("y_")} == set()
    assert {name for name in read_files if name.startswith("i_")} == ACCEPTED


def finite(text: str) -> float | str:
    return float(text) if isfinite(float(text)) else text


def test_values_are_those_of_the_standard_library() -> None:
    """Whatever is read has the value that Python's own parser gives; a number that no float holds is kept as text."""
    for path in files("test_parsing", "test_transform"):
        config = read(path)
        if config is not None and not path.name.startswith("i_string_UTF-16"):
            text = path.read_bytes().decode().removeprefix("\ufeff")
            assert config.values == (json.loads(text, parse_float=finite),), path.name


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"a": 1, "\\u0061": 2}', '[{"b": {"a": 1, "a": 1}}]'])
def test_a_key_that_is_repeated_is_known(text: str) -> None:
    """A key counts as repeated however it is written."""
    assert len(parse(Source("a.json", text.encode())).repeated) == 1
