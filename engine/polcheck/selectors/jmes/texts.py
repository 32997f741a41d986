"""Functions over texts that the JMESPath standard lacks."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from polcheck.documents.config import Json
from polcheck.selectors.bounds import too_much
from polcheck.selectors.jmes.errors import TypeMismatchError
from polcheck.selectors.jmes.signature import Table
from polcheck.selectors.jmes.values import CHARACTERS_A_STEP, NUMBERS, Budget

TEXTS = Table()
_STEPS_A_MATCH = 4
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_REPLACEMENT = re.compile(r"\\(.)|\\$", re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@TEXTS.add("basename(path: string) -> string", place="first", own=True)
def _basename(path: str) -> Json:
    """The last segment of a path: `train.py` of `src/train.py`."""
    return _segments(path)[1]


@TEXTS.add("dirname(path: string) -> string", place="first", own=True)
def _dirname(path: str) -> Json:
    """The path without its last segment: `src` of `src/train.py`; empty when there is only one."""
    return _segments(path)[0]


@TEXTS.add("stem(path: string) -> string", place="first", own=True)
def _stem(path: str) -> Json:
    """The last segment of a path without its extension: `train` of `src/train.py`; `.bashrc` has none."""
    name = _segments(path)[1]
    head, dot, _ = name.rpartition(".")
    return head if dot and head.strip(".") else name


def _segments(path: str) -> tuple[str, str]:
    head, slash, name = path.rstrip("/").rpartition("/")
    return head or ("/" if slash else ""), name


@TEXTS.add("lines(text: string) -> array", place="first", own=True)
def _lines(text: str) -> Json:
    """The lines of the text, without their line breaks."""
    found: list[Json] = list(_LINE_BREAK.split(text))
    return found[:-1] if found[-1] == "" else found


@TEXTS.add("lower(text: string) -> string", place="first", own=True)
def _lower(text: str) -> Json:
    """The text in small letters."""
    return text.lower()


@TEXTS.add("upper(text: string) -> string", place="first", own=True)
def _upper(text: str) -> Json:
    """The text in capital letters."""
    return text.upper()


@TEXTS.add("strip(text: string) -> string", place="first", own=True)
def _strip(text: str) -> Json:
    """The text without white space at its ends."""
    return text.strip()


@TEXTS.add("split(text: string, separator: string) -> array", place="first", spends=True, own=True)
def _split(budget: Budget, text: str, separator: str) -> Json:
    """The parts of the text between separators; with an empty separator its characters."""
    budget.spend(text.count(separator))
    return list(text.split(separator) if separator else text)


@TEXTS.add("matches(value: any, regex: string) -> boolean", spends=True, own=True)
def _matches(budget: Budget, value: Json, pattern: str) -> Json:
    """Whether the regular expression (RE2) is found anywhere in the text; false for what is no text."""
    compiled = regex(pattern)
    if isinstance(value, str):
        budget.spend(len(value) // CHARACTERS_A_STEP)
    return isinstance(value, str) and compiled.search(_encodable(value)) is not None


@TEXTS.add("replace(text: string, regex: string, with: string) -> string", place="first", spends=True, own=True)
def _replace(budget: Budget, text: str, pattern: str, template: str) -> Json:
    r"""The text with every match of the regular expression (RE2) replaced; `\1` is its first group."""
    parts = replacement(pattern, template)
    text = _encodable(text)
    pieces, end, length = [], 0, len(text)
    for match in regex(pattern).finditer(text):
        added = [part if isinstance(part, str) else match.group(part) or "" for part in parts]
        length += sum(map(len, added)) - (match.end() - match.start())
        budget.look()
        # NOTE: a match costs as much as several elements; what it adds is paid before it is kept.
        budget.spend(_STEPS_A_MATCH + sum(map(len, added)) // CHARACTERS_A_STEP)
        pieces += [text[end : match.start()], *added]
        end = match.end()
    budget.text(length)
    return "".join(pieces) + text[end:]


@TEXTS.add("satisfies(version: any, specifier: string) -> boolean", spends=True, own=True)
def _satisfies(budget: Budget, version: Json, specifier: str) -> Json:
    """Whether the version meets the specifier (PEP 440; pre-releases count); false for what is no version."""
    budget.spend(_STEPS_A_MATCH + len(specifier) + (len(version) if isinstance(version, str) else 0))
    budget.look()
    wanted = specifier_set(specifier)
    if type(version) in NUMBERS:
        version = str(version)
    if not isinstance(version, str):
        return False
    from packaging.version import InvalidVersion, Version

    try:
        return bool(wanted.contains(Version(version), prereleases=True))
    except InvalidVersion:
        return False


@lru_cache(maxsize=1024)
def regex(pattern: str) -> Any:
    """The compiled pattern. Raises TypeMismatchError when it isn't one."""
    over = too_much(pattern)
    if over:
        raise TypeMismatchError(over, 1)
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise TypeMismatchError(f"`{pattern}` is no regular expression: {text}", 1) from None
    except UnicodeEncodeError:
        raise TypeMismatchError("a regular expression can't hold half a surrogate pair", 1) from None


@lru_cache(maxsize=256)
def replacement(pattern: str, template: str) -> tuple[str | int, ...]:
    r"""The template as texts and group numbers. Raises TypeMismatchError for a group that `pattern` lacks."""
    groups: int = regex(pattern).groups
    parts: list[str | int] = []
    end = 0
    for found in _REPLACEMENT.finditer(template):
        parts.append(template[end : found.start()])
        end = found.end()
        if not (found[1] and found[1] in "0123456789"):
            parts.append(found[1] or "\\")
        elif int(found[1]) <= groups:
            parts.append(int(found[1]))
        else:
            raise TypeMismatchError(f"`{found[0]}` in `{template}`: `{pattern}` has {groups} groups", 2)
    parts.append(template[end:])
    return tuple(part for part in parts if part != "")


@lru_cache(maxsize=256)
def specifier_set(specifier: str) -> Any:
    """The parsed specifier. Raises TypeMismatchError when it isn't one."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(specifier)
    except InvalidSpecifier:
        raise TypeMismatchError(f"`{specifier}` is no version specifier (as in `>=3.11,<4`)", 1) from None


def _encodable(text: str) -> str:
    """The text with each half of a surrogate pair, which RE2 can't take, as one replacement character."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
