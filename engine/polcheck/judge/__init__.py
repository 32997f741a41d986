"""Judge: relational, over what extract found. It never opens a file."""

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
