"""In which order the steps of a conjunction may be evaluated: what each of them refers to, on the text as written.

A conjunction is a list that its author writes in any order. Where the order has a meaning (`path`, `line` and `column`
are those of the last match, relations and `where` are about the item before, `subject` is the first match), a step is
bound here to the items that it refers to as written. Evaluation may take any order that leaves those before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct

from polcheck.policy.plan import Conjunction, Step, below


class Binding(Struct, frozen=True):
    """What one step of a conjunction is bound to: by their index, the steps that must be evaluated before it.

    `reads_match`: it refers to the match of the item before; `reads_subject`: to the first match; `reads_names`: it
    reads names, which may be those of matches. `extends`: it may make several rows of one. `whole`: it is evaluated in
    its place as written.
    """

    before: frozenset[int]
    reads_match: bool
    reads_subject: bool
    reads_names: bool
    extends: bool
    whole: bool


def bindings_of(steps: Conjunction) -> tuple[Binding, ...]:
    """Return what each step of a conjunction is bound to, on the text as written."""
    before = [_referents(steps, index) for index in range(len(steps))]
    for index, step in enumerate(steps):
        for later in _held_back(steps, index):
            before[later].add(index)
        if _sees_whole_row(step):
            before[index].update(range(index))
            for later in range(index + 1, len(steps)):
                before[later].add(index)
    return tuple(
        Binding(
            frozenset(before[index]),
            step.refers_to_match,
            step.refers_to_subject,
            bool(step.outer_reads),
            step.extends,
            _sees_whole_row(step),
        )
        for index, step in enumerate(steps)
    )


def is_fixed(bindings: tuple[Binding, ...]) -> bool:
    """Return whether the steps that may make several rows of one have only the order as written."""
    extending = [index for index, binding in enumerate(bindings) if binding.extends]
    reached: list[set[int]] = []
    for binding in bindings:
        reached.append(set(binding.before).union(*(reached[index] for index in binding.before)))
    return all(one in reached[other] for one, other in pairwise(extending))


def _referents(steps: Conjunction, index: int) -> set[int]:
    """Return the earlier steps to which a step refers: by a name, as the item before, or as the subject."""
    step = steps[index]
    reads, local = step.outer_reads, step.local_names
    referents = {number for number in range(index) if reads & steps[number].match_names}
    referents.update(number for number in range(index) if local & steps[number].row_names)
    for name in reads:
        first = next((number for number in range(index) if name in steps[number].row_names), None)
        if first is not None:
            referents.add(first)
    if step.refers_to_match:
        referents.update(_up_to_a_place(steps, reversed(range(index))))
    if step.refers_to_subject:
        referents.update(_up_to_a_place(steps, iter(range(index))))
        # NOTE: what is found inside a value takes the place of the match that bound it
        referents.update(number for number in range(index) if steps[number].holder)
    return referents


def _up_to_a_place(steps: Conjunction, numbers: Iterator[int]) -> Iterator[int]:
    """Yield the steps that add a match, as far as the first one that surely has a place."""
    for number in numbers:
        if steps[number].adds_match:
            yield number
            if steps[number].has_place:
                return


def _held_back(steps: Conjunction, index: int) -> Iterator[int]:
    """Yield the later steps that bind a name which this step must not see bound by them."""
    local = steps[index].local_names
    for later in range(index + 1, len(steps)):
        if local & (steps[later].row_names | steps[later].local_names):
            yield later


def _sees_whole_row(step: Step) -> bool:
    """Return whether a step has to be evaluated in its place: `in` below it changes the places of the whole row."""
    if step.holder:
        return step.refers_to_subject
    if not any(inner.holder for steps in step.inner for inner in below(steps, elsewhere=False)):
        return False
    return not step.is_filter or step.refers_to_subject
