"""Pieces that every text of this package is made of: places, bindings, excerpts, and caps that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from polcheck.findings.finding import Location
from polcheck.formats.values import Json, text_of
from polcheck.render.escape import terminal
from polcheck.render.excerpt import draw
from polcheck.render.style import Style

_MOST_VALUE = 80  # characters of a bound value


class DisplayOptions(Struct, frozen=True):
    """Display options: color, width, and whether everything or only the first of many is shown."""

    color: bool = False
    width: int = 100
    all: bool = False
    verbose: bool = False

    @property
    def style(self) -> Style:
        """The colours."""
        return Style(self.color)


def value_text(value: Json) -> str:
    """Return a bound value in backticks, on one line, its end cut off where it is long."""
    text = text_of(value)
    short = text if len(text) <= _MOST_VALUE else text[:_MOST_VALUE] + "…"
    return f"`{terminal(short)}`"


def bindings_text(bindings: Mapping[str, Json]) -> str:
    """Names and values: ``key = `lr`, owner = `a` ``; empty where nothing is bound."""
    return ", ".join(f"{terminal(name)} = {value_text(value)}" for name, value in bindings.items())


def excerpt(location: Location, look: DisplayOptions) -> list[str]:
    """Return the lines of the source around a place, the place underlined; none for a file as a whole."""
    return draw(location, look.width, look.style.margin, partial(look.style.mark, severity="note"))


def capped(lines: Sequence[str], total: int, noun: str, look: DisplayOptions) -> list[str]:
    """Return the lines, and how many more there are where some were left out."""
    rest = total - len(lines)
    return [*lines, look.style.dim(f"… and {rest:,} more {noun}; use --all to see them")] if rest > 0 else list(lines)
