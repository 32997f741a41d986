"""Waivers: accepted findings, in comments and in polcheck.yaml, and what became of them."""

from polcheck.waivers.accepted import Accept, Accepted, in_turn
from polcheck.waivers.apply import Waivers

__all__ = ["Accept", "Accepted", "Waivers", "in_turn"]
