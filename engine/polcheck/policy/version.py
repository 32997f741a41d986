"""The version of this polcheck, as its distribution says it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("polcheck")
    except PackageNotFoundError:  # NOTE: a checkout on PYTHONPATH that nobody installed
        return "0.1.0"


VERSION = _installed()
