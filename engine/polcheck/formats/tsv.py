"""Tables whose fields tabs divide: a row for each record under its header, as `csv` reads them."""

from __future__ import annotations

from polcheck.base.spans import Source
from polcheck.formats.csv import parse_delimited
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import Config


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the rows of a file. Raises as the format `csv` does."""
    return parse_delimited(source, "\t", limits)


FORMAT = Format(
    name="tsv",
    title="TSV",
    parse=parse,
    suffixes=(".tsv", ".tab"),
    root="array",
    escapes=lambda data: b'"' in data,
)
