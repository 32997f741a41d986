"""Values of many classes as bytes and back: nothing but objects of the classes that are named can come out.

It is for what has no one type to be decoded by, such as a plan, whose steps and selectors are of fifty classes. Objects
that occur in several places are encoded once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from msgspec import Struct

from polcheck.base.codec import Codec, NotDecoded

_SEEN, _LIST, _TUPLE, _SET, _DICT, _FIRST = range(6)
_BUILTINS: dict[int, Callable[[list[Any]], Any]] = {
    _LIST: list,
    _TUPLE: tuple,
    _SET: frozenset,
    _DICT: lambda items: dict(zip(items[::2], items[1::2], strict=True)),
}
_TAGS: dict[type, int] = {list: _LIST, tuple: _TUPLE, frozenset: _SET, dict: _DICT}
_PLAIN = (str, int, float, bool, type(None), bytes)
_TREE: Codec[Any] = Codec(Any)


def value_classes(modules: Iterable[ModuleType]) -> list[type]:
    """Return the structs and named tuples that are defined in modules, in the order of their names."""
    results = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and _fields_of(value) is not None
    }
    return sorted(results, key=lambda cls: (cls.__module__, cls.__qualname__))


class GraphCodec:
    """The encoding of values that are made of builtins and of objects of these classes.

    A class is a struct, a named tuple, or one that gives and takes its state (`__getstate__`, `__setstate__`).
    """

    def __init__(self, classes: Iterable[type]) -> None:
        self._classes = tuple(classes)
        self._tags = {cls: number for number, cls in enumerate(self._classes, _FIRST)} | _TAGS

    def encode(self, value: object) -> bytes:
        """Return the bytes of a value. Raises TypeError for an object of another class."""
        numbers: dict[int, int] = {}
        tags = self._tags

        def tree(one: Any) -> Any:
            kind = type(one)
            if kind in _PLAIN:
                return one
            if id(one) in numbers:
                return [_SEEN, numbers[id(one)]]
            tag = tags.get(kind)
            if tag is None:
                raise TypeError(f"{kind.__module__}.{kind.__qualname__} is not among the classes that are encoded")
            parts = [tag, *map(tree, _parts(one))]
            numbers[id(one)] = len(numbers)
            return parts

        return _TREE.encode(tree(value))

    def decode(self, data: bytes) -> Any:
        """Return the value of these bytes. Raises NotDecoded for any others than `encode` gives."""
        result: list[Any] = []
        makers = {number: _maker(cls) for number, cls in enumerate(self._classes, _FIRST)} | _BUILTINS

        def value(node: Any) -> Any:
            if type(node) is not list:
                if isinstance(node, _PLAIN):
                    return node
                raise NotDecoded("no value")
            tag = node[0]
            if tag == _SEEN:
                return result[node[1]]
            one = makers[tag]([value(part) for part in node[1:]])
            result.append(one)
            return one

        tree = _TREE.decode(data)
        try:
            return value(tree)
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise NotDecoded(str(error)) from error


def _fields_of(cls: type) -> tuple[str, ...] | None:
    if issubclass(cls, Struct):
        return cls.__struct_fields__
    return getattr(cls, "_fields", None) if issubclass(cls, tuple) else None


def _parts(value: Any) -> Iterable[Any]:
    """Return the values from which `value` can be rebuilt."""
    if isinstance(value, Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    if isinstance(value, Mapping):
        return [part for item in value.items() for part in item]
    if isinstance(value, frozenset):
        return sorted(value, key=repr)  # so that the same value gives the same bytes in every process
    if isinstance(value, list | tuple):
        return value
    state: tuple[Any, ...] = value.__getstate__()
    return state


def _maker(cls: type) -> Callable[[list[Any]], Any]:
    if _fields_of(cls) is None:

        def restored(state: list[Any]) -> Any:
            one: Any = object.__new__(cls)
            one.__setstate__(tuple(state))
            return one

        return restored
    result: Callable[..., Any] = cls
    return lambda parts: result(*parts)
