"""Functions of strings under the names that Kyverno's JMESPath gives them (kyverno/kyverno, pkg/engine/jmespath)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from polcheck.base.errors import PolcheckError
from polcheck.base.spans import Source, Unreadable
from polcheck.formats.values import Json, Unparsable, text_of
from polcheck.selectors.jmespath.regexes import encodable, regex
from polcheck.selectors.jmespath.signatures import Table
from polcheck.selectors.jmespath.values import CHARACTERS_A_STEP, Budget, TypeMismatchError

STRINGS = Table()
_STEPS_A_MATCH = 4
_CHARACTERS_A_PARSED_STEP = 4  # parsing costs more than copying
_VERSION = re2.compile(r"v?([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_BOUND = re2.compile(r"(==|=|!=|!|<=|<|>=|>|)\s*v?([0-9]{1,18}|[xX*])(?:\.([0-9]{1,18}|[xX*]))?(?:\.(\S+))?")


@STRINGS.add("compare(left: string, right: string) -> number", own=True)
def _compare(left: str, right: str) -> Json:
    """Return -1, 0 or 1: whether the first string stands before the second in order of characters, is it, or stands
    behind it."""
    return (left > right) - (left < right)


@STRINGS.add("equal_fold(left: string, right: string) -> boolean", own=True)
def _equal_fold(left: str, right: str) -> Json:
    """Return whether two strings are equal but for upper and lower case."""
    return len(left) == len(right) and all(
        one == other or one.lower() == other.lower() or one.upper() == other.upper()
        for one, other in zip(left, right, strict=True)
    )


@STRINGS.add("replace_all(text: string, old: string, new: string) -> string", place="first", spends=True, own=True)
def _replace_all(budget: Budget, text: str, old: str, new: str) -> Json:
    """Return the string with every occurrence of one string replaced by another."""
    budget.text(len(text) + text.count(old) * max(len(new) - len(old), 0))
    return text.replace(old, new)


@STRINGS.add("to_lower(text: string) -> string", place="first", own=True)
def _to_lower(text: str) -> Json:
    """Return the string in lowercase, as `lower` does."""
    return text.lower()


@STRINGS.add("to_upper(text: string) -> string", place="first", own=True)
def _to_upper(text: str) -> Json:
    """Return the string in uppercase, as `upper` does."""
    return text.upper()


@STRINGS.add("trim(text: string, characters: string) -> string", place="first", own=True)
def _trim(text: str, characters: str) -> Json:
    """Return the string without these characters at its ends."""
    return text.strip(characters)


@STRINGS.add("trim_prefix(text: string, prefix: string) -> string", place="first", own=True)
def _trim_prefix(text: str, prefix: str) -> Json:
    """Return the string without the prefix, if it begins with that."""
    return text.removeprefix(prefix)


@STRINGS.add("truncate(text: string, length: number) -> string", place="first", own=True)
def _truncate(text: str, length: float) -> Json:
    """Return the first characters of the string, as many as `length` says at most."""
    return text[: max(int(length), 0)]


@STRINGS.add("to_boolean(text: string) -> boolean", own=True)
def _to_boolean(text: str) -> Json:
    """Return true for `'true'` and false for `'false'`, in upper or lower case; anything else is an error."""
    word = text.lower()
    if word not in ("true", "false"):
        raise ValueError(f"`{text[:40]}` is neither `true` nor `false`")
    return word == "true"


@STRINGS.add("regex_match(regex: string, value: string|number) -> boolean", spends=True, own=True)
def _regex_match(budget: Budget, pattern: str, value: str | float) -> Json:
    """Return whether the regular expression (RE2) is found anywhere in the string or number."""
    text = encodable(text_of(value))
    budget.spend(1 + len(text) // CHARACTERS_A_STEP)
    return compiled(pattern).search(text) is not None


@STRINGS.add(
    "regex_replace_all(regex: string, text: string|number, with: string|number) -> string", spends=True, own=True
)
def _regex_replace_all(budget: Budget, pattern: str, text: str | float, template: str | float) -> Json:
    """Return the string with every match of the regular expression (RE2) replaced; `$1` and `${name}` are its
    groups."""
    parts = _template(pattern, text_of(template))
    return _replaced(budget, pattern, text_of(text), lambda match: [_part(match, part) for part in parts])


@STRINGS.add(
    "regex_replace_all_literal(regex: string, text: string|number, with: string|number) -> string",
    spends=True,
    own=True,
)
def _regex_replace_all_literal(budget: Budget, pattern: str, text: str | float, new: str | float) -> Json:
    """Return the string with every match of the regular expression (RE2) replaced by a string as it is."""
    parts = [text_of(new)]
    return _replaced(budget, pattern, text_of(text), lambda match: parts)


def compiled(pattern: str) -> Any:
    """Return the compiled regular expression. Raises TypeMismatchError about the first argument when it isn't one."""
    try:
        return regex(pattern)
    except TypeMismatchError as error:
        raise TypeMismatchError(error.message, 0) from None


