"""Compiling selectors to probes: each distinct search once, whichever policies use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.formats import format_of, formats, listed_formats
from polcheck.formats.values import Json, Pointer
from polcheck.languages.registry import DEFAULT_LANGUAGE, UnknownLanguage, language_of, languages, may_be_script
from polcheck.policy.model import Item
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import Conjunction, Names, Probe
from polcheck.policy.versions import LANGUAGE_VERSION, LANGUAGES, newer_in, too_new
from polcheck.selectors.constant_table import table_for
from polcheck.selectors.jmespath.expression import Expression, compile_expression
from polcheck.selectors.jmespath.values import ExpressionError
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.selector import Syntax
from polcheck.selectors.text import TextProblem, TextSearch, compile_text
from polcheck.sources.path_patterns import FilePatterns

if TYPE_CHECKING:
    from polcheck.policy.conjunction import Compiler

MAX_USES = 20_000  # of named selectors, in all policies of a pack together
_RESERVED = frozenset({"path", "line", "column", "file", "params", "subject"})


class Around(NamedTuple):
    """In which languages files are read, and whether that is `forced`, whatever their names say."""

    languages: tuple[str, ...] = ()
    forced: bool = False


@lru_cache(maxsize=1024)
def languages_of(files: FilePatterns) -> tuple[str, ...]:
    """Return the languages that files may have: those that the endings of their patterns name.

    All programming languages where a pattern leaves open what its files are: markup, build files and configuration are
    searched where a pattern or `language` names them. The default comes first.
    """
    results: set[str] = set()
    for example in {one for ways in files.examples for one in ways}:
        if example is None or may_be_script(example):
            results |= {one.name for one in languages().values() if one.general and one.name not in formats()}
        elif (language := language_of(example)) is not None:
            results.add(language)
    return tuple(sorted(results, key=lambda name: (name != DEFAULT_LANGUAGE, name)))


@lru_cache(maxsize=1024)
def _without_format(files: FilePatterns) -> tuple[str, ...]:
    """Return the paths and endings of patterns that are those of no configuration file."""
    wrong = [path for path in files.plain if format_of(path) is None]
    wrong += [suffix for suffix in files.suffixes if language_of("x" + suffix) and format_of("x" + suffix) is None]
    return tuple(wrong)


def never_read(kind: str, names: Sequence[str], file: str) -> tuple[str, str]:
    """Return what is wrong with a `code` or `pattern` that names files in which it never looks, and what to do."""
    message = f"this `{kind}` is {' and '.join(names)}, and never looks in `{file}`"
    return message, f"say `language: {names[0]}` if such files hold it, or leave them out"


def _refuse(
    item: Item, kind: str, texts: Sequence[str], problem: UnknownLanguage | SyntaxProblem | None, origin: SourceMap
) -> None:
    """Notes why a `code` or `pattern` can't be compiled in any of its languages."""
    if isinstance(problem, UnknownLanguage):
        origin.error((*item.at, "language") if item.language else item.at, problem.message, problem.help)
    elif problem is not None:
        at = (*item.at, kind, getattr(problem, "index", 0)) if len(texts) > 1 else (*item.at, kind)
        origin.error(at, problem.message, problem.help, problem.offset)


def refuse_newer(expression: Expression, at: Pointer, origin: SourceMap) -> None:
    """Notes the functions and notations of an expression that the pack's version of the language doesn't have."""
    if origin.version < LANGUAGE_VERSION:
        for word, needed, offset in newer_in(expression.node, origin.version):
            origin.error(at, *too_new(word, needed, origin.version), offset)


class Made(Struct, frozen=True):
    """The names that a source's rows bind: always, sometimes, or as one value (`value_as`, `path_as`)."""

    binds: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    value_as: str = ""
    path_as: str = ""
    single: bool = False


class Exporter(Struct, frozen=True):
    """A pack whose selectors others use: what they see, whoever uses them."""

    selectors: Selectors
    params: Mapping[str, Json]
    tables: Mapping[str, Json]

    def compiler(self, user: Compiler) -> Compiler:
        """Return the compiler of a pack that uses a selector, as that selector's own pack would compile it."""
        return replace(user, selectors=self.selectors, params=self.params, tables=self.tables)


