"""Judge: relational, over what extract found. It never opens a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.on_demand import on_demand

if TYPE_CHECKING:
    from polcheck.judge.demands import Demand, Demands
    from polcheck.judge.outcome import Failure, Judgement, Outcome, judge, undecided
    from polcheck.judge.rows import Cell, Inner, Ref, Row, Spot
    from polcheck.judge.world import World

__all__ = [
    "Cell",
    "Demand",
    "Demands",
    "Failure",
    "Inner",
    "Judgement",
    "Outcome",
    "Ref",
    "Row",
    "Spot",
    "World",
    "judge",
    "undecided",
]

__getattr__ = on_demand(
    __name__,
    {
        "Cell": "polcheck.judge.rows",
        "Demand": "polcheck.judge.demands",
        "Demands": "polcheck.judge.demands",
        "Failure": "polcheck.judge.outcome",
        "Inner": "polcheck.judge.rows",
        "Judgement": "polcheck.judge.outcome",
        "Outcome": "polcheck.judge.outcome",
        "Ref": "polcheck.judge.rows",
        "Row": "polcheck.judge.rows",
        "Spot": "polcheck.judge.rows",
        "World": "polcheck.judge.world",
        "judge": "polcheck.judge.outcome",
        "undecided": "polcheck.judge.outcome",
    },
)
