"""Configuration documents: read or refused, and every value has a place within the text."""

from __future__ import annotations

import json as library
from collections.abc import Callable, Iterator
from functools import partial
from math import isfinite

from polcheck.base.spans import Source, Span, Unreadable
from polcheck.formats import formats, parse_config
from polcheck.formats.values import Config, Json, LimitExceeded, Pointer, Pointers, Unparsable

_MOST = 300  # values whose places are asked for


def __getattr__(name: str) -> Callable[[bytes], str]:
    """The harness of each format: what a file holds, or why it is refused."""
    if name not in formats():
        raise AttributeError(name)
    return partial(_read, name=name)


def json(data: bytes) -> str:
    """What a JSON text holds, or why it is refused: the library's values, and refused where it refuses."""
    source = Source("a.json", data)
    try:
        (value,) = parse_config(source, "json").values
    except (LimitExceeded, Unreadable):
        return _read(data, "json")
    except Unparsable:
        try:
            library.loads(source.text, parse_constant=_refuse)
        except ValueError:
            return _read(data, "json")
        raise
    assert value == library.loads(source.text, parse_constant=_refuse, parse_float=_finite)
    return _read(data, "json")


def _refuse(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float | str:
    """A number as polcheck reads it: one that no float holds is kept as it is written."""
    return float(text) if isfinite(float(text)) else text


def _read(data: bytes, name: str) -> str:
    source = Source(f"a.{name}", data)
    try:
        config = parse_config(source, name)
    except Unreadable as error:
        return f"unreadable: {error}"
    except Unparsable as error:
        assert error.reason
        if error.span is not None:
            _within(error.span, source)
            assert source.place(error.span).line <= len(source.line_starts)
        return f"{type(error).__name__}: {error.reason} {error.span}"
    for span in (*config.repeated, *(remark.span for remark in config.remarks)):
        _within(span, source)
    found = [library.dumps(config.values), *_places(config, source, name)]
    if config.respelled is not None:
        found += _places(config.respelled(frozenset({"a", "Key", "OPTION"})), source, name)
    return "\n".join(found)


def _places(config: Config, source: Source, name: str) -> Iterator[str]:
    """Where each value stands, and that it is found again from there without an error."""
    found = Pointers(config, formats()[name].scattered)
    for index, value in enumerate(config.values):
        for number, pointer in enumerate(_pointers(value)):
            if number == _MOST:
                break
            where = config.locate(index, pointer)
            _within(where.value, source)
            if where.key is not None:
                _within(where.key, source)
            yield f"{pointer} {where.value} {where.key} {source.place(where.value)} {found.around(where.value)}"


def _pointers(value: Json) -> Iterator[Pointer]:
    pending: list[tuple[Pointer, Json]] = [((), value)]
    while pending:
        at, value = pending.pop()
        yield at
        if isinstance(value, dict):
            pending += [((*at, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            pending += [((*at, number), item) for number, item in enumerate(value)]


def _within(span: Span, source: Source) -> None:
    assert 0 <= span.start <= span.end <= len(source.text), f"{span} is not within the text"