class _Group(NamedTuple):
    """A group of a regular expression in what replaces a match."""

    name: str | int


def _part(match: Any, part: str | _Group) -> str:
    return part if isinstance(part, str) else match.group(part.name) or ""


@lru_cache(maxsize=256)
def _template(pattern: str, text: str) -> tuple[str | _Group, ...]:
    """Return the parts of a replacement as Go's `Regexp.Expand` reads it; a group that isn't there is empty."""
    expression = compiled(pattern)
    names = expression.groupindex
    parts: list[str | _Group] = []
    rest = text
    while "$" in rest:
        before, _, rest = rest.partition("$")
        parts.append(before)
        if rest[:1] == "$":
            parts.append("$")
            rest = rest[1:]
            continue
        braced = rest[:1] == "{"
        start = 1 if braced else 0
        end = start
        while end < len(rest) and (rest[end] == "_" or rest[end].isalnum()):
            end += 1
        name = rest[start:end]
        if not name or (braced and rest[end : end + 1] != "}"):
            parts.append("$")
            continue
        rest = rest[end + braced :]
        if name.isdecimal() and name.isascii() and len(name) < 4:
            if int(name) <= expression.groups:
                parts.append(_Group(int(name)))
        elif name in names:
            parts.append(_Group(name))
    return (*parts, rest)


