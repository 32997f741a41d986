"""Who a submission belongs to, and so what in it may decide about its own result.

This is the one place that says so; `run`, `batch`, the library and every kind of submission ask it.
"""

from __future__ import annotations

from enum import Enum


class Trust(Enum):
    """Whether what a submission says of itself counts; what the caller names always does.

    A `PROJECT` is one's own: it may configure, ignore and waive. In an `UNTRUSTED` submission nothing changes which
    files are read, which policies apply or which findings count.
    """

    PROJECT = "project"
    UNTRUSTED = "untrusted"

    @property
    def may_configure(self) -> bool:
        """Whether its polcheck.yaml or pyproject.toml counts, and the packs and the baseline that are named there."""
        return self is Trust.PROJECT

    @property
    def may_ignore(self) -> bool:
        """Whether its .gitignore files leave files out (inside a git work tree, as for git)."""
        return self is Trust.PROJECT

    @property
    def may_waive(self) -> bool:
        """Whether its comments waive findings."""
        return self is Trust.PROJECT

    @property
    def may_point_elsewhere(self) -> bool:
        """Whether its `.git` may lead to a repository somewhere else, as that of a linked work tree does."""
        return self is Trust.PROJECT


_OWN = frozenset({"folder", "revision", "files"})


def trust_in(kind: str, *, project: bool) -> Trust:
    """Return how far a submission of a kind (`folder`, `revision`, `archive`, ...) is trusted.

    Only a folder, a revision of its repository, and texts that a program holds (`files`) can be one's own `project`:
    archives, bundles and what comes on standard input are always somebody else's.
    """
    return Trust.PROJECT if project and kind in _OWN else Trust.UNTRUSTED
