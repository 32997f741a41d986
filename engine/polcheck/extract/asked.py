"""Searches that come up once files are searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.documents.config import Json
from polcheck.extract.extractor import Extractor
from polcheck.extract.risk import PARSED_HERE, SEARCHED_HERE, multiplies
from polcheck.records import record
from polcheck.selectors.found import Found
from polcheck.selectors.syntax import Syntax
from polcheck.source import Source

if TYPE_CHECKING:
    from polcheck.selectors.syntax import Near


@record(frozen=True)
class Asked:
    """Searches that judging and findings ask for later, as a function that a process beside this one can run."""

    extractor: Extractor

    def __call__(self, request: tuple[Json | Source, int]) -> Found | Near | None:
        """What a probe finds in a value, or its nearest miss in a file."""
        where, index = request
        if isinstance(where, Source):
            return self.extractor.nearest(where, index)
        return self.extractor.within(where, index)

    def is_risky(self, text: str | bytes, index: int) -> bool:
        """Whether a search in this text could take so long or so much that it needs a process of its own."""
        what = self.extractor.probes[index].what
        if isinstance(what, Syntax):
            return len(text) > PARSED_HERE or multiplies(what, len(text))
        return len(text) > SEARCHED_HERE
