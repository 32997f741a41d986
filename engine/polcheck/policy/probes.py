"""What selectors look for, each thing once, whatever policies ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.formats import format_of, formats, listed_formats
from polcheck.languages.registry import DEFAULT_LANGUAGE, UnknownLanguage, language_of
from polcheck.policy.model import Item
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import Probe
from polcheck.selectors.jmespath.expression import Expression, compile_expression
from polcheck.selectors.jmespath.values import ExpressionError
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.selector import Syntax
from polcheck.selectors.text import TextProblem, TextSearch, compile_text
from polcheck.sources.path_patterns import FilePatterns

MAX_USES = 20_000  # of named selectors, in all policies of a pack together
_RESERVED = frozenset({"path", "line", "column", "file", "params", "subject"})


class Made(Struct, frozen=True):
    """What the rows of a source bind: always, sometimes, or as one value (`value_as`, `path_as`)."""

    binds: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    value_as: str = ""
    path_as: str = ""
    single: bool = False


class Selectors(Struct):
    """The selectors that have names: the pack's own, then polcheck's."""

    known: Mapping[str, tuple[tuple[Item, ...], SourceMap]] = field(default_factory=dict)
    uses: int = 0

    def is_used_up(self) -> bool:
        """Counts a use; whether there are too many: selectors that use selectors can double at each step."""
        self.uses += 1
        return self.uses > MAX_USES

    def find(self, name: str) -> tuple[tuple[Item, ...], SourceMap] | None:
        """The items of the selector and where they are written, or None."""
        return self.known.get(name)

    @property
    def names(self) -> Iterable[str]:
        """Every selector's name."""
        return self.known


class Probes(Struct):
    """The probes of a plan under construction."""

    made: list[Probe] = field(default_factory=list)
    _index: dict[object, int] = field(default_factory=dict)
    _steps: int = 0

    def number(self) -> int:
        """Return the number of the next step of the plan."""
        self._steps += 1
        return self._steps

    def of(
        self, item: Item, kind: str, files: FilePatterns | None, origin: SourceMap | None, language: str = ""
    ) -> tuple[int, Made] | None:
        """The index of the item's probe and what it binds; None after noting why there is none.

        `language` is that of what surrounds the item, for a `code` or `pattern` whose files don't say theirs.
        """
        assert origin is not None
        if kind == "data":
            return self._data(item, files, origin)
        if kind == "text":
            return self._text(item, origin)
        return self._syntax(item, kind, files, origin, language)

    def language(self, files: FilePatterns | None, given: str) -> str:
        """The language that a `code` or `pattern` is in: as given, as its files' endings say, or Python."""
        if given:
            return given
        found = {language_of("x" + suffix) for suffix in files.suffixes} - {None} if files else set()
        plain = {language_of(path) for path in files.plain} - {None} if files else set()
        known = sorted(name for name in found | plain if name)
        return known[0] if len(known) == 1 else DEFAULT_LANGUAGE

    def _add(self, key: object, probe: Probe) -> int:
        if key not in self._index:
            self._index[key] = len(self.made)
            self.made.append(probe)
        return self._index[key]

    def _data(self, item: Item, files: FilePatterns | None, origin: SourceMap) -> tuple[int, Made] | None:
        at = (*item.at, "data")
        try:
            expression = compile_expression(item.data)
        except ExpressionError as error:
            origin.error(at, error.message, error.help, error.position)
            return None
        if expression.comparison:
            help = "put the condition in a filter, as `things[?…]`, or in `where`"
            origin.error(at, "a comparison is true or false, and both would be a match", help)
            return None
        if item.language and item.language not in formats():
            origin.error((*item.at, "language"), f"`data` can't read `{item.language}`", f"one of {listed_formats()}")
            return None
        self._check_formats(item, files, origin)
        index = self._add(
            ("data", item.data, item.language),
            Probe(expression, "data", item.language, forced=bool(item.language)),
        )
        if expression.binds is not None:
            return index, Made(_public(expression.binds, at, origin))
        value_as = item.rename if isinstance(item.rename, str) else ""
        if isinstance(item.rename, dict):
            origin.error((*item.at, "as"), "this binds one value, so `as` is its name", "write `as: name`")
        return index, Made(value_as=value_as, single=True)

    def _check_formats(self, item: Item, files: FilePatterns | None, origin: SourceMap) -> None:
        if files is None or item.language:
            return
        wrong = [path for path in files.plain if format_of(path) is None]
        wrong += [suffix for suffix in files.suffixes if language_of("x" + suffix) and format_of("x" + suffix) is None]
        if wrong:
            help = f"if it holds configuration, say as which `language` to read it: {listed_formats()}"
            origin.error((*item.at, "data"), f"`{wrong[0]}` is no configuration that `data` could read", help)

    def _text(self, item: Item, origin: SourceMap) -> tuple[int, Made] | None:
        at = (*item.at, "text")
        assert item.text is not None
        try:
            search = compile_text(item.text)
        except TextProblem as problem:
            origin.error(at, problem.message, problem.help)
            return None
        binds = _public(search.binds, at, origin)
        return self._whole(item, ("text", item.text), Probe(search, "text"), Made(binds))

    def _syntax(
        self, item: Item, kind: str, files: FilePatterns | None, origin: SourceMap, around: str
    ) -> tuple[int, Made] | None:
        texts = item.pattern if kind == "pattern" else item.code
        language = self.language(files, item.language or ("" if files else around))
        try:
            syntax = self._compiled(texts, kind, language, item.resolve)
        except UnknownLanguage as problem:
            at = (*item.at, "language") if item.language else item.at
            origin.error(at, problem.message, problem.help)
            return None
        except SyntaxProblem as problem:
            at = (*item.at, kind, getattr(problem, "index", 0)) if len(texts) > 1 else (*item.at, kind)
            origin.error(at, problem.message, problem.help, problem.offset)
            return None
        at = (*item.at, kind)
        for message, offset, help in syntax.warnings:
            origin.warning(at, message, help, offset)
        binds = _public(syntax.binds, at, origin)
        key = (kind, texts, language, item.resolve, bool(item.language))
        return self._whole(
            item,
            key,
            Probe(syntax, "pattern" if kind == "pattern" else "code", language, forced=bool(item.language)),
            Made(binds, syntax.some),
        )

    def _compiled(self, texts: tuple[str, ...], kind: str, language: str, resolve: bool) -> Syntax:
        if kind == "pattern":
            return compile_pattern(texts, language, resolve)
        return compile_code(texts, language)

    def _whole(self, item: Item, key: tuple[object, ...], probe: Probe, made: Made) -> tuple[int, Made]:
        """A probe that binds nothing binds its whole text, where `as` names it."""
        if isinstance(item.rename, str) and item.rename and not made.binds:
            return self._add((*key, "whole"), replace(probe, whole=True)), replace(made, value_as=item.rename)
        return self._add(key, probe), made

    def mark_places(self, indices: Iterable[int]) -> None:
        """Makes these probes give the places of `data` rows to judge."""
        for index in indices:
            if isinstance(self.made[index].what, Expression):
                self.made[index] = replace(self.made[index], places=True)


def _public(names: frozenset[str], at: tuple[str | int, ...], origin: SourceMap) -> frozenset[str]:
    for name in sorted(names & _RESERVED):
        origin.error(at, f"`{name}` is reserved: polcheck sets it", "rename it")
    return names - _RESERVED


__all__ = ["Made", "Probes", "Selectors", "TextSearch"]
