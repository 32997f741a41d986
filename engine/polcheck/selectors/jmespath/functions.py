"""The functions of expressions: those of the JMESPath standard, and polcheck's own."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from polcheck.formats.values import Json, Pointer
from polcheck.selectors.jmespath.arithmetic import ARITHMETIC, total
from polcheck.selectors.jmespath.dates import DATES
from polcheck.selectors.jmespath.objects import OBJECTS
from polcheck.selectors.jmespath.paths import PATHS
from polcheck.selectors.jmespath.regexes import encodable, regex, replacement
from polcheck.selectors.jmespath.signatures import Function, Table
from polcheck.selectors.jmespath.strings import STRINGS
from polcheck.selectors.jmespath.values import (
    CHARACTERS_A_STEP,
    NUMBERS,
    Budget,
    TypeMismatchError,
    equal,
    frozen,
    kind_of,
    preview,
)

STANDARD = Table()
_Apply = Callable[[Json], Json]


@STANDARD.add("abs(number: number) -> number")
def _abs(number: float) -> Json:
    """Return the absolute value of the number."""
    return abs(number)


@STANDARD.add("avg(numbers: array[number]) -> number")
def _avg(numbers: list[float]) -> Json:
    """Return the mean of the numbers; null when there are none."""
    return total(numbers) / len(numbers) if numbers else None


@STANDARD.add("ceil(number: number) -> number")
def _ceil(number: float) -> Json:
    """Return the number rounded up."""
    return math.ceil(number)


@STANDARD.add("contains(subject: array|string, search: any) -> boolean", spends=True)
def _contains(budget: Budget, subject: list[Json] | str, search: Json) -> Json:
    """Return whether the list has that element, or the string that substring."""
    if isinstance(subject, str):
        return isinstance(search, str) and search in subject
    return holds(subject, search, budget)


def holds(items: list[Json], search: Json, budget: Budget) -> bool:
    """Return whether `search` is an element of `items`."""
    if type(search) is str:
        return search in items
    return any(equal(item, search, budget) for item in items)


@STANDARD.add("ends_with(text: string, suffix: string) -> boolean")
def _ends_with(text: str, suffix: str) -> Json:
    """Return whether the string ends with `suffix`."""
    return text.endswith(suffix)


@STANDARD.add("floor(number: number) -> number")
def _floor(number: float) -> Json:
    """Return the number rounded down."""
    return math.floor(number)


@STANDARD.add("join(separator: string, strings: array[string]) -> string", spends=True)
def _join(budget: Budget, separator: str, texts: list[str]) -> Json:
    """Return the strings joined, with the separator between them."""
    budget.text(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


@STANDARD.add("keys(object: object) -> array")
def _keys(subject: dict[str, Json]) -> Json:
    """Return the keys of the object."""
    return list(subject)


@STANDARD.add("length(subject: array|object|string) -> number")
def _length(subject: list[Json] | dict[str, Json] | str) -> Json:
    """Return the number of elements, entries or characters."""
    return len(subject)


@STANDARD.add("map(expression: expression, list: array) -> array")
def _map(apply: _Apply, items: list[Json]) -> Json:
    """Return what the expression gives for each element, nulls included."""
    return [apply(item) for item in items]


@STANDARD.add("max(list: array[number]|array[string]) -> any")
def _max(items: list[float]) -> Json:
    """Return the largest; null when there are none."""
    return max(items) if items else None


@STANDARD.add("max_by(list: array, expression: expression) -> any")
def _max_by(items: list[Json], apply: _Apply) -> Json:
    """Return the first element for which the expression gives the most, those left out for which it is null."""
    picked = extreme([apply(item) for item in items], "max_by", most=True)
    return None if picked is None else items[picked]


@STANDARD.add("merge(*objects: object) -> object")
def _merge(*objects: dict[str, Json]) -> Json:
    """Return one object with the entries of all; the last one wins."""
    return {key: value for item in objects for key, value in item.items()}


@STANDARD.add("min(list: array[number]|array[string]) -> any")
def _min(items: list[float]) -> Json:
    """Return the smallest; null when there are none."""
    return min(items) if items else None


@STANDARD.add("min_by(list: array, expression: expression) -> any")
def _min_by(items: list[Json], apply: _Apply) -> Json:
    """Return the first element for which the expression gives the least, those left out for which it is null."""
    picked = extreme([apply(item) for item in items], "min_by", most=False)
    return None if picked is None else items[picked]


@STANDARD.add("not_null(*values: any) -> any", takes_null=True)
def _not_null(*values: Json) -> Json:
    """Return the first of its arguments that isn't null."""
    return next((value for value in values if value is not None), None)


