"""Calls with places: functions that hand on parts of their arguments keep the parts' own places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from polcheck.documents.config import Pointer
from polcheck.selectors.jmes.below import ROW_KEYS, Step, below, direct, first_of_each, row
from polcheck.selectors.jmes.cells import Cell, Inside, Origin, Origins, keyed, listed
from polcheck.selectors.jmes.errors import EvaluationError, TypeMismatchError
from polcheck.selectors.jmes.functions import FUNCTIONS
from polcheck.selectors.jmes.standard import ascending, extreme
from polcheck.selectors.jmes.values import Budget

Apply = Callable[[Cell], Cell]
Argument = Cell | Apply
_Special = Callable[[list[Any], Budget], Cell]


def called(name: str, arguments: Sequence[Argument], strict: bool, budget: Budget) -> Cell:
    """What the function gives, with places. Raises EvaluationError that says where a wrong value stands."""
    function = FUNCTIONS[name]
    cells = [argument for argument in arguments if isinstance(argument, Cell)]
    plain = [argument.value if isinstance(argument, Cell) else argument for argument in arguments]
    try:
        checked = function.checked(plain, strict, budget)
        if checked is None:
            return Cell(None, sources=[cell for cell in cells if cell.value is None])
        special = _SPECIAL.get(name)
        if special is None or (name == "reverse" and isinstance(plain[0], str)):
            result = function.computed(checked, budget)
            return Cell(result, sources=cells[:1] if function.place == "first" else cells)
        found = special(list(arguments), budget)
        if isinstance(found.value, (list, dict)) and not function.spends:
            budget.spend(len(found.value))
        return found
    except TypeMismatchError as error:
        raise EvaluationError(error.message, _place(error, arguments)) from None


def _place(error: TypeMismatchError, arguments: Sequence[Argument]) -> Pointer | None:
    """Where the value stands that the error is about."""
    cell = arguments[error.argument]
    if not isinstance(cell, Cell):
        return None
    if error.item is not None and isinstance(cell.value, list):
        cell = cell.items()[error.item]
    return cell.origin[0].pointer if cell.origin else None


def _keys(arguments: list[Cell], budget: Budget) -> Cell:
    (subject,) = arguments
    return listed([subject.key_cell(str(key)) for key in _plain_object(subject)], (subject,))


def _plain_object(cell: Cell) -> dict[str, Any]:
    assert isinstance(cell.value, dict)
    return cell.value


def _values(arguments: list[Cell], budget: Budget) -> Cell:
    return listed(arguments[0].items(), arguments)


def _reverse(arguments: list[Cell], budget: Budget) -> Cell:
    return listed(arguments[0].items()[::-1], arguments)


def _sort(arguments: list[Cell], budget: Budget) -> Cell:
    items = arguments[0].items()
    order = ascending([item.value for item in items], "sort")
    return listed([items[index] for index in order if items[index].value is not None], arguments)


def _min(arguments: list[Cell], budget: Budget) -> Cell:
    return _picked(arguments[0], arguments[0].items(), "min")


def _max(arguments: list[Cell], budget: Budget) -> Cell:
    return _picked(arguments[0], arguments[0].items(), "max")


def _min_by(arguments: list[Any], budget: Budget) -> Cell:
    return _picked(arguments[0], _applied(*arguments), "min_by")


def _max_by(arguments: list[Any], budget: Budget) -> Cell:
    return _picked(arguments[0], _applied(*arguments), "max_by")


def _picked(subject: Cell, keys: list[Cell], name: str) -> Cell:
    """The element whose key is the largest or smallest."""
    try:
        index = extreme([key.value for key in keys], name, most=name.startswith("max"))
    except TypeMismatchError as error:
        raise _of_key(error, keys) from None
    return subject.missing() if index is None else subject.items()[index]


def _sort_by(arguments: list[Any], budget: Budget) -> Cell:
    subject, keys = arguments[0], _applied(*arguments)
    try:
        order = ascending([key.value for key in keys], "sort_by")
    except TypeMismatchError as error:
        raise _of_key(error, keys) from None
    items = subject.items()
    return listed([items[index] for index in order], (subject,))


def _applied(subject: Cell, apply: Apply) -> list[Cell]:
    return [apply(item) for item in subject.items()]


def _of_key(error: TypeMismatchError, keys: list[Cell]) -> EvaluationError:
    """The error at the place of the key that can't be compared."""
    origin = keys[error.item or 0].origin
    return EvaluationError(error.message, origin[0].pointer if origin else None)


