"""Waivers: accepted findings, in comments and in polcheck.yaml, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.on_demand import on_demand

if TYPE_CHECKING:
    from polcheck.waivers.accepted import Accept, Accepted, in_turn
    from polcheck.waivers.apply import Waivers

__all__ = [
    "Accept",
    "Accepted",
    "Waivers",
    "in_turn",
]

__getattr__ = on_demand(
    __name__,
    {
        "Accept": "polcheck.waivers.accepted",
        "Accepted": "polcheck.waivers.accepted",
        "Waivers": "polcheck.waivers.apply",
        "in_turn": "polcheck.waivers.accepted",
    },
)
