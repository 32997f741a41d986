"""Data classes that cost next to nothing until they are used.

NOTE: `dataclasses` writes and compiles five or six functions for each class as its module is imported, 0.3 ms a class;
a run that answers in a blink has no time for two hundred of them. Here a class gets its `__init__` when its first
object is made, and shares the rest. That a frozen one isn't written to is for the type checker to see to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, make_dataclass
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
    made: Any = dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    if "__init__" not in own:
        made.__init__ = _first_init(made)
    if slots and "__reduce__" not in own:
        made.__reduce__ = _reduce  # NOTE: as the default does it, rows take three times as long from process to process
    if "__repr__" not in own:
        made.__repr__ = _repr
    if eq and "__eq__" not in own:
        made.__eq__ = _eq
        if "__hash__" not in own or own["__hash__"] is None:
            made.__hash__ = _hash if frozen else None
    return made


def _first_init(cls: Any) -> Callable[..., None]:
    """What makes the `__init__` of the class when its first object is made, and calls it."""

    def first(self: Any, *args: Any, **kwargs: Any) -> None:
        space = {"__post_init__": cls.__post_init__} if hasattr(cls, "__post_init__") else {}
        parts = [(each.name, each.type, each) for each in fields(cls)]
        alike = make_dataclass(cls.__name__, parts, namespace=space, repr=False, eq=False, match_args=False)
        cls.__init__ = vars(alike)["__init__"]
        cls.__init__(self, *args, **kwargs)

    return first


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
