"""Helpers of tests of fixes: what a result says, and the type of the function that gives it."""

from __future__ import annotations

from collections.abc import Callable

from polcheck.project.fixing import Fixed

Fix = Callable[..., Fixed]


def changed(fixed: Fixed) -> dict[str, str]:
    """The files that fixes changed, as texts."""
    return {change.path: change.after.decode() for change in fixed.changes}


def reasons(fixed: Fixed) -> list[str]:
    """Why fixes were not made."""
    return [refused.reason for refused in fixed.refused]
