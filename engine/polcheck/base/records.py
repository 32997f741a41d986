"""Data classes that cost next to nothing until they are used.

NOTE: `dataclasses` writes and compiles five or six functions for each class as its module is imported, 0.3 ms a class;
a run that answers in a blink has no time for two hundred of them. Here a class is completed when its first object is
made or its fields are asked for, and shares the rest. That a frozen one isn't written to is for the type checker to see
to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

_Class = TypeVar("_Class", bound=type)


@overload
def record(cls: _Class, /) -> _Class: ...


@overload
def record(*, frozen: bool = False, eq: bool = True, slots: bool = False) -> Callable[[_Class], _Class]: ...


@dataclass_transform(field_specifiers=(field,))
def record(cls: Any = None, /, *, frozen: bool = False, eq: bool = True, slots: bool = False) -> Any:
    """The class as `dataclasses.dataclass` with the same words makes it; `fields` and `replace` take its objects.

    Two differences: nothing stops writing to a frozen one while it runs, and hashes of its subclasses are its own.
    """
    if cls is None:
        return partial(record, frozen=frozen, eq=eq, slots=slots)
    own = cls.__dict__
    names = tuple(name for name in own.get("__annotations__", ()) if name not in getattr(cls, "__match_args__", ()))
    made: Any = _with_slots(cls, names) if slots else cls
    made.__match_args__ = (*getattr(cls, "__match_args__", ()), *names)  # type: ignore[misc]
    made.__dataclass_fields__ = _Later(made, cls, "__dataclass_fields__")
    if "__init__" not in own:
        made.__init__ = _Later(made, cls, "__init__")
    if slots and "__reduce__" not in own:
        made.__reduce__ = _reduce  # NOTE: as the default does it, rows take three times as long from process to process
    if "__repr__" not in own:
        made.__repr__ = _repr
    if eq and "__eq__" not in own:
        made.__eq__ = _eq
        if "__hash__" not in own or own["__hash__"] is None:
            made.__hash__ = _hash if frozen else None
    return made


class _Later:
    """A part that a class has once it is complete: asking for the part completes the class.

    `plain` is the class as it was written, which is the same one unless that was made anew with slots.
    """

    def __init__(self, made: Any, plain: Any, name: str) -> None:
        self._made = made
        self._plain = plain
        self._name = name

    def __get__(self, one: Any, _: type) -> Any:
        made, plain = self._made, self._plain
        first = isinstance(made.__dict__.get("__init__"), _Later)
        if first and made is plain:
            del made.__init__
        dataclass(init=first, repr=False, eq=False, match_args=False)(plain)
        if first:
            made.__init__ = plain.__init__
        made.__dataclass_fields__, made.__dataclass_params__ = plain.__dataclass_fields__, plain.__dataclass_params__
        return getattr(made if one is None else one, self._name)


def _with_slots(cls: Any, names: Sequence[str]) -> Any:
    """The class made anew with slots for the fields of its own."""
    body = {key: value for key, value in cls.__dict__.items() if key not in (*names, "__dict__", "__weakref__")}
    made: Any = type(cls)(cls.__name__, cls.__bases__, {**body, "__slots__": names})
    made.__qualname__ = cls.__qualname__
    return made


def _reduce(self: Any) -> tuple[type, tuple[Any, ...]]:
    cls = type(self)
    return cls, tuple([getattr(self, name) for name in cls.__dataclass_fields__])


def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = _values_of(type(self))
    return bool(values(self) == values(other))


def _hash(self: Any) -> int:
    return hash(_values_of(type(self))(self))


_VALUES: dict[type, Callable[[Any], Any]] = {}


def _values_of(cls: type) -> Callable[[Any], Any]:
    """What gives the values by which objects of the class are compared."""
    values = _VALUES.get(cls)
    if values is None:
        names = [each.name for each in fields(cls) if each.compare]
        values = _VALUES[cls] = attrgetter(*names) if names else lambda _: ()
    return values