@STANDARD.add("reverse(subject: array|string) -> any", place="first")
def _reverse(subject: list[Json] | str) -> Json:
    """Return the list or the string in reverse."""
    return subject[::-1]


@STANDARD.add("sort(list: array[number]|array[string]) -> array")
def _sort(items: list[Json]) -> Json:
    """Return the list in ascending order."""
    return sorted(items)  # type: ignore[type-var]


@STANDARD.add("sort_by(list: array, expression: expression) -> array")
def _sort_by(items: list[Json], apply: _Apply) -> Json:
    """Return the list in ascending order of what the expression gives; elements for which it is null come last."""
    return [items[index] for index in ascending([apply(item) for item in items], "sort_by")]


@STANDARD.add("starts_with(text: string, prefix: string) -> boolean")
def _starts_with(text: str, prefix: str) -> Json:
    """Return whether the string starts with `prefix`."""
    return text.startswith(prefix)


@STANDARD.add("sum(numbers: array[number]) -> number")
def _sum(numbers: list[float]) -> Json:
    """Return the sum of the numbers; 0 when there are none."""
    return total(numbers)


@STANDARD.add("to_array(value: any) -> array", takes_null=True)
def _to_array(value: Json) -> Json:
    """Return the list itself; anything else as a list of one."""
    return value if isinstance(value, list) else [value]


@STANDARD.add("to_number(value: any) -> number", takes_null=True)
def _to_number(value: Json) -> Json:
    """Return the number that the string writes, or the number itself; null for anything else."""
    if type(value) in (int, float):
        return value
    if not isinstance(value, str):
        return None
    for read in (int, float):
        try:
            number = read(value)
        except ValueError:
            continue
        return number if math.isfinite(number) else None
    return None


@STANDARD.add("to_string(value: any) -> string", takes_null=True, spends=True)
def _to_string(budget: Budget, value: Json) -> Json:
    """Return the string itself; anything else as JSON."""
    if isinstance(value, str):
        return value
    budget.tree(value)
    return json.dumps(value, separators=(",", ":"))


@STANDARD.add("type(value: any) -> string", takes_null=True)
def _type(value: Json) -> Json:
    """Return the name of the value's type: null, boolean, number, string, array or object."""
    return kind_of(value)


@STANDARD.add("values(object: object) -> array")
def _values(subject: dict[str, Json]) -> Json:
    """Return the values of the object."""
    return list(subject.values())


def ascending(keys: list[Json], name: str) -> list[int]:
    """Return the order of indices that sorts `keys`, nulls last. Raises TypeMismatchError when they can't be
    compared.
    """
    kept = _comparable(keys, name)
    order = sorted(kept, key=keys.__getitem__)  # type: ignore[arg-type]
    return order + [index for index, key in enumerate(keys) if key is None]


def extreme(keys: list[Json], name: str, most: bool) -> int | None:
    """Return the index of the largest or smallest key. Raises TypeMismatchError when they can't be compared."""
    kept = _comparable(keys, name)
    if not kept:
        return None
    pick = max if most else min
    return pick(kept, key=keys.__getitem__)  # type: ignore[arg-type]