def _replaced(budget: Budget, pattern: str, text: str, parts_of: Callable[[Any], list[str]]) -> str:
    """Return a string with every match replaced. Raises LimitError before the result is too long."""
    text = encodable(text)
    pieces, end, length = [], 0, len(text)
    for match in compiled(pattern).finditer(text):
        added = parts_of(match)
        length += sum(map(len, added)) - (match.end() - match.start())
        budget.look()
        budget.spend(_STEPS_A_MATCH + sum(map(len, added)) // CHARACTERS_A_STEP)
        pieces += [text[end : match.start()], *added]
        end = match.end()
    budget.text(length)
    return "".join(pieces) + text[end:]


@STRINGS.add("pattern_match(pattern: string, value: string|number) -> boolean", spends=True, own=True)
def _pattern_match(budget: Budget, pattern: str, value: str | float) -> Json:
    """Return whether the whole string or number is like the pattern, in which `*` stands for any characters and `?` for
    one."""
    text = encodable(text_of(value))
    budget.spend(1 + (len(pattern) + len(text)) // CHARACTERS_A_STEP)
    return _wildcard(encodable(pattern)).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _wildcard(pattern: str) -> Any:
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    parts = {"*": ".*", "?": "."}
    return compiled("(?s)" + "".join(parts.get(character) or re2.escape(character) for character in pattern))


@STRINGS.add("base64_encode(text: string) -> string", own=True)
def _base64_encode(text: str) -> Json:
    """Return the string, in UTF-8, as base64."""
    return base64.b64encode(text.encode()).decode()


@STRINGS.add("base64_decode(text: string) -> string", own=True)
def _base64_decode(text: str) -> Json:
    """Return the string that base64 stands for; what isn't base64, or no UTF-8, is an error."""
    return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True).decode()


@STRINGS.add("sha256(text: string) -> string", own=True)
def _sha256(text: str) -> Json:
    """Return the SHA-256 digest of the string in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@STRINGS.add("parse_json(text: string) -> any", spends=True, own=True)
def _parse_json(budget: Budget, text: str) -> Json:
    """Return the value that a JSON text holds; anything else is an error."""
    return _parsed(budget, text, "json", "JSON")


@STRINGS.add("parse_yaml(text: string) -> any", spends=True, own=True)
def _parse_yaml(budget: Budget, text: str) -> Json:
    """Return the value that a YAML document holds, null where there is none; several documents are an error."""
    return _parsed(budget, text, "yaml", "YAML")


def _parsed(budget: Budget, text: str, name: str, title: str) -> Json:
    from polcheck.formats import formats

    budget.look()
    budget.spend(1 + len(text) // _CHARACTERS_A_PARSED_STEP)
    try:
        values = formats()[name].parse(Source("", encodable(text).encode())).values
    except (Unparsable, Unreadable, PolcheckError) as error:
        raise TypeMismatchError(f"this is not {title}: {error}", 0) from None
    if len(values) > 1:
        raise TypeMismatchError(f"there are {len(values)} documents in this {title}", 0)
    budget.look()
    value = values[0] if values else None
    budget.tree(value)
    return value


@STRINGS.add("semver_compare(version: string, range: string) -> boolean", own=True)
def _semver_compare(version: str, range: str) -> Json:
    """Return whether the version (Semantic Versioning 2.0.0) is in the range: `>=1.2.0 <2.0.0 || 3.x`, with `=`, `!=`,
    `<`, `<=`, `>`, `>=`, spaces for and, `||` for or, and `x` for any number. What is no version is an error."""
    given = _version(version)
    return any(all(bound(given) for bound in bounds) for bounds in semver_range(range))


_Version = tuple[int, int, int, tuple[tuple[bool, int, str], ...]]


def _version(text: str) -> _Version:
    """Return what orders versions. Raises ValueError for a string that isn't one."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:40]}` is not a semantic version, as `1.2.3`")
    return int(match[1]), int(match[2]), int(match[3]), _prerelease(match[4])


def _prerelease(text: str | None) -> tuple[tuple[bool, int, str], ...]:
    """Return what orders pre-releases: numbers before words, fewer identifiers before more, a final version last."""
    if text is None:
        return ((True, 0, "\U0010ffff"),)
    return tuple(
        (False, int(part), "") if part.isdecimal() and len(part) < 19 else (True, 0, part) for part in text.split(".")
    )


_Bound = Callable[[_Version], bool]


@lru_cache(maxsize=256)
def semver_range(text: str) -> tuple[tuple[_Bound, ...], ...]:
    """Return the alternatives of a range, each the conditions that a version has to meet.

    The syntax is that of github.com/blang/semver. Raises TypeMismatchError for a text that is no range.
    """
    return tuple(_bounds(part) for part in text.split("||"))


def _bounds(text: str) -> tuple[_Bound, ...]:
    bounds, rest = [], text.strip()
    while rest:
        match = _BOUND.match(rest)
        if match is None:
            raise TypeMismatchError(f"`{text[:40]}` is not a range of versions, as `>=1.2.0 <2.0.0`", 1)
        bounds.append(_bound(match[1], [part for part in (match[2], match[3], match[4]) if part], text))
        rest = rest[match.end() :].lstrip()
    if not bounds:
        raise TypeMismatchError("a range of versions, or a part of one between `||`, is empty", 1)
    return tuple(bounds)


def _bound(operator: str, parts: list[str], text: str) -> _Bound:
    """Return the condition of one operator and version, of which the last parts may be `x` or left out."""
    numbers: list[int] = []
    for part in parts[:2]:
        if not part.isdecimal():
            break
        numbers.append(int(part))
    whole = len(parts) == 3 and len(numbers) == 2 and parts[2] not in ("x", "X", "*")
    if len(parts) == len(numbers) < 3:
        raise TypeMismatchError(f"`{text[:40]}` names no whole version: write `x` for any number, as `1.2.x`", 1)
    if whole:
        try:
            low = _version(".".join(parts))
        except ValueError as error:
            raise TypeMismatchError(str(error), 1) from None
        return {
            "": lambda version: version == low,
            "=": lambda version: version == low,
            "==": lambda version: version == low,
            "!": lambda version: version != low,
            "!=": lambda version: version != low,
            "<": lambda version: version < low,
            "<=": lambda version: version <= low,
            ">": lambda version: version > low,
            ">=": lambda version: version >= low,
        }[operator]
    padded = [*numbers, 0, 0, 0][:3]
    low = (padded[0], padded[1], padded[2], _prerelease(None))
    if not numbers:
        return lambda version: operator in ("", "=", "==", ">=", "<=")
    after = [*numbers[:-1], numbers[-1] + 1, 0, 0][:3]
    high = (after[0], after[1], after[2], _prerelease(None))

    def inside(version: _Version) -> bool:
        return low <= version < high

    return {
        "": inside,
        "=": inside,
        "==": inside,
        "!": lambda version: not inside(version),
        "!=": lambda version: not inside(version),
        "<": lambda version: version < low,
        "<=": lambda version: version < high,
        ">": lambda version: version >= high,
        ">=": lambda version: version >= low,
    }[operator]