class NamedSelector(Struct, frozen=True):
    """A selector with a name: its items and where they are written.

    `key` is its name in any pack. `owner` is the pack that exports it, None where it is the pack's own or polcheck's;
    `only` are the names that come out of it, None for all.
    """

    key: str
    items: tuple[Item, ...]
    origin: SourceMap
    owner: Exporter | None = None
    only: frozenset[str] | None = None


class CompiledUse(Struct, frozen=True):
    """A selector as it was compiled for one use: its steps, the names after it, and how many uses are in it."""

    steps: Conjunction
    names: Names
    uses: int


class Selectors(Struct):
    """The selectors that have names: the pack's own, polcheck's, and those that other packs export.

    `exports` are the names that each pack exports which can be used. `compiled` are uses without a problem, which are
    the same for all that use a selector alike.
    """

    known: Mapping[str, NamedSelector] = field(default_factory=dict)
    exports: Mapping[str, frozenset[str]] = field(default_factory=dict)
    uses: int = 0
    exported_uses: int = 0
    refused: bool = False  # whether it is noted that there are too many
    compiled: dict[object, CompiledUse] = field(default_factory=dict)

    def is_used_up(self, times: int = 1) -> bool:
        """Counts uses; whether there are too many: selectors that use selectors can double at each step."""
        self.uses += times
        return self.uses > MAX_USES

    def find(self, name: str) -> NamedSelector | None:
        """Return the selector, or None."""
        return self.known.get(name)

    @property
    def names(self) -> Iterable[str]:
        """Every selector's name."""
        return self.known


