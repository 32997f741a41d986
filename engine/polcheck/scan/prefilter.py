"""The prefilter: which probes can match a file at all, by the bytes of the file, before anything is parsed.

Sound: a probe is ruled out only when the file can't hold a match. Words of code are whole tokens; whether a key of a
configuration document may be spelled in other characters (escapes) is decided by its format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from polcheck.base.cached import cached_property
from polcheck.base.spans import Source, Unreadable
from polcheck.formats import format_of, formats
from polcheck.languages.registry import languages
from polcheck.policy.plan import Probe
from polcheck.selectors.constant_table import ConstantTable
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
_MOST_SETS = 1_000  # of probes, of which it is remembered what spells out names for them

Clause = frozenset[int]  # literals by number, one of which must be there


class Prefilter(Struct, frozen=True, dict=True):
    """The literals that the probes of a plan need, searched for in a file's bytes in one pass."""

    probes: Sequence[Probe]

    @cached_property
    def _numbers(self) -> dict[tuple[str, str], int]:
        """The number of each literal, which is a word, a call or plain letters."""
        numbers: dict[tuple[str, str], int] = {}
        for probe in self.probes:
            for clause in _clauses(probe):
                for literal in clause:
                    numbers.setdefault(literal, len(numbers))
        return numbers

    @cached_property
    def _clauses_of(self) -> list[tuple[Clause, ...]]:
        numbers = self._numbers
        return [
            tuple(frozenset(numbers[literal] for literal in clause) for clause in _clauses(probe))
            for probe in self.probes
        ]

    @cached_property
    def _firsts(self) -> tuple[dict[int, frozenset[int]], frozenset[int]]:
        """By literal, the probes of whose first clause it is part; and the probes that have no clause."""
        first: dict[int, set[int]] = {}
        anywhere: set[int] = set()
        for index, clauses in enumerate(self._clauses_of):
            if not clauses:
                anywhere.add(index)
            for literal in clauses[0] if clauses else ():
                first.setdefault(literal, set()).add(index)
        return {literal: frozenset(probes) for literal, probes in first.items()}, frozenset(anywhere)

    @cached_property
    def _data_probes(self) -> dict[str, frozenset[int]]:
        """The `data` probes by the format that they name; under an empty name those that read the file's own."""
        found: dict[str, set[int]] = {}
        for index, probe in enumerate(self.probes):
            if isinstance(probe.what, Expression):
                found.setdefault(probe.language, set()).add(index)
        return {language: frozenset(probes) for language, probes in found.items()}

    def _escaped(self, source: Source) -> frozenset[int]:
        """Return the `data` probes whose keys may be written with escapes in a file."""
        spelled = frozenset[int]()
        for language, probes in self._data_probes.items():
            format = formats().get(language or format_of(source.path) or "")
            if format is not None and format.escapes(source.utf8):
                spelled |= probes
        return spelled

    @cached_property
    def _literals(self) -> OnePass | None:
        """All literals as one set of regular expressions; None where there is none."""
        import re2

        if not self._numbers:
            return None
        patterns: list[bytes] = []
        for kind, text in self._numbers:
            plain = re2.escape(text.encode())
            patterns.append({"word": rb"\b" + plain + rb"\b", "call": rb"\b" + plain + _TO_CALL}.get(kind, plain))
        return OnePass(patterns, _MEMORY, plain=True)

    @cached_property
    def _respelled(self) -> dict[int, list[Callable[[Source], bytes | None]]]:
        """For each `code` or `pattern` probe, the functions that spell out escaped names in its languages, if any."""
        known = languages()
        return {
            index: found
            for index, probe in enumerate(self.probes)
            if (found := [spelled for one in probe.syntaxes if (spelled := known[one.language].spelled) is not None])
        }

    def _spellings(self, wanted: tuple[int, ...]) -> Sequence[Callable[[Source], bytes | None]]:
        """Return the functions that spell out escaped names for some probes, each once."""
        known = self._spellings_of
        if wanted not in known:
            if len(known) >= _MOST_SETS:
                known.clear()
            known[wanted] = list(dict.fromkeys(one for index in wanted for one in self._respelled.get(index, ())))
        return known[wanted]

    @cached_property
    def _spellings_of(self) -> dict[tuple[int, ...], list[Callable[[Source], bytes | None]]]:
        """By probes, the functions that spell out names for them. NOTE: most files are searched for the same ones."""
        return {}

    def possible(self, source: Source, wanted: Sequence[int]) -> list[int]:
        """Return those of the wanted probes that can match in a file."""
        found = self._present(source, wanted)
        if found is None:
            return list(wanted)
        first, anywhere = self._firsts
        likely = anywhere.union(*(first[literal] for literal in found if literal in first))
        escaped = self._escaped(source)
        if not (likely or escaped):
            return []
        needs = self._clauses_of
        return [
            index
            for index in wanted
            if index in escaped or (index in likely and all(not clause.isdisjoint(found) for clause in needs[index]))
        ]

    def _present(self, source: Source, wanted: Sequence[int]) -> frozenset[int] | None:
        """Return the numbers of the literals in a file; None if the file can't be read.

        Literals that none of the wanted probes needs may be missing.
        """
        literals = self._literals
        if literals is None:
            return None
        try:
            text = source.utf8
            respelled = [text_of for one in self._spellings(tuple(wanted)) if (text_of := one(source))]
        except Unreadable:
            return None
        # NOTE: a name that is followed through a relative import may have its first part in the path alone
        path = source.path.encode("utf-8", "replace")
        return literals.occurring(b"\n".join((text, *respelled, path)))

    def lacking(self, source: Source, index: int) -> frozenset[str]:
        """Return literals of which a probe needs one and a file has none; empty when the file can hold a match."""
        if index in self.possible(source, [index]):
            return frozenset()
        found = self._present(source, [index]) or frozenset()
        missing = next(clause for clause in self._clauses_of[index] if clause.isdisjoint(found))
        return frozenset(text for (_, text), number in self._numbers.items() if number in missing)


def _clauses(probe: Probe) -> list[frozenset[tuple[str, str]]]:
    """Return what a file with a match must hold: of each set one literal, with its kind (word, call or letters)."""
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
    if isinstance(what, ConstantTable):
        return []
    assert isinstance(what, TextSearch)
    needed = what.needed
    return [frozenset(("letters", text) for text in needed)] if needed else []


def _longest(key: str) -> str:
    """Return the longest part of a key that no format escapes."""
    return max(_LETTERS.findall(key), key=len, default="") if key.isascii() else ""
