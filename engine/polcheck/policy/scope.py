"""The names that are bound so far, as items of a conjunction are compiled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from polcheck.records import record

Names = frozenset[str]


@record(frozen=True)
class Scope:
    """The names that are bound so far: captures and values in `names`, rows named by `name:` in `aliases`.

    `partial` are names that only some branches of an `any` bind.
    """

    names: Names = frozenset()
    aliases: Names = frozenset()
    placed: bool = False
    broken: bool = False  # an item could not be compiled, so that more names may be meant to be bound
    partial: Names = frozenset()

    def plus(self, names: Iterable[str], alias: str = "", placed: bool = False) -> Scope:
        """The scope after an item that binds `names`."""
        aliases = self.aliases | {alias} if alias else self.aliases
        return replace(self, names=self.names | frozenset(names), aliases=aliases, placed=self.placed or placed)

    def after_any(self, branches: Iterable[Scope], binds: Names) -> Scope:
        """The scope after an `any` whose branches end in these scopes and that binds `binds`."""
        branches = list(branches)
        return Scope(
            self.names | binds,
            self.aliases | frozenset.intersection(*(branch.aliases for branch in branches)),
            self.placed or all(branch.placed for branch in branches),
            self.broken or any(branch.broken for branch in branches),
            self.partial.union(*(branch.names | branch.partial for branch in branches)) - self.names - binds,
        )

    def meant(self, name: str) -> str:
        """What to say to somebody who used `name`, which is not bound."""
        if name in self.partial:
            return "only some branches of `any` bind it: let each of them do so"
        bound = ", ".join(f"`{known}`" for known in sorted(self.names))
        close = get_close_matches(name, sorted(self.names), n=1)
        return f"did you mean `{close[0]}`?" if close else f"bound here: {bound}" if bound else "nothing is bound here"
