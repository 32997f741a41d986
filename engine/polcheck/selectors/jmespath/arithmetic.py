"""Functions of numbers, Kubernetes quantities and durations: all exact, computed in decimal as they are written.

Names and meanings are those of Kyverno's JMESPath (kyverno/kyverno, pkg/engine/jmespath). A quantity is read as
`resource.Quantity` of Kubernetes reads it (k8s.io/apimachinery, pkg/api/resource), a duration as `time.ParseDuration`
of Go does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, localcontext
from typing import NamedTuple

import re2

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.signatures import Table

ARITHMETIC = Table()
_MOST_INTEGER = 2**63 - 1  # beyond it a number is a float: nothing that is printed holds more
_MOST_CHARACTERS = 100  # of a quantity or duration
_MOST_EXPONENT = 300  # of a quantity; more digits than a float has
_CONTEXT = Context(prec=700)  # holds every product of two quantities
_QUANTITY = re2.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[KMGTPE]i|[numkMGTPE]?)|[eE][+-]?[0-9]{1,4})")
_DURATION = re2.compile(r"([+-]?)((?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_PART = re2.compile(r"([0-9]*)\.?([0-9]*)(ns|us|µs|μs|ms|s|m|h)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_NANOSECONDS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9
}  # fmt: skip
_HOUR, _MINUTE, _SECOND = 3600 * 10**9, 60 * 10**9, 10**9


class Amount(NamedTuple):
    """A number, a quantity or a duration (in nanoseconds); of a quantity also how it is written."""

    kind: str
    value: Decimal
    notation: str = ""  # of a quantity: `binary`, `decimal` or `exponent`

    def json(self) -> Json:
        """Return it as a value: a quantity and a duration are strings."""
        if self.kind == "quantity":
            return quantity_text(self.value, self.notation)
        return duration_text(int(self.value)) if self.kind == "duration" else number(self.value)


def decimal(value: float) -> Decimal:
    """Return a number as it is written. Raises ValueError for one that isn't finite."""
    if not math.isfinite(value):
        raise ValueError("the number isn't finite")
    return Decimal(repr(value))


def number(value: Decimal) -> int | float:
    """Return the integer where it is one, else the nearest float. Raises OverflowError where there is none."""
    if abs(value) <= _MOST_INTEGER and value == value.to_integral_value():
        return int(value)
    result = float(value)
    if not math.isfinite(result):
        raise OverflowError("the result is too large")
    return result


def total(numbers: Iterable[float]) -> int | float:
    """Return the exact sum: of floats as they are written, so that 0.1 and 0.2 are 0.3."""
    values = list(numbers)
    if all(isinstance(value, int) for value in values) or not all(map(math.isfinite, values)):
        return sum(values)
    with localcontext(_CONTEXT):
        return number(sum(map(decimal, values), Decimal(0)))


