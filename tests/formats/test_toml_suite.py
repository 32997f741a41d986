"""toml-test for TOML 1.1: valid files have their values and places, invalid ones are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from formats.shared import suite
from polcheck.base.spans import Source, Unreadable
from polcheck.formats.toml import parse
from polcheck.formats.values import Config, Json, Pointer, Unparsable


def read(data: bytes) -> Config | None:
    """The values of a file; None where it is refused."""
    try:
        return parse(Source("a.toml", data))
    except (Unparsable, Unreadable):
        return None


def same(value: Json, expected: Json, kind: str = "") -> bool:
    """Whether a value is what the suite says of it, with its type."""
    if isinstance(expected, dict) and set(expected) == {"type", "value"} and isinstance(expected["type"], str):
        return same(value, expected["value"], expected["type"])
    if isinstance(expected, dict):
        return (
            isinstance(value, dict)
            and value.keys() == expected.keys()
            and all(same(value[key], item) for key, item in expected.items())
        )
    if isinstance(expected, list):
        return isinstance(value, list) and len(value) == len(expected) and all(map(same, value, expected))
    text = str(expected)
    match kind:
        case "string":
            return value == text
        case "integer":
            return type(value) is int and value == int(text)
        case "bool":
            return type(value) is bool and value == (text == "true")
        case "float" if text in ("inf", "-inf", "nan"):
            return isinstance(value, str) and value.lstrip("+").removeprefix("-") == text.removeprefix("-")
        case "float":
            return type(value) is float and value == float(text)
    return isinstance(value, str) and moment(value) == moment(text)


def moment(text: str) -> str:
    """A date or time in one spelling: the letters of the standard, with seconds, without zeros at their end."""
    text = re.sub(r"(?i)[t ](?=\d)", "T", text).upper()
    text = re.sub(r"(?<![:+-])(\d\d:\d\d)(?![:\d])", r"\1:00", text)
    return re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", text).replace(".Z", "Z").removesuffix(".")


def pointers(value: Json, at: Pointer = ()) -> Iterator[Pointer]:
    """The way to each value."""
    yield at
    for step, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from pointers(item, (*at, step))


def test_files_of_the_suite_are_read_as_it_says() -> None:
    """Each valid file has its values, and a place for each within the text; each invalid one is refused."""
    folder = suite("toml-test") / "tests"
    wrong: list[str] = []
    count = 0
    for name in (folder / "files-toml-1.1.0").read_text().split():
        if not name.endswith(".toml"):
            continue
        count += 1
        path = folder / name
        config = read(path.read_bytes())
        if name.startswith("invalid"):
            wrong += [name] if config is not None else []
            continue
        expected = json.loads(path.with_suffix(".json").read_text())
        if config is None or not same(config.values[0], expected):
            wrong.append(name)
            continue
        text = path.read_bytes().decode()
        for pointer in pointers(config.values[0]):
            where = config.locate(0, pointer)
            assert 0 <= where.value.start <= where.value.end <= len(text)
    assert not wrong
    assert count > 600
