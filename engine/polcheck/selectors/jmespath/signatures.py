"""Functions of expressions by their signatures: what they take, what they give, and how they are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from msgspec import Struct

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.values import CHARACTERS_A_STEP, KINDS, Budget, TypeMismatchError, kind_of, preview

_SIGNATURE = re.compile(r"(?P<name>\w+)\((?P<parameters>.*)\) -> (?P<returns>\S+)")


class Parameter(Struct, frozen=True):
    """One parameter: its name, the types it takes, and what a list may hold.

    `types` are the Python types of `kinds`. `items`: the items of a list have one of these types throughout; ()
    for anything.
    """

    name: str
    kinds: tuple[str, ...]
    types: frozenset[type]
    items: tuple[str, ...]


class Function(Struct, frozen=True):
    """A function: `core` computes it from plain values that were checked.

    `takes_null`: null is an argument like others; else a null argument makes the result null.
    `place`: whether the result comes from the `first` argument or from `all` of them.
    `spends`: `core` takes the budget as its first argument and pays for what it makes.
    `own`: not in the JMESPath standard.
    """

    signature: str
    summary: str
    name: str
    parameters: tuple[Parameter, ...]
    variadic: bool
    returns: str
    core: Callable[..., Json]
    takes_null: bool
    place: str
    spends: bool
    own: bool

    def takes(self, count: int) -> bool:
        """Return whether it can be called with `count` arguments."""
        return count >= len(self.parameters) if self.variadic else count == len(self.parameters)

    def parameter(self, index: int) -> Parameter:
        """Return the parameter of the argument at `index`."""
        return self.parameters[index if index < len(self.parameters) else -1]

    def call(self, arguments: Sequence[Any], strict: bool, budget: Budget) -> Json:
        """Return the result for these values. Raises TypeMismatchError and LimitError."""
        checked = self.checked(arguments, strict, budget)
        return None if checked is None else self.computed(checked, budget)

    def checked(self, arguments: Sequence[Any], strict: bool, budget: Budget) -> list[Any] | None:
        """Return the arguments as `core` takes them; None when one is null and that makes the result null.

        Raises TypeMismatchError when one is of the wrong type, unless `strict` is off and a null is to blame.
        """
        if not strict and not self.takes_null:
            for argument in arguments:
                if argument is None:
                    return None
        taken = []
        parameters = self.parameters
        last = len(parameters) - 1
        for index, argument in enumerate(arguments):
            parameter = parameters[index if index < last else last]
            kind = type(argument)
            if kind not in parameter.types:
                name = "expression" if callable(argument) else kind_of(argument)
                raise TypeMismatchError(wrong_type(self.name, parameter, name, argument), index)
            if kind is list:
                budget.spend(len(argument))
                taken.append(self._items(index, parameter, argument, strict) if parameter.items else argument)
            else:
                if kind is str and len(argument) >= CHARACTERS_A_STEP:
                    budget.spend(len(argument) // CHARACTERS_A_STEP)
                taken.append(argument)
        return taken

    def computed(self, checked: list[Any], budget: Budget) -> Json:
        """Return the result for checked arguments. Raises EvaluationError and LimitError."""
        try:
            result = self.core(budget, *checked) if self.spends else self.core(*checked)
        except (ArithmeticError, ValueError) as error:
            raise TypeMismatchError(f"`{self.name}` can't be computed: {error}", 0) from None
        kind = type(result)
        if self.spends:
            return result
        if kind is str:
            budget.text(len(result))  # type: ignore[arg-type]
        elif kind is list or kind is dict:
            budget.spend(len(result))  # type: ignore[arg-type]
        return result

    def _items(self, index: int, parameter: Parameter, items: list[Json], strict: bool) -> list[Json]:
        """Return the list without its nulls. Raises TypeMismatchError when something else in it is of the wrong
        type.
        """
        values: list[Json] = items if strict else [item for item in items if item is not None]
        allowed = parameter.items
        if values and len(allowed) > 1 and kind_of(values[0]) in allowed:
            allowed = (kind_of(values[0]),)
        if any(kind_of(item) not in allowed for item in values):
            right = allowed if strict else (*allowed, "null")
            number = next(place for place, item in enumerate(items) if kind_of(item) not in right)
            wanted = " or ".join(allowed)
            message = f"`{self.name}` wants a list of {wanted}s, and {preview(items[number])} is in it"
            raise TypeMismatchError(message, index, number)
        return values


def wrong_type(name: str, parameter: Parameter, kind: str, value: object) -> str:
    """Return the message about an argument of the wrong type."""
    wanted = " or ".join(sorted({kind.partition("[")[0] for kind in parameter.kinds}))
    given = "an expression" if kind == "expression" else f"the {kind} {preview(value)}"
    return f"`{name}` wants {wanted} for `{parameter.name}`, not {given}"


class Table(dict[str, Function]):
    """Functions by name; `add` puts one in."""

    def add(
        self,
        signature: str,
        takes_null: bool = False,
        place: str = "all",
        spends: bool = False,
        own: bool = False,
    ) -> Callable[[Callable[..., Json]], Callable[..., Json]]:
        """Return a decorator that makes the function under it known by `signature`; its docstring is the summary."""

        def decorate(core: Callable[..., Json]) -> Callable[..., Json]:
            match = _SIGNATURE.fullmatch(signature)
            if match is None or not core.__doc__:
                raise AssertionError(f"a function needs a signature and a summary: {signature}")
            listed = match["parameters"]
            self[match["name"]] = Function(
                signature, _summary(core.__doc__), match["name"], _parameters(listed), "*" in listed,
                match["returns"], core, takes_null, place, spends, own,
            )  # fmt: skip
            return core

        return decorate


def _summary(docstring: str) -> str:
    """Return a docstring in one line, as a noun phrase."""
    text = " ".join(docstring.split()).removeprefix("Return ")
    return text[:1].upper() + text[1:]


def _parameters(listed: str) -> tuple[Parameter, ...]:
    pairs = (part.split(": ") for part in listed.split(", ") if part)
    return tuple(_parameter(name.lstrip("*"), tuple(kinds.split("|"))) for name, kinds in pairs)


def _parameter(name: str, kinds: tuple[str, ...]) -> Parameter:
    outer = {kind.partition("[")[0] for kind in kinds}
    types = {type_ for type_, kind in KINDS.items() if kind in outer or "any" in outer}
    if "expression" in outer:
        types.add(FunctionType)
    return Parameter(name, kinds, frozenset(types), tuple(kind[6:-1] for kind in kinds if "[" in kind))
