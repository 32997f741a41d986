"""What `fuzz/run.py` does for minutes, for a second: each harness over its corpus, and over what chance makes of it."""

from __future__ import annotations

import pytest

from harnesses import HARNESSES, LONGEST, corpus, harness
from harnesses.mutation import mutants

# NOTE: a report is made and read again in every format for each input
_COUNTS = {"report": 60}


@pytest.mark.parametrize("name", HARNESSES)
def test_a_harness_goes_through_its_corpus(name: str) -> None:
    """What stumbled once stands there, and gives the same twice."""
    run, inputs = harness(name), corpus(name)
    assert inputs
    assert [run(data) for data in inputs] == [run(data) for data in inputs]


@pytest.mark.parametrize("name", HARNESSES)
def test_a_harness_takes_what_chance_makes_of_its_corpus(name: str) -> None:
    """The same few hundred inputs in every run."""
    run = harness(name)
    for data in mutants(corpus(name), _COUNTS.get(name, 300), 7, LONGEST):
        try:
            run(data)
        except Exception as error:
            error.add_note(f"the input: {data!r}")
            raise


def test_mutants_are_the_same_for_the_same_seed() -> None:
    """And others for another."""
    seeds = [b"one: 1\n", b"two: [a, b]\n"]
    first = list(mutants(seeds, 50, 1, 40))
    assert first == list(mutants(seeds, 50, 1, 40))
    assert first != list(mutants(seeds, 50, 2, 40))
    assert max(map(len, first)) <= 40
