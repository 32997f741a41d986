"""JMESPath semantics of JSON values: types, truth, equality, order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

from polcheck.base.limits import Clock
from polcheck.formats.values import Json, Pointer


class ExpressionError(Exception):
    """An expression that can't be used: `position` is an offset in its text, `help` what would be right."""

    def __init__(self, message: str, position: int = 0, help: str = "") -> None:
        self.message = message
        self.position = position
        self.help = help
        super().__init__(message)


class EvaluationError(Exception):
    """A value that the expression can't work on; `pointer` says where it stands, when that is known."""

    def __init__(self, message: str, pointer: Pointer | None = None) -> None:
        self.message = message
        self.pointer = pointer
        super().__init__(message)


class LimitError(EvaluationError):
    """The evaluation was stopped: too many steps, too large a result, or too deep a value."""


class TypeMismatchError(EvaluationError):
    """An argument of the wrong type: which argument, and which item of it where the item is what is wrong."""

    def __init__(self, message: str, argument: int, item: int | None = None) -> None:
        self.argument = argument
        self.item = item
        super().__init__(message)


KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
NUMBERS = frozenset({int, float})
MAX_STEPS = 1_000_000
MAX_TEXT = 10_000_000
MAX_SECONDS = 5.0
# NOTE: one step for so many characters, so that texts are bounded by the same count as elements are.
CHARACTERS_A_STEP = 64
SIGNS: Mapping[str, str] = MappingProxyType(
    {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
)  # by the operator of a comparison
_SHOWN = 60


NO_NAMES: Mapping[str, Json] = MappingProxyType({})


class Budget:
    """The steps and time that one evaluation may still take, and the names and the day that it knows.

    `left` are steps. INVARIANT: every list and string that an evaluation makes was paid for. `names` are the values of
    `$name`; `today` is the date of `today()`, empty where none is known; `error` is the first of the elements that
    projections left out because they can't be evaluated, and `skipped` how many there were.
    """

    __slots__ = ("clock", "error", "left", "names", "skipped", "today")

    def __init__(self, steps: int = MAX_STEPS, names: Mapping[str, Json] = NO_NAMES, today: str = "") -> None:
        self.left = steps
        self.clock: Clock | None = None
        self.names = names
        self.today = today
        self.skipped = 0
        self.error: EvaluationError | None = None

    def skip(self, error: EvaluationError) -> None:
        """Note that an element is left out because of an error."""
        self.skipped += 1
        self.error = self.error or error

    def look(self) -> None:
        """Look at the clock, which starts with the first look. Raises LimitError when the time is over."""
        if self.clock is None:
            self.clock = Clock(MAX_SECONDS)
        elif self.clock.over:
            raise LimitError(f"the expression takes more than {MAX_SECONDS:g} seconds on this value")

    def spend(self, steps: int) -> None:
        """Take `steps` off. Raises LimitError when none are left."""
        self.left -= steps
        if self.left < 0:
            raise LimitError("the expression takes too many steps on this value")

    def text(self, length: int) -> None:
        """Pay for a text of `length` characters. Raises LimitError when it is too long."""
        if length > MAX_TEXT:
            raise LimitError(f"the expression makes a string of more than {MAX_TEXT:,} characters")
        self.spend(length // CHARACTERS_A_STEP)

    def tree(self, value: Json) -> None:
        """Pay for all that is in `value`, shared parts each time. Raises LimitError when it is too much."""
        pending = [value]
        while pending:
            item = pending.pop()
            if type(item) is dict:
                self.spend(len(item) + sum(map(len, item)) // CHARACTERS_A_STEP)
                pending.extend(item.values())
            elif type(item) is list:
                self.spend(len(item))
                pending.extend(item)
            elif type(item) is str:
                self.spend(len(item) // CHARACTERS_A_STEP)


def kind_of(value: object) -> str:
    """Return the JMESPath type of `value`; `expression` for what is no JSON value."""
    return KINDS.get(type(value), "expression")


def truth(value: Json) -> bool:
    """Return whether JMESPath takes `value` as true: zero is, what is empty is not."""
    return bool(value) or type(value) in NUMBERS


def equal(left: Json, right: Json, budget: Budget) -> bool:
    """Return whether the two are the same JSON value; `1` and `1.0` are, `1` and `true` are not, at any depth."""
    kind = type(left)
    if kind is not type(right):
        return kind in NUMBERS and type(right) in NUMBERS and left == right
    if kind is not list and kind is not dict:
        return left == right
    if len(cast("list[Json]", left)) != len(cast("list[Json]", right)):
        return False
    budget.tree(left)
    # NOTE: Python takes 1 and True as equal, which only shows within lists and objects.
    return left == right and frozen(left) == frozen(right)


def frozen(value: Json) -> object:
    """Return a hashable that is equal for equal JSON values only."""
    if type(value) is list:
        return ("array", *(frozen(item) for item in value))
    if type(value) is dict:
        return ("object", frozenset((key, frozen(item)) for key, item in value.items()))
    return (kind_of(value), value)


def ordered(operator: str, left: Json, right: Json, strict: bool) -> Json:
    """Return whether `left` stands in that order to `right`; null where one of them isn't a number.

    Raises EvaluationError for two strings: the standard gives null for them, too, which makes every condition on
    versions, dates or the numbers of an INI file false. With `strict` they are ordered, as the jmespath library does
    beyond the standard.
    """
    if type(left) is str and type(right) is str:
        if not strict:
            raise EvaluationError(
                f"`{SIGNS[operator]}` orders numbers, and {preview(left)} and {preview(right)} are strings: convert "
                "them with `to_number`, or compare versions with `satisfies` or `semver_compare`"
            )
    elif not (type(left) in NUMBERS and type(right) in NUMBERS):
        return None
    smaller, larger = cast("float", left), cast("float", right)
    if operator in ("gt", "gte"):
        smaller, larger = larger, smaller
    return smaller < larger or (operator in ("lte", "gte") and smaller == larger)


def preview(value: object) -> str:
    """`value` as JSON between backquotes, cut where it is long."""
    try:
        text = json.dumps(_clipped(value, 3), ensure_ascii=False, default=str)
    except ValueError:
        text = str(type(value).__name__)
    return f"`{text}`" if len(text) <= _SHOWN else f"`{text[: _SHOWN - 1]}…`"


def _clipped(value: object, depth: int) -> object:
    """`value` without what would not be shown anyway: a whole document may hang below it."""
    if isinstance(value, dict):
        return {k: _clipped(value[k], depth - 1) for k in list(value)[:_SHOWN]} if depth else {}
    if isinstance(value, list):
        return [_clipped(item, depth - 1) for item in value[:_SHOWN]] if depth else []
    return value[: 2 * _SHOWN] if isinstance(value, str) else value


def common_prefix(pointers: Sequence[Pointer]) -> Pointer:
    """Return the longest pointer that all of them begin with; the root's when there are none."""
    if not pointers:
        return ()
    low, high = min(pointers, key=_comparable), max(pointers, key=_comparable)
    length = 0
    for one, other in zip(low, high, strict=False):
        if one != other:
            break
        length += 1
    return low[:length]


def _comparable(pointer: Pointer) -> tuple[tuple[bool, str], ...]:
    return tuple((isinstance(step, str), str(step)) for step in pointer)