def _comparable(keys: list[Json], name: str) -> list[int]:
    """Return the indices of the keys that aren't null. Raises TypeMismatchError unless all are of one sort."""
    kept = [index for index, key in enumerate(keys) if key is not None]
    wanted = kind_of(keys[kept[0]]) if kept and kind_of(keys[kept[0]]) in ("number", "string") else ""
    for index in kept:
        if kind_of(keys[index]) != wanted:
            message = f"`{name}` wants numbers or strings to order by, all of one type, not {preview(keys[index])}"
            raise TypeMismatchError(message, 0, index)
    return kept


def refuse_null(key: Json, name: str) -> Json:
    """Return the key itself. Raises TypeMismatchError for null, which only the library's own semantics minds."""
    if key is None:
        raise TypeMismatchError(f"`{name}` wants numbers or strings to order by, not `null`", 0)
    return key


BELOW = Table()
ROW_KEYS = ("key", "value", "pointer")


class Step(NamedTuple):
    """A value below another: the way to it, the same as RFC 6901 writes it, and itself."""

    way: Pointer
    text: str
    value: Json


@BELOW.add("leaves(value: any) -> array", spends=True, own=True)
def _leaves(budget: Budget, value: Json) -> Json:
    """Return a row `{key, value, pointer}` for every scalar below the value, in order; of a scalar, for itself
    (`key` is null). `key` is the last step of the way, a number for an element of a list; `pointer` is the whole
    way from the value as RFC 6901 writes it.
    """
    return [row(step) for step in below(budget, value, leaves_only=True)]


@BELOW.add("nodes(value: any) -> array", spends=True, own=True)
def _nodes(budget: Budget, value: Json) -> Json:
    """Return the same rows as `leaves`, for every value below: objects and lists too, before what they hold."""
    return [row(step) for step in below(budget, value, leaves_only=False)]


@BELOW.add("entries(value: object|array) -> array", own=True)
def _entries(value: dict[str, Json] | list[Json]) -> Json:
    """Return a row as of `leaves` for each entry of this object or element of this list, whatever it holds; none
    below it.
    """
    return [row(step) for step in direct(value)]


@BELOW.add("includes(value: any, item: any) -> boolean", spends=True, own=True)
def _includes(budget: Budget, value: Json, item: Json) -> Json:
    """Return whether the object has that key, or the list that element; of anything else, whether it is that."""
    if isinstance(value, dict):
        return isinstance(item, str) and item in value
    if isinstance(value, list):
        return holds(value, item, budget)
    return equal(value, item, budget)


@BELOW.add("unique(list: array) -> array", spends=True, own=True)
def _unique(budget: Budget, items: list[Json]) -> Json:
    """Return the list without the elements that are equal to an earlier one."""
    return [items[index] for index in first_of_each(budget, items)]


def row(step: Step) -> dict[str, Json]:
    """Return the row that says where a value stands."""
    return {"key": step.way[-1] if step.way else None, "value": step.value, "pointer": step.text}