class Probes(Struct):
    """The probes of a plan under construction. `today` is the date (YYYY-MM-DD) of its expressions."""

    today: str = ""
    made: list[Probe] = field(default_factory=list)
    _index: dict[object, int] = field(default_factory=dict)
    _steps: int = 0

    def number(self) -> int:
        """Return the number of the next step of the plan."""
        self._steps += 1
        return self._steps

    def of(
        self, item: Item, kind: str, files: FilePatterns | None, origin: SourceMap | None, around: Around | None = None
    ) -> tuple[int, Made] | None:
        """Return the index of the item's probe and what it binds; None after noting why there is none.

        `around` is how what surrounds the item reads files, for a `code` or `pattern` that names none.
        """
        assert origin is not None
        if LANGUAGES.get(item.language, 1) > origin.version:
            origin.error((*item.at, "language"), *too_new(item.language, LANGUAGES[item.language], origin.version))
        if kind in ("data", "values"):
            return self._data(item, kind, files, origin)
        if kind == "text":
            return self._text(item, origin)
        return self._syntax(item, kind, files, origin, around or Around())

    def _add(self, key: object, probe: Probe) -> int:
        if key not in self._index:
            self._index[key] = len(self.made)
            self.made.append(probe)
        return self._index[key]

    def _data(self, item: Item, kind: str, files: FilePatterns | None, origin: SourceMap) -> tuple[int, Made] | None:
        """Return the probe of a `data`, or of an expression for `values` that looks in a value."""
        at = (*item.at, kind)
        text = item.data if kind == "data" else item.values
        if not isinstance(text, str):
            origin.error(at, "rows that are written out are found in no value", "make `values` an item of its own")
            return None
        try:
            expression = compile_expression(text, self.today)
        except ExpressionError as error:
            origin.error(at, error.message, error.help, error.position)
            return None
        refuse_newer(expression, at, origin)
        if kind == "values" and origin.version < 2:
            origin.error((*item.at, "in"), *too_new("in` beside `values", 2, origin.version))
        if expression.variables and not item.within:
            name = min(expression.variables)
            message = f"`${name}` has no value here: a file is searched once, whatever the rows are"
            help = "bind the key that you compare (`as`, or `{name: …}`) and join by it, or look `in` a value"
            origin.error(at, message, help, text.find(f"${name}"))
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
            ("data", text, item.language),
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
        wrong = _without_format(files)
        if wrong:
            help = f"if it holds configuration, say as which `language` to read it: {listed_formats()}"
            origin.error((*item.at, "data"), f"`{wrong[0]}` is not a configuration file that `data` can read", help)

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
        self, item: Item, kind: str, files: FilePatterns | None, origin: SourceMap, around: Around
    ) -> tuple[int, Made] | None:
        texts = item.pattern if kind == "pattern" else item.code
        if item.language:
            around = Around((item.language,), forced=True)
        elif files is not None:
            around = Around(languages_of(files))
            if not around.languages:
                example = next(one for ways in files.examples for one in ways if one)
                name = f"*{example[1:]}" if example.startswith("x.") else example
                at = (*item.at, "files") if item.files else item.at
                origin.error(at, *never_read(kind, (DEFAULT_LANGUAGE,), name))
                return None
        names = around.languages or (DEFAULT_LANGUAGE,)
        result: list[Syntax] = []
        unavailable: list[tuple[str, str]] = []
        problem: UnknownLanguage | SyntaxProblem | None = None
        for language in names:
            try:
                result.append(self._compiled(texts, kind, language, item.resolve))
            except UnknownLanguage as unknown:
                unavailable.append((language, f"{unknown.message}; {unknown.help}"))
                problem = problem or unknown
            except SyntaxProblem as refused:
                problem = refused if not isinstance(problem, SyntaxProblem) else problem
        if not result:
            _refuse(item, kind, texts, problem, origin)
            return None
        at = (*item.at, kind)
        for message, offset, help, index in result[0].warnings:
            origin.warning((*at, index) if len(texts) > 1 else at, message, help, offset)
        always = frozenset.intersection(*(one.binds for one in result))
        some = frozenset[str]().union(*(one.binds | one.some for one in result)) - always
        binds = _public(always, at, origin)
        read_as = (tuple(one.language for one in result), tuple(unavailable), around.forced)
        key = (kind, texts, read_as, item.resolve, item.constant)
        probe = Probe(
            result[0],
            "pattern" if kind == "pattern" else "code",
            result[0].language,
            forced=around.forced,
            others=tuple(result[1:]),
            unavailable=tuple(unavailable),
            constants=frozenset(item.constant),
        )
        self._check_constants(item, kind, always | some, origin)
        if item.constant:
            for table in filter(None, dict.fromkeys(table_for(one.language) for one in result)):
                self._add(("constants", table.languages), Probe(table, "constants", table.languages[0]))
        return self._whole(item, key, probe, Made(binds, some))

    def _check_constants(self, item: Item, kind: str, captures: frozenset[str], origin: SourceMap) -> None:
        """Note names of `constant` that no match binds."""
        for index, name in enumerate(item.constant):
            if name not in captures:
                at = (*item.at, "constant", index) if len(item.constant) > 1 else (*item.at, "constant")
                known = ", ".join(f"`{one}`" for one in sorted(captures))
                origin.error(at, f"`{name}` is no capture of this `{kind}`", f"it binds {known or 'nothing'}")

    def _compiled(self, texts: tuple[str, ...], kind: str, language: str, resolve: bool) -> Syntax:
        if kind == "pattern":
            return compile_pattern(texts, language, resolve)
        return compile_code(texts, language)

    def _whole(self, item: Item, key: tuple[object, ...], probe: Probe, made: Made) -> tuple[int, Made]:
        """Return a probe that binds nothing binds its whole text, where `as` names it."""
        if isinstance(item.rename, str) and item.rename and not made.binds:
            return self._add((*key, "whole"), replace(probe, whole=True)), replace(made, value_as=item.rename)
        return self._add(key, probe), made

    def mark_places(self, indices: Iterable[int]) -> None:
        """Makes these probes give the places of `data` rows to judge."""
        for index in indices:
            if isinstance(self.made[index].what, Expression):
                self.made[index] = replace(self.made[index], places=True)

    def mark_cores(self, indices: Iterable[int]) -> None:
        """Make these probes give the places of matches without parentheses and `await`."""
        for index in indices:
            if self.made[index].syntaxes:
                self.made[index] = replace(self.made[index], cores=True)


def _public(names: frozenset[str], at: tuple[str | int, ...], origin: SourceMap) -> frozenset[str]:
    for name in sorted(names & _RESERVED):
        origin.error(at, f"`{name}` is reserved: polcheck sets it", "rename it")
    return names - _RESERVED


__all__ = ["Made", "Probes", "Selectors", "TextSearch"]
