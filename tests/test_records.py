"""Records behave as data classes do, and cost nothing before they are used."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import field
from typing import Any

import pytest

from polcheck.base.records import record


@record(frozen=True)
class Plain:
    """Without slots."""

    first: int
    second: list[int] = field(default_factory=list)
    third: str = "x"


@record(frozen=True)
class Longer(Plain):
    """With fields of another one before its own, and something to do once it is made."""

    fourth: int = 4

    def __post_init__(self) -> None:
        self.second.append(self.fourth)


@record(frozen=True, slots=True)
class Slotted:
    """With slots."""

    first: int
    second: tuple[int, ...] = ()

    @property
    def double(self) -> int:
        """Twice the first."""
        return 2 * self.first


@record(frozen=True, slots=True)
class SlottedMore(Slotted):
    """With slots of its own, beside those of another one."""

    third: list[int] = field(default_factory=list)


@record
class Own:
    """With an `__init__` of its own."""

    value: int

    def __init__(self, value: int) -> None:
        self.value = value + 1


class Subclass(Plain):
    """Not a record itself."""


def test_objects_are_made_compared_and_shown_as_data_classes_are() -> None:
    """Defaults, factories, keywords, equality, hashes and texts."""
    assert Plain(1) == Plain(1, [], third="x") != Plain(2)
    assert Plain(1).second is not Plain(1).second
    assert repr(Longer(1)) == "Longer(first=1, second=[4], third='x', fourth=4)"
    assert hash(Slotted(1, (2,))) == hash(Slotted(1, (2,))) and Plain(1) != Longer(1)
    assert Own(1).value == 2 and Subclass(3).third == "x"
    with pytest.raises(TypeError, match="first"):
        Plain()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unhashable"):
        hash(Own(1))


def test_slots_leave_no_room_for_more() -> None:
    """Neither in a class nor in one made from it."""
    one = SlottedMore(1, (2,), [3])
    assert (one.double, one.third, hasattr(one, "__dict__")) == (2, [3], False)
    with pytest.raises(AttributeError):
        one.fourth = 4  # type: ignore[attr-defined]


@pytest.mark.parametrize("one", [Plain(1), Longer(1), Slotted(1, (2,)), SlottedMore(1), Own(1), Subclass(1)])
def test_the_functions_of_dataclasses_take_records(one: Any) -> None:
    """`fields`, `replace` and `is_dataclass`, and pickle."""
    names = [each.name for each in dataclasses.fields(one)]
    assert (
        dataclasses.is_dataclass(type(one))
        and names[0] in ("first", "value")
        and pickle.loads(pickle.dumps(one)) == one
    )
    if not isinstance(one, Own):
        assert dataclasses.replace(one, first=7).first == 7


def test_a_match_statement_takes_fields_by_place() -> None:
    """In order, those of a base first."""
    match Longer(1, [2], "c", 4):
        case Longer(first, second, third, fourth):
            assert (first, second, third, fourth) == (1, [2, 4], "c", 4)


def test_fields_are_there_before_the_first_object() -> None:
    """And objects can be made afterwards, whose factories still work."""

    @record
    class Fresh:
        """Nothing has been made of it."""

        held: list[int] = field(default_factory=list)

    @record(slots=True)
    class FreshSlots:
        """Nor of this one."""

        held: list[int] = field(default_factory=list)

    for made in (Fresh, FreshSlots):
        assert [each.name for each in dataclasses.fields(made)] == ["held"]
        assert made().held == [] and made([1]).held == [1]
