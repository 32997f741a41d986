"""JSON bundles: an object whose keys are paths or fields and whose values are texts."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, NoReturn

from msgspec.structs import replace

from polcheck.base.errors import SubmissionError
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.submission import Submission, check_path, of_bundle

_DRIVE = re.compile(r"[A-Za-z]:")


def check_name(path: str, holder: str) -> None:
    """Raises SubmissionError when `path` in `holder` is not a plain path below the root, on any system."""
    if "\\" in path or _DRIVE.match(path):
        why = "paths have no drive and no backslash"
        raise SubmissionError(f"the path `{path}` in {holder} leaves the project: {why}")
    try:
        check_path(path)
        path.encode("utf-8", "surrogateescape")
    except SubmissionError as error:
        raise SubmissionError(f"{error}, in {holder}") from error
    except UnicodeEncodeError as error:
        raise SubmissionError(f"a path in {holder} is not UTF-8: {path!a}") from error


def read_bundle(data: bytes, builder: SubmissionBuilder) -> Submission:
    """Return the submission in the JSON text `data`.

    Raises SubmissionError when that is not an object of strings in UTF-8, repeats a key, is empty, or names a path that
    leaves the submission.
    """
    name = builder.name
    bundle = parse_json(decoded(data, name), name)
    if not isinstance(bundle, dict):
        raise SubmissionError(f"the bundle `{name}` is not an object of strings but {_kind(bundle)}")
    for key, text in bundle.items():
        if not isinstance(text, str):
            raise SubmissionError(f"the bundle `{name}` is not an object of strings: `{key}` is {_kind(text)}")
        check_name(key, f"the bundle `{name}`")
    _check_limits(bundle, builder)
    remaining = {key: text for key, text in bundle.items() if builder.wants(key)}
    if builder.left_out and not remaining:
        return builder.submission("bundle")  # which says that there is nothing left
    return replace(of_bundle(remaining, name), left_out=builder.left_out)


def decoded(data: bytes, name: str) -> str:
    """Return the text of the bundle that people call `name`. Raises SubmissionError when it is not UTF-8."""
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise SubmissionError(f"the bundle `{name}` is not UTF-8: line {line}, column {column}") from error


def parse_json(text: str, name: str) -> Any:
    """Return the values of a JSON text. Raises SubmissionError for what isn't JSON, and for a repeated key."""
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _Pairs(pairs).unique(name), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise SubmissionError(f"the bundle `{name}` is not JSON: {error.msg.lower()}: {place}") from error
    except RecursionError as error:
        raise SubmissionError(f"the bundle `{name}` is nested too deeply") from error
    except _NoConstant as error:
        raise SubmissionError(f"the bundle `{name}` can't be read: {error}") from error
    except ValueError as error:  # int() refuses more than 4,300 digits
        raise SubmissionError(f"the bundle `{name}` holds an integer of more than 4300 digits") from error


class _Pairs(list[tuple[str, object]]):
    """The members of one object as they were written."""

    def unique(self, name: str) -> dict[str, object]:
        """Return the members by key. Raises SubmissionError when a key is repeated."""
        members: dict[str, object] = {}
        for key, value in self:
            if key in members:
                raise SubmissionError(f"the bundle `{name}` repeats the key `{key}`")
            members[key] = value
        return members


class _NoConstant(ValueError):
    """A name of a number, as NaN, which JSON doesn't have."""


def _no_constant(text: str) -> NoReturn:
    raise _NoConstant(f"`{text}` is not JSON")


def _check_limits(bundle: dict[str, str], builder: SubmissionBuilder) -> None:
    limits, name = builder.limits, builder.name
    if len(bundle) > limits.files:
        raise builder.too_many()
    for key, text in bundle.items():
        if builder.too_long(key):
            raise SubmissionError(f"the bundle `{name}` has a key over the limit `path_length` of {limits.path_length}")
        if len(text) * 4 > limits.file_bytes and len(text.encode("utf-8", "surrogatepass")) > limits.file_bytes:
            most = limits.file_bytes
            raise SubmissionError(f"`{key}` in the bundle `{name}` is over the limit `file_bytes` of {most}")


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "an array", bool: "a boolean", str: "a string", type(None): "null"}
    return kinds.get(type(value), "a number")
