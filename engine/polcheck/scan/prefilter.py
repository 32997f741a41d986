"""Which probes can match a file at all, told from its bytes before anything is parsed.

Sound: a probe is ruled out only when the file can't hold a match. Words of code are whole tokens; whether a key of a
configuration document may be spelled with other characters than its own is for its format to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from msgspec import Struct

from polcheck.base.spans import Source, Unreadable
from polcheck.formats import format_of, formats
from polcheck.languages.registry import languages
from polcheck.policy.plan import Probe
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.syntax.predicates import OnePass
from polcheck.selectors.syntax.selector import either
from polcheck.selectors.text import TextSearch

_WORD = re.compile(r"[A-Za-z_0-9]+")  # what RE2's \b agrees on with every grammar: ASCII
_UNSEEN = "\u200b|\u2060|\ufeff".encode()  # white space to the grammar
# between a name and its arguments: white space, comments, what is closed
_TO_CALL = rb"\b(?:[\s\\)]|#[^\n]*|" + _UNSEEN + rb")*\("
_LETTERS = re.compile(r"[^\s\\'\"]+")
_MEMORY = 64 << 20  # bytes, for all literals

Clause = frozenset[int]  # literals by number, one of which must be there


class Prefilter(Struct, frozen=True, dict=True):
    """The literals of all probes of a plan, tested over a file's bytes in one pass."""

    probes: Sequence[Probe]

    @cached_property
    def _numbers(self) -> dict[tuple[str, str], int]:
        """Each literal, as a word or as plain letters, and its number."""
        numbers: dict[tuple[str, str], int] = {}
        for probe in self.probes:
            for clause in _clauses(probe):
                for literal in clause:
                    numbers.setdefault(literal, len(numbers))
        return numbers

    @cached_property
    def _needs(self) -> list[tuple[Clause, ...]]:
        numbers = self._numbers
        return [
            tuple(frozenset(numbers[literal] for literal in clause) for clause in _clauses(probe))
            for probe in self.probes
        ]

    @cached_property
    def _firsts(self) -> tuple[dict[int, frozenset[int]], frozenset[int]]:
        """Where to begin: by literal, the probes whose first need it meets; those that need none."""
        first: dict[int, set[int]] = {}
        anywhere: set[int] = set()
        for index, clauses in enumerate(self._needs):
            if not clauses:
                anywhere.add(index)
            for literal in clauses[0] if clauses else ():
                first.setdefault(literal, set()).add(index)
        return {literal: frozenset(probes) for literal, probes in first.items()}, frozenset(anywhere)

    @cached_property
    def _over_values(self) -> dict[str, frozenset[int]]:
        """The probes over values, by the format that they name; under an empty name those that take the file's own."""
        found: dict[str, set[int]] = {}
        for index, probe in enumerate(self.probes):
            if isinstance(probe.what, Expression):
                found.setdefault(probe.language, set()).add(index)
        return {language: frozenset(probes) for language, probes in found.items()}

    def _spelled_otherwise(self, source: Source) -> frozenset[int]:
        """Return the probes over values whose keys may stand in a file in other characters than their own."""
        spelled = frozenset[int]()
        for language, probes in self._over_values.items():
            format = formats().get(language or format_of(source.path) or "")
            if format is not None and format.escapes(source.utf8):
                spelled |= probes
        return spelled

    @cached_property
    def _literals(self) -> OnePass | None:
        """All literals as one set of expressions; None where there is none."""
        import re2

        if not self._numbers:
            return None
        patterns: list[bytes] = []
        for kind, text in self._numbers:
            plain = re2.escape(text.encode())
            patterns.append({"word": rb"\b" + plain + rb"\b", "call": rb"\b" + plain + _TO_CALL}.get(kind, plain))
        return OnePass(patterns, _MEMORY, plain=True)

    @cached_property
    def _spelled(self) -> dict[int, list[Callable[[Source], bytes | None]]]:
        """For each probe over code in whose languages a name may be written otherwise than it means: what tells how."""
        known = languages()
        return {
            index: found
            for index, probe in enumerate(self.probes)
            if (found := [spelled for one in probe.syntaxes if (spelled := known[one.language].spelled) is not None])
        }

    def possible(self, source: Source, wanted: Sequence[int]) -> list[int]:
        """Return those of the wanted probes that can match in a file."""
        found = self._found(source, wanted)
        if found is None:
            return list(wanted)
        first, anywhere = self._firsts
        likely = anywhere.union(*(first[literal] for literal in found if literal in first))
        anyway = self._spelled_otherwise(source)
        if not (likely or anyway):
            return []
        needs = self._needs
        return [
            index
            for index in wanted
            if index in anyway or (index in likely and all(not clause.isdisjoint(found) for clause in needs[index]))
        ]

    def _found(self, source: Source, wanted: Sequence[int]) -> frozenset[int] | None:
        """Return the literals of the wanted probes that stand in a file, by number; None when that could not be
        found out.

        Those of other probes need not be complete.
        """
        literals = self._literals
        if literals is None:
            return None
        try:
            text = source.utf8
            spelled = dict.fromkeys(one for index in wanted for one in self._spelled.get(index, ()))
            meant = [as_meant for one in spelled if (as_meant := one(source))]
        except Unreadable:
            return None
        # NOTE: a name that is followed through a relative import may have its first part in the path alone
        path = source.path.encode("utf-8", "replace")
        return literals.found(b"\n".join((text, *meant, path)))

    def lacking(self, source: Source, index: int) -> frozenset[str]:
        """Literals of which a probe needs one and a file holds none; empty when the file can hold a match."""
        if index in self.possible(source, [index]):
            return frozenset()
        found = self._found(source, [index]) or frozenset()
        missing = next(clause for clause in self._needs[index] if clause.isdisjoint(found))
        return frozenset(text for (_, text), number in self._numbers.items() if number in missing)


def _clauses(probe: Probe) -> list[frozenset[tuple[str, str]]]:
    """What must stand in a file that the probe matches: of each set one literal, as a word or as plain letters."""
    what = probe.what
    if probe.syntaxes:
        return [
            frozenset(("call", word[:-1]) if word.endswith("(") else ("word", word) for word in clause)
            for clause in either([syntax.literals for syntax in probe.syntaxes])
            if all(_WORD.fullmatch(word.removesuffix("(")) for word in clause)
        ]
    if isinstance(what, Expression):
        known = formats()
        read_as = [known[probe.language]] if probe.language in known else known.values()
        clauses = [
            frozenset(("letters", _longest(key)) for key in clause)
            for clause in what.literals
            if not any(format.respells(key) for key in clause for format in read_as)
        ]
        return [clause for clause in clauses if all(text for _, text in clause)]
    assert isinstance(what, TextSearch)
    needed = what.needed
    return [frozenset(("letters", text) for text in needed)] if needed else []


def _longest(key: str) -> str:
    """Return the longest stretch of a key that is spelled as it is in every format."""
    return max(_LETTERS.findall(key), key=len, default="") if key.isascii() else ""
