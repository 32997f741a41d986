"""What a search of one document gives: hits with their bindings, and whether it came to its end."""

from __future__ import annotations

from typing import NamedTuple

from polcheck.documents.config import Json
from polcheck.records import record
from polcheck.source import Span


class Bound(NamedTuple):
    """The value of a name, and where in its file it stands (None where that isn't known or isn't anywhere)."""

    value: Json
    span: Span | None = None


class Hit(NamedTuple):
    """One match in one document.

    `span` is the whole match; `point` is where a finding should point if that is elsewhere (`@here`).
    `bindings` are the public names that the match binds, in order of their first appearance. `weight` counts the nodes
    of a match in a syntax tree: of two matches with one span, the heavier one is around the other.
    """

    span: Span | None
    bindings: tuple[tuple[str, Bound], ...] = ()
    point: Span | None = None
    weight: int = 0


@record(frozen=True, slots=True)
class Found:
    """The hits of one selector in one document; `incomplete` says why the search did not come to its end."""

    hits: tuple[Hit, ...] = ()
    incomplete: str = ""