def direct(value: Json, way: Pointer = (), text: str = "") -> list[Step]:
    """Return the entries of an object or the elements of a list that stands at `way`; nothing for a scalar."""
    if isinstance(value, dict):
        return [Step((*way, key), f"{text}/{_escaped(key)}", item) for key, item in value.items()]
    if isinstance(value, list):
        return [Step((*way, index), f"{text}/{index}", item) for index, item in enumerate(value)]
    return []


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def below(budget: Budget, value: Json, leaves_only: bool) -> list[Step]:
    """Return every value below, or a scalar itself, in the order of the document. Raises LimitError."""
    steps: list[Step] = []
    pending = [Step((), "", value)]
    while pending:
        step = pending.pop()
        if not isinstance(step.value, (dict, list)):
            steps.append(step)
            continue
        # NOTE: the way is copied for each step, so a deep one costs more.
        budget.spend(len(step.value) * (1 + len(step.way) // 16))
        pending += reversed(direct(step.value, step.way, step.text))
        if step.way and not leaves_only:
            steps.append(step)
    return steps


def first_of_each(budget: Budget, items: list[Json]) -> list[int]:
    """Return the index of the first of each run of equal elements."""
    budget.tree(items)
    seen: dict[object, int] = {}
    for index, item in enumerate(items):
        seen.setdefault(frozen(item), index)
    return list(seen.values())


TEXTS = Table()
_STEPS_A_MATCH = 4
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@TEXTS.add("basename(path: string) -> string", place="first", own=True)
def _basename(path: str) -> Json:
    """Return the last segment of a path: `train.py` of `src/train.py`."""
    return _segments(path)[1]


@TEXTS.add("dirname(path: string) -> string", place="first", own=True)
def _dirname(path: str) -> Json:
    """Return the path without its last segment: `src` of `src/train.py`; empty when there is only one."""
    return _segments(path)[0]


@TEXTS.add("stem(path: string) -> string", place="first", own=True)
def _stem(path: str) -> Json:
    """Return the last segment of a path without its extension: `train` of `src/train.py`; `.bashrc` has none."""
    name = _segments(path)[1]
    head, dot, _ = name.rpartition(".")
    return head if dot and head.strip(".") else name


def _segments(path: str) -> tuple[str, str]:
    head, slash, name = path.rstrip("/").rpartition("/")
    return head or ("/" if slash else ""), name


@TEXTS.add("lines(text: string) -> array", place="first", own=True)
def _lines(text: str) -> Json:
    """Return the lines of the string, without their line breaks."""
    lines: list[Json] = list(_LINE_BREAK.split(text))
    return lines[:-1] if lines[-1] == "" else lines


@TEXTS.add("lower(text: string) -> string", place="first", own=True)
def _lower(text: str) -> Json:
    """Return the string in lowercase."""
    return text.lower()


@TEXTS.add("upper(text: string) -> string", place="first", own=True)
def _upper(text: str) -> Json:
    """Return the string in uppercase."""
    return text.upper()


@TEXTS.add("strip(text: string) -> string", place="first", own=True)
def _strip(text: str) -> Json:
    """Return the string without white space at its ends."""
    return text.strip()


@TEXTS.add("split(text: string, separator: string) -> array", place="first", spends=True, own=True)
def _split(budget: Budget, text: str, separator: str) -> Json:
    """Return the parts of the string between separators; with an empty separator its characters."""
    budget.spend(text.count(separator))
    return list(text.split(separator) if separator else text)


@TEXTS.add("matches(value: any, regex: string) -> boolean", spends=True, own=True)
def _matches(budget: Budget, value: Json, pattern: str) -> Json:
    """Return whether the regular expression (RE2) is found anywhere in the string; false for anything but a string."""
    compiled = regex(pattern)
    if isinstance(value, str):
        budget.spend(len(value) // CHARACTERS_A_STEP)
    # NOTE: over bytes RE2's binding has no places to count in characters, which takes longer than the search
    return isinstance(value, str) and compiled.search(encodable(value).encode()) is not None


@TEXTS.add("replace(text: string, regex: string, with: string) -> string", place="first", spends=True, own=True)
def _replace(budget: Budget, text: str, pattern: str, template: str) -> Json:
    r"""The string with every match of the regular expression (RE2) replaced; `\1` is its first group."""
    parts = replacement(pattern, template)
    text = encodable(text)
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
    """Return whether the version meets the specifier (PEP 440; pre-releases count); false for anything but a
    version.
    """
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


@lru_cache(maxsize=256)
def specifier_set(specifier: str) -> Any:
    """Return the parsed specifier. Raises TypeMismatchError when it isn't one."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(specifier)
    except InvalidSpecifier:
        raise TypeMismatchError(f"`{specifier}` is not a version specifier (as in `>=3.11,<4`)", 1) from None


_TABLES = (STANDARD, TEXTS, BELOW, OBJECTS, STRINGS, PATHS, ARITHMETIC, DATES)
FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    dict(sorted((name, function) for table in _TABLES for name, function in table.items()))
)
