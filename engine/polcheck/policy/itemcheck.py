"""Whether the keys of an item go together; what they mean comes after."""

from __future__ import annotations

from typing import Protocol

from polcheck.documents.config import Pointer
from polcheck.policy.written import Item

SEARCHES = ("pattern", "code", "data", "text")
KINDS = (*SEARCHES, "values", "use", "any", "negated")
WORDS = {"negated": "not", "within": "in", "rename": "as"}


class Report(Protocol):
    """Notes an error at a pointer of the policy."""

    def __call__(self, at: Pointer, message: str, help: str = "") -> None:
        """Notes one error."""


def check_role(item: Item, role: str, last: bool, error: Report) -> None:
    """Notes keys that belong to another place in the policy."""
    if item.word and item.word != "subject":
        error(item.at, f"`{item.word}` is no item", "an item is a mapping, or the word `subject`")
    if item.count is not None and (role != "require" or not last):
        help = "`forbid` wants no match at all" if role == "forbid" else "move it there"
        error((*item.at, "count"), "`count` belongs to the last item of a `require`", help)
    if item.count is not None and item.count[1] is not None and item.count[0] > item.count[1]:
        error((*item.at, "count"), "`min` is more than `max`", "no number is both: exchange them")
    if item.count == (0, None):
        error((*item.at, "count"), "there are always that many", "say how many there must be at least")
    if item.per and role != "for":
        error((*item.at, "per"), "`per` belongs to an item of `for`", "it says which rows are one subject")


def check_keys(item: Item, kind: str, error: Report) -> None:
    """Notes modifiers that have nothing to modify."""
    lone = {
        "within": SEARCHES,
        "rename": (*SEARCHES, "values", "use", "any", "files"),
        "name": (*SEARCHES, "values", "use", "files"),
    }
    lone |= {"language": SEARCHES, "scope": (*SEARCHES, "use", "files"), "until": ()}
    for key, kinds in lone.items():
        if getattr(item, key) and kind not in kinds:
            word = WORDS.get(key, key)
            error((*item.at, word), f"`{word}` has nothing to work on here")
    if item.files and kind in ("values", "any", "negated"):
        error(
            (*item.at, "files"),
            f"`files` says nothing beside `{WORDS.get(kind, kind)}`",
            "give it to the items inside",
        )
    if item.near is not None and kind not in SEARCHES:
        error((*item.at, "near"), "`near` has nothing to work on here")
    if not item.resolve and kind != "pattern":
        error((*item.at, "resolve"), "`resolve` has nothing to work on here", "it is about the names of a `pattern`")
    if item.within and item.files:
        error((*item.at, "in"), "`in` looks inside a value, so `files` says nothing", "drop one of them")
