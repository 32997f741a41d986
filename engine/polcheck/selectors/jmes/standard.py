"""The functions of the JMESPath standard."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from polcheck.documents.config import Json
from polcheck.selectors.jmes.errors import TypeMismatchError
from polcheck.selectors.jmes.signature import Table
from polcheck.selectors.jmes.values import Budget, equal, kind_of, shown

STANDARD = Table()
_Apply = Callable[[Json], Json]


@STANDARD.add("abs(number: number) -> number")
def _abs(number: float) -> Json:
    """The number without its sign."""
    return abs(number)


@STANDARD.add("avg(numbers: array[number]) -> number")
def _avg(numbers: list[float]) -> Json:
    """The mean of the numbers; null when there are none."""
    return sum(numbers) / len(numbers) if numbers else None


@STANDARD.add("ceil(number: number) -> number")
def _ceil(number: float) -> Json:
    """The next whole number upwards."""
    return math.ceil(number)


@STANDARD.add("contains(subject: array|string, search: any) -> boolean", spends=True)
def _contains(budget: Budget, subject: list[Json] | str, search: Json) -> Json:
    """Whether the list has that element, or the text that part."""
    if isinstance(subject, str):
        return isinstance(search, str) and search in subject
    return holds(subject, search, budget)


def holds(items: list[Json], search: Json, budget: Budget) -> bool:
    """Whether `search` is an element of `items`."""
    if type(search) is str:
        return search in items
    return any(equal(item, search, budget) for item in items)


@STANDARD.add("ends_with(text: string, suffix: string) -> boolean")
def _ends_with(text: str, suffix: str) -> Json:
    """Whether the text ends so."""
    return text.endswith(suffix)


@STANDARD.add("floor(number: number) -> number")
def _floor(number: float) -> Json:
    """The next whole number downwards."""
    return math.floor(number)


@STANDARD.add("join(separator: string, texts: array[string]) -> string", spends=True)
def _join(budget: Budget, separator: str, texts: list[str]) -> Json:
    """The texts one after the other, the separator between them."""
    budget.text(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


@STANDARD.add("keys(object: object) -> array")
def _keys(subject: dict[str, Json]) -> Json:
    """The keys of the object."""
    return list(subject)


@STANDARD.add("length(subject: array|object|string) -> number")
def _length(subject: list[Json] | dict[str, Json] | str) -> Json:
    """How many elements, entries or characters there are."""
    return len(subject)


@STANDARD.add("map(expression: expression, list: array) -> array")
def _map(apply: _Apply, items: list[Json]) -> Json:
    """What the expression gives for each element, nulls included."""
    return [apply(item) for item in items]


@STANDARD.add("max(list: array[number]|array[string]) -> any")
def _max(items: list[float]) -> Json:
    """The largest; null when there are none."""
    return max(items) if items else None


@STANDARD.add("max_by(list: array, expression: expression) -> any")
def _max_by(items: list[Json], apply: _Apply) -> Json:
    """The first element for which the expression gives the most, those left out for which it is null."""
    picked = extreme([apply(item) for item in items], "max_by", most=True)
    return None if picked is None else items[picked]


@STANDARD.add("merge(*objects: object) -> object")
def _merge(*objects: dict[str, Json]) -> Json:
    """One object with the entries of all; the last one wins."""
    return {key: value for item in objects for key, value in item.items()}


@STANDARD.add("min(list: array[number]|array[string]) -> any")
def _min(items: list[float]) -> Json:
    """The smallest; null when there are none."""
    return min(items) if items else None


@STANDARD.add("min_by(list: array, expression: expression) -> any")
def _min_by(items: list[Json], apply: _Apply) -> Json:
    """The first element for which the expression gives the least, those left out for which it is null."""
    picked = extreme([apply(item) for item in items], "min_by", most=False)
    return None if picked is None else items[picked]


@STANDARD.add("not_null(*values: any) -> any", takes_null=True)
def _not_null(*values: Json) -> Json:
    """The first of its arguments that isn't null."""
    return next((value for value in values if value is not None), None)


@STANDARD.add("reverse(subject: array|string) -> any", place="first")
def _reverse(subject: list[Json] | str) -> Json:
    """The list or the text from its end."""
    return subject[::-1]


@STANDARD.add("sort(list: array[number]|array[string]) -> array")
def _sort(items: list[Json]) -> Json:
    """The list in ascending order."""
    return sorted(items)  # type: ignore[type-var]


@STANDARD.add("sort_by(list: array, expression: expression) -> array")
def _sort_by(items: list[Json], apply: _Apply) -> Json:
    """The list in ascending order of what the expression gives; elements for which it is null come last."""
    return [items[index] for index in ascending([apply(item) for item in items], "sort_by")]


@STANDARD.add("starts_with(text: string, prefix: string) -> boolean")
def _starts_with(text: str, prefix: str) -> Json:
    """Whether the text begins so."""
    return text.startswith(prefix)


@STANDARD.add("sum(numbers: array[number]) -> number")
def _sum(numbers: list[float]) -> Json:
    """The numbers added up; 0 when there are none."""
    return sum(numbers)


@STANDARD.add("to_array(value: any) -> array", takes_null=True)
def _to_array(value: Json) -> Json:
    """The list itself; anything else as a list of one."""
    return value if isinstance(value, list) else [value]


@STANDARD.add("to_number(value: any) -> number", takes_null=True)
def _to_number(value: Json) -> Json:
    """The number that the text writes, or the number itself; null for anything else."""
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
    """The text itself; anything else as JSON."""
    if isinstance(value, str):
        return value
    budget.tree(value)
    return json.dumps(value, separators=(",", ":"))


@STANDARD.add("type(value: any) -> string", takes_null=True)
def _type(value: Json) -> Json:
    """The name of the value's type: null, boolean, number, string, array or object."""
    return kind_of(value)


@STANDARD.add("values(object: object) -> array")
def _values(subject: dict[str, Json]) -> Json:
    """The values of the object."""
    return list(subject.values())


def ascending(keys: list[Json], name: str) -> list[int]:
    """The order of indices that sorts `keys`, nulls last. Raises TypeMismatchError when they can't be compared."""
    kept = _comparable(keys, name)
    order = sorted(kept, key=keys.__getitem__)  # type: ignore[arg-type]
    return order + [index for index, key in enumerate(keys) if key is None]


def extreme(keys: list[Json], name: str, most: bool) -> int | None:
    """The index of the largest or smallest key. Raises TypeMismatchError when they can't be compared."""
    kept = _comparable(keys, name)
    if not kept:
        return None
    pick = max if most else min
    return pick(kept, key=keys.__getitem__)  # type: ignore[arg-type]


def _comparable(keys: list[Json], name: str) -> list[int]:
    """The indices of the keys that aren't null. Raises TypeMismatchError unless all are of one sort."""
    kept = [index for index, key in enumerate(keys) if key is not None]
    wanted = kind_of(keys[kept[0]]) if kept and kind_of(keys[kept[0]]) in ("number", "string") else ""
    for index in kept:
        if kind_of(keys[index]) != wanted:
            message = f"`{name}` wants numbers or texts to order by, all of one type, not {shown(keys[index])}"
            raise TypeMismatchError(message, 0, index)
    return kept


def refuse_null(key: Json, name: str) -> Json:
    """The key itself. Raises TypeMismatchError for null, which only the library's own semantics minds."""
    if key is None:
        raise TypeMismatchError(f"`{name}` wants numbers or texts to order by, not `null`", 0)
    return key
