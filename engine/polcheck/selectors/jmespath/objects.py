"""Functions that look up, take apart and put together objects and lists."""

from __future__ import annotations

from typing import NamedTuple

from polcheck.formats.values import Json, Pointer, text_of
from polcheck.selectors.jmespath.signatures import Table
from polcheck.selectors.jmespath.values import Budget, TypeMismatchError, equal, kind_of, preview

OBJECTS = Table()


@OBJECTS.add("get(collection: object|array, key: string|number) -> any", own=True)
def _get(collection: dict[str, Json] | list[Json], key: str | float) -> Json:
    """Return the value under a key of the object, or the element of the list with that number, from the end where it is
    negative; null where there is none."""
    place = key_in(collection, key)
    return None if place is None else collection[place]  # type: ignore[index]


@OBJECTS.add("lookup(collection: object|array, key: string|number) -> any", own=True)
def _lookup(collection: dict[str, Json] | list[Json], key: str | float) -> Json:
    """Return what `get` does, under the name that Kyverno gives it."""
    return _get(collection, key)


def key_in(collection: dict[str, Json] | list[Json], key: str | float) -> str | int | None:
    """Return the key of an object, or the index of a list, that `key` stands for; None where there is none."""
    if isinstance(collection, dict):
        return key if isinstance(key, str) and key in collection else None
    whole = isinstance(key, int | float) and -len(collection) <= key < len(collection) and key == int(key)
    return int(key) % len(collection) if whole else None


@OBJECTS.add("items(collection: object|array, key_name: string, value_name: string) -> array", own=True)
def _items(collection: dict[str, Json] | list[Json], key_name: str, value_name: str) -> Json:
    """Return an object for each entry of the object or element of the list, in order, with its key or number and its
    value under the names given."""
    pairs = collection.items() if isinstance(collection, dict) else enumerate(collection)
    return [{key_name: key, value_name: value} for key, value in pairs]


@OBJECTS.add("object_from_lists(keys: array, values: array) -> object", takes_null=False, own=True)
def _object_from_lists(keys: list[Json], values: list[Json]) -> Json:
    """Return the object of these keys (strings, numbers or booleans) and the values that stand at the same places; null
    where there are fewer values."""
    result: dict[str, Json] = {}
    for number, key in enumerate(keys):
        if kind_of(key) not in ("string", "number", "boolean"):
            raise TypeMismatchError(f"a key is a string, and {preview(key)} is in `keys`", 0, number)
        result[text_of(key)] = values[number] if number < len(values) else None
    return result


@OBJECTS.add("label_match(labels: object, others: object) -> boolean", spends=True, own=True)
def _label_match(budget: Budget, labels: dict[str, Json], others: dict[str, Json]) -> Json:
    """Return whether each of the first labels is among the others, with the same value."""
    budget.spend(len(labels))
    return all(key in others and equal(value, others[key], budget) for key, value in labels.items())


class Pair(NamedTuple):
    """An entry of a mapping, or of a list of strings that stands for one: the way to it, its key and its value.

    `step` is the last part of the way to the value where the value stands in the document by itself.
    """

    way: Pointer
    key: str
    value: Json
    step: str = ""


@OBJECTS.add("pairs(value: object|array, separator: string) -> array", own=True)
def _pairs(value: dict[str, Json] | list[Json], separator: str) -> Json:
    """Return a row `{key, value, pointer}` for each entry of an object, or for each string of a list, split at its
    first separator: `{A: b}` and `['A=b']` give the same with `'='`. A string without it has the value null; an object
    of one entry in the list is that entry; anything else there is an error."""
    return [
        {"key": pair.key, "value": pair.value, "pointer": pointer_of(pair.way)}
        for pair in taken_apart(value, separator)
    ]


def pointer_of(way: Pointer) -> str:
    """Return a way as RFC 6901 writes it."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in way)


def taken_apart(value: dict[str, Json] | list[Json], separator: str) -> list[Pair]:
    """Return the entries of a mapping, or of the list that stands for one. Raises TypeMismatchError."""
    if isinstance(value, dict):
        return [Pair((key,), key, entry, key) for key, entry in value.items()]
    if not separator:
        raise TypeMismatchError("an empty string separates nothing", 1)
    pairs: list[Pair] = []
    for number, item in enumerate(value):
        if isinstance(item, dict) and len(item) == 1:
            ((key, entry),) = item.items()
            pairs.append(Pair((number, key), key, entry, key))
        elif kind_of(item) in ("string", "number", "boolean"):
            key, separated, rest = text_of(item).partition(separator)
            pairs.append(Pair((number,), key, rest if separated else None))
        elif item is not None:
            message = f"a list of pairs holds strings such as `A{separator}b`, and {preview(item)} is in it"
            raise TypeMismatchError(message, 0, number)
    return pairs
