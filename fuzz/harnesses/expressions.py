"""JMESPath: an expression over a document gives rows, traced or not the same, or says what is wrong."""

from __future__ import annotations

import json
import pickle

from harnesses.parts import encoded, two_parts
from polcheck.base.spans import Source, Unreadable
from polcheck.formats import parse_config
from polcheck.formats.values import Json, Pointer, Unparsable
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.jmespath.values import EvaluationError, ExpressionError, LimitError


def jmespath(data: bytes) -> str:
    """The rows of an expression, the first part, over the JSON text that is the second; null where that is none."""
    text, document = two_parts(data)
    try:
        expression = Expression(text)
    except ExpressionError as error:
        assert error.message
        assert 0 <= error.position <= len(text), error.position
        return f"{error.message} {error.position} {error.help}"
    value = _value(document)
    rows, traced = _rows(expression, value), _traced(expression, value)
    if "limit" not in (rows, traced):
        assert rows == traced
    assert _rows(pickle.loads(pickle.dumps(expression)), value) == rows  # what was made here
    nearest = expression.nearest(value)
    _at(value, nearest.pointer)
    return f"{rows} {nearest}"


def _rows(expression: Expression, value: Json) -> str:
    try:
        return json.dumps(expression.rows(value))
    except LimitError:
        return "limit"
    except EvaluationError as error:
        return error.message


def _traced(expression: Expression, value: Json) -> str:
    """The rows of a traced evaluation, all of whose origins exist."""
    try:
        traced = expression.trace(value)
    except LimitError:
        return "limit"
    except EvaluationError as error:
        if error.pointer is not None:
            _at(value, error.pointer)
        return error.message
    for row in traced.rows:
        for origin in row.origin + sum(row.parts.values(), ()):
            _at(value, origin.pointer)
    return json.dumps([row.value for row in traced.rows])


def _value(text: str) -> Json:
    try:
        return parse_config(Source("a.json", encoded(text)), "json").values[0]
    except (Unparsable, Unreadable):
        return None


def _at(value: Json, pointer: Pointer) -> None:
    """Raises KeyError, IndexError or TypeError where the pointer doesn't resolve."""
    for step in pointer:
        value = value[step]  # type: ignore[index]  # that is what is found out