def _map(arguments: list[Any], budget: Budget) -> Cell:
    apply, subject = arguments
    return listed(_applied(subject, apply), (subject,))


def _merge(arguments: list[Cell], budget: Budget) -> Cell:
    merged: dict[str, Cell] = {}
    for argument in arguments:
        merged.update(zip(_plain_object(argument), argument.items(), strict=True))
    return keyed(merged, arguments)


def _not_null(arguments: list[Cell], budget: Budget) -> Cell:
    found = next((cell for cell in arguments if cell.value is not None), None)
    return found if found is not None else Cell(None, sources=arguments)


def _to_array(arguments: list[Cell], budget: Budget) -> Cell:
    (cell,) = arguments
    return cell if isinstance(cell.value, list) else listed([cell])


def _unique(arguments: list[Cell], budget: Budget) -> Cell:
    items = arguments[0].items()
    order = first_of_each(budget, [item.value for item in items])
    return listed([items[index] for index in order], arguments)


def _leaves(arguments: list[Cell], budget: Budget) -> Cell:
    return _rows(arguments[0], below(budget, arguments[0].value, leaves_only=True))


def _nodes(arguments: list[Cell], budget: Budget) -> Cell:
    return _rows(arguments[0], below(budget, arguments[0].value, leaves_only=False))


def _entries(arguments: list[Cell], budget: Budget) -> Cell:
    return _rows(arguments[0], direct(arguments[0].value))


def _rows(subject: Cell, steps: list[Step]) -> Cell:
    return listed([_Row(subject, step) for step in steps], (subject,))


class _Row(Cell):
    """A row `{key, value, pointer}`, from where the value stands; its key from where the key does.

    NOTE: most rows are filtered out again, so what is in them is made when it is asked for.
    """

    __slots__ = ("_step", "_subject")

    def __init__(self, subject: Cell, step: Step) -> None:
        super().__init__(row(step))
        self._subject = subject
        self._step = step

    def _found_origin(self) -> Origins:
        return self._value().origin

    @property
    def inside(self) -> Inside:
        """The cells of the row; the number of a list's element comes from where the element stands."""
        if self._inside is None:
            value = self._value()
            key, _, pointer = row(self._step).values()
            origin = value.origin
            if self._step.way and value.at and isinstance(key, str) and value.at[-1] == key:
                origin = (Origin(value.at, True),)
            cells = Cell(key, origin=origin), value, Cell(pointer, origin=value.origin)
            self._inside = dict(zip(ROW_KEYS, cells, strict=True))
        return self._inside

    def _value(self) -> Cell:
        """The cell of the value that the step leads to."""
        found = self._subject
        if found.at is not None:
            return Cell(self._step.value, (*found.at, *self._step.way))
        for part in self._step.way:
            found = found.child(part)
        return found


_SPECIAL: Mapping[str, _Special] = MappingProxyType(
    {
        "entries": _entries,
        "keys": _keys,
        "leaves": _leaves,
        "map": _map,
        "max": _max,
        "max_by": _max_by,
        "merge": _merge,
        "min": _min,
        "min_by": _min_by,
        "nodes": _nodes,
        "not_null": _not_null,
        "reverse": _reverse,
        "sort": _sort,
        "sort_by": _sort_by,
        "to_array": _to_array,
        "unique": _unique,
        "values": _values,
    }
)
