"""Check that the cache lies where nobody who is checked can write."""

from __future__ import annotations

import os

from polcheck.base.store import store

ASKED = "POLCHECK_CACHE_INSIDE"


def is_cache_allowed(target: str) -> bool:
    """Return whether the cache may be used in a run over `target`: not where it lies below it, or below its git
    work tree.

    NOTE: a service that restores a cache into the checkout may restore that of any branch, and what a submission holds
    is its author's. Whoever trusts both sets POLCHECK_CACHE_INSIDE. The folder in the user's own home is nobody else's,
    whatever is checked.
    """
    if os.environ.get(ASKED, "0") not in ("", "0"):
        return True
    if not os.environ.get("POLCHECK_CACHE") and not os.environ.get("XDG_CACHE_HOME"):
        return True
    root = os.path.realpath(target)
    folder = os.path.realpath(store())
    parent = root
    while parent != os.path.dirname(parent):  # noqa: PTH120
        if os.path.lexists(os.path.join(parent, ".git")):  # noqa: PTH118
            root = parent
            break
        parent = os.path.dirname(parent)  # noqa: PTH120
    return os.path.commonpath([root, folder]) != root