def parse_quantity(text: str) -> Amount | None:
    """Return the quantity that a string writes, as Kubernetes reads it; None for what is none.

    What has more than nine decimal places is rounded up, away from zero.
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if match is None or not (match[2] or match[3]):
        return None
    sign, whole, fraction, suffix = match[1], match[2] or "0", match[3] or "0", match[4]
    with localcontext(_CONTEXT):
        value = Decimal(f"{sign}{whole}.{fraction}")
        if suffix in _BINARY:
            value *= 1024 ** _BINARY[suffix]
        else:
            exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
            if abs(exponent) > _MOST_EXPONENT:
                return None
            value = value.scaleb(exponent)
        value = value.quantize(Decimal("1e-9"), ROUND_UP)
    if suffix in _BINARY:
        value = max(min(value, Decimal(_MOST_INTEGER)), Decimal(-_MOST_INTEGER))
    notation = "binary" if suffix in _BINARY else "decimal" if suffix in _DECIMAL else "exponent"
    return Amount("quantity", value, notation)


def quantity_text(value: Decimal, notation: str) -> str:
    """Return a quantity in its canonical form: without a fraction, with the largest suffix that keeps it exact."""
    if value == 0:
        return "0"
    with localcontext(_CONTEXT):
        if notation == "binary" and abs(value) >= 1024 and value == value.to_integral_value():
            power = 0
            while power < len(_BINARY) and value % 1024 == 0:
                value, power = value / 1024, power + 1
            return f"{value:.0f}" + ("", *_BINARY)[power]
        value = value.quantize(Decimal("1e-9"), ROUND_UP).normalize()
        places = value.as_tuple().exponent
        assert isinstance(places, int)
        exponent = places // 3 * 3
        if notation != "exponent":
            exponent = min(exponent, 18)
        digits = f"{value.scaleb(-exponent):.0f}"
        if notation == "exponent":
            return digits + (f"e{exponent}" if exponent else "")
        return digits + next(suffix for suffix, power in _DECIMAL.items() if power == exponent)


def parse_duration(text: str) -> int | None:
    """Return the nanoseconds of a duration as Go writes it (`1h30m`, `1.5s`); None for what is none."""
    if text.strip("+-") == "0" and len(text) <= 2:
        return 0
    match = _DURATION.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if match is None:
        return None
    nanoseconds = 0
    for part in _PART.finditer(match[2]):
        nanoseconds += int(Decimal(f"{part[1] or 0}.{part[2] or 0}") * _NANOSECONDS[part[3]])
    return -nanoseconds if match[1] == "-" else nanoseconds


def duration_text(nanoseconds: int) -> str:
    """Return a duration as Go prints it: `1h30m0s`, `1.5s`, `20ms`."""
    left = abs(nanoseconds)
    sign = "-" if nanoseconds < 0 else ""
    if left == 0:
        return "0s"
    if left < _SECOND:
        unit = "ns" if left < 1_000 else "µs" if left < 10**6 else "ms"
        return sign + _trimmed(Decimal(left) / _NANOSECONDS[unit]) + unit
    hours, left = divmod(left, _HOUR)
    minutes, left = divmod(left, _MINUTE)
    text = f"{hours}h" if hours else ""
    text += f"{minutes}m" if hours or minutes else ""
    return f"{sign}{text}{_trimmed(Decimal(left) / _SECOND)}s"


def _trimmed(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amount(value: float | str) -> Amount:
    """Return the operand that a value is. Raises ValueError for a string that is neither quantity nor duration."""
    if not isinstance(value, str):
        return Amount("number", decimal(value))
    match = parse_quantity(value)
    if match is not None:
        return match
    nanoseconds = parse_duration(value)
    if nanoseconds is None:
        raise ValueError(f"`{value[:40]}` is neither a number, a quantity (`512Mi`) nor a duration (`1h30m`)")
    return Amount("duration", Decimal(nanoseconds))


def _computed(one: float | str, other: float | str, compute: Callable[[Amount, Amount], Amount | None]) -> Json:
    left, right = _amount(one), _amount(other)
    with localcontext(_CONTEXT):
        result = compute(left, right)
    if result is None:
        raise ValueError(f"a {left.kind} and a {right.kind} don't go together")
    return result.json()


def _alike(left: Amount, right: Amount, value: Callable[[Decimal, Decimal], Decimal]) -> Amount | None:
    if left.kind != right.kind:
        return None
    notation = right.notation if left.value == 0 else left.notation
    return Amount(left.kind, value(left.value, right.value), notation)


@ARITHMETIC.add("add(augend: number|string, addend: number|string) -> any", own=True)
def _add(augend: float | str, addend: float | str) -> Json:
    """Return the sum of two numbers, two quantities (`'1Gi'`) or two durations (`'1h30m'`)."""
    return _computed(augend, addend, lambda left, right: _alike(left, right, lambda a, b: a + b))


@ARITHMETIC.add("subtract(minuend: number|string, subtrahend: number|string) -> any", own=True)
def _subtract(minuend: float | str, subtrahend: float | str) -> Json:
    """Return the difference of two numbers, two quantities or two durations."""
    return _computed(minuend, subtrahend, lambda left, right: _alike(left, right, lambda a, b: a - b))


@ARITHMETIC.add("multiply(multiplier: number|string, multiplicand: number|string) -> any", own=True)
def _multiply(multiplier: float | str, multiplicand: float | str) -> Json:
    """Return the product of two numbers, or of a number and a quantity or duration."""
    return _computed(multiplier, multiplicand, _product)


def _product(left: Amount, right: Amount) -> Amount | None:
    if left.kind == "number":
        left, right = right, left
    if right.kind != "number":
        return None
    return left._replace(value=left.value * right.value)


@ARITHMETIC.add("divide(dividend: number|string, divisor: number|string) -> any", own=True)
def _divide(dividend: float | str, divisor: float | str) -> Json:
    """Return the quotient: of two numbers, two quantities or two durations a number, and of a quantity or duration by a
    number one of its kind, rounded down. Dividing by zero is an error."""
    return _computed(dividend, divisor, _quotient)


def _quotient(left: Amount, right: Amount) -> Amount | None:
    _refuse_zero(right)
    with localcontext(Context(prec=40)):
        quotient = left.value / right.value
    if left.kind == right.kind:
        return Amount("number", quotient)
    if right.kind != "number":
        return None
    places = max(_places(left.value), _places(right.value)) if left.kind == "quantity" else 0
    return left._replace(value=quotient.quantize(Decimal(1).scaleb(-places), ROUND_DOWN))


def _places(value: Decimal) -> int:
    """Return how many decimal places a number has."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


@ARITHMETIC.add("modulo(dividend: number|string, divisor: number|string) -> any", own=True)
def _modulo(dividend: float | str, divisor: float | str) -> Json:
    """Return the remainder of two integers, two quantities that are integers, or two durations; it has the dividend's
    sign. A remainder of fractions, and of a division by zero, is an error."""
    return _computed(dividend, divisor, _remainder)


def _remainder(left: Amount, right: Amount) -> Amount | None:
    _refuse_zero(right)
    if any(side.value != side.value.to_integral_value() for side in (left, right)):
        raise ValueError("only integers have a remainder")
    return _alike(left, right, lambda a, b: a % b)


def _refuse_zero(amount: Amount) -> None:
    if amount.value == 0:
        raise ZeroDivisionError("it is divided by zero")


@ARITHMETIC.add("round(number: number, places: number) -> number", own=True)
def _round(value: float, places: float) -> Json:
    """Return the number rounded to so many decimal places, halves away from zero."""
    if places != int(places) or not 0 <= places <= 100:
        raise ValueError("the number of decimal places is an integer from 0 to 100")
    with localcontext(_CONTEXT):
        return number(decimal(value).quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP))


@ARITHMETIC.add("quantity(value: number|string) -> number", own=True)
def _quantity(value: float | str) -> Json:
    """Return the number that a Kubernetes quantity stands for: 536870912 for `'512Mi'`, 0.5 for `'500m'`; a number is
    itself. Anything else is an error."""
    if not isinstance(value, str):
        return value
    match = parse_quantity(value)
    if match is None:
        raise ValueError(f"`{value[:40]}` is not a quantity, as `512Mi`, `500m` or `2`")
    return number(match.value)
