"""The report cache: a report is reused while everything that it was made from is unchanged.

What is kept is the report, not what was printed: it is rendered each time, with the options and templates of that time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from polcheck.base.codec import Codec, NotDecoded
from polcheck.base.store import key_of, store
from polcheck.base.tracker import DependencyTracker
from polcheck.base.validated_cache import load_unchanged, store_unchanged

if TYPE_CHECKING:
    from polcheck.base.graph_codec import GraphCodec
    from polcheck.findings.report import Report

_MOST_REPORTS = 64
_MOST_BYTES = 32 << 20
_BYTES: Codec[bytes] = Codec(bytes)
# of the environment, what a run may follow from beside files
_VARIABLES = ("CI", "HOME", "PATH", "SOURCE_DATE_EPOCH")
_PREFIXES = ("GIT_", "POLCHECK_", "XDG_")


def report_key(asked: Mapping[str, object], day: str) -> str:
    """Return the name of the report for a request (options by name), made in this folder and environment on this
    day.

    Raises OSError where there is no working directory.
    """
    around = {name: value for name, value in os.environ.items() if name in _VARIABLES or name.startswith(_PREFIXES)}
    return key_of(os.getcwd(), day, repr(sorted(asked.items())), repr(sorted(around.items())))  # noqa: PTH109


def load_report(key: str) -> Report | None:
    """Return the report that is kept under `key`; None unless everything that it was made from is as it was then."""
    from polcheck.findings.report import Report

    result = load_unchanged(_path(key), _BYTES)
    if result is None:
        return None
    try:
        report = _codec().decode(result[0])
    except NotDecoded:
        return None
    return report if isinstance(report, Report) else None


def store_report(key: str, report: Report, tracker: DependencyTracker) -> None:
    """Keeps a report, unless it was made from something that may have changed unseen."""
    with suppress(TypeError, RecursionError):  # of values that can't be encoded
        store_unchanged(_path(key), _codec().encode(report), _BYTES, tracker, _MOST_REPORTS, _MOST_BYTES)


@cache
def _codec() -> GraphCodec:
    from polcheck.base import spans
    from polcheck.base.graph_codec import GraphCodec, value_classes
    from polcheck.findings import finding, report

    return GraphCodec(value_classes([spans, finding, report]))


def _path(key: str) -> str:
    return os.path.join(store(), "reports", key)  # noqa: PTH118
