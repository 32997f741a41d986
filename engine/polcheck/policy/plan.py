"""The compiled plan: what the scan looks for in each file, and how evaluation joins what it finds.

A conjunction is a list of **steps**; a step that joins has a **source** of rows. Each is a class that answers whatever
is asked of it; what is done with it is a table by class where that is done (`handlers`), as in evaluation. Everything
here is frozen and picklable; nothing here is a dict of YAML any more.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from msgspec import Struct, field

from polcheck.base.cached import cached_property
from polcheck.formats import format_of
from polcheck.formats.values import text_of
from polcheck.languages.registry import language_of, language_of_file, may_be_script

if TYPE_CHECKING:
    from polcheck.base.spans import Source as File
    from polcheck.formats.values import Json, Pointer
    from polcheck.selectors.constant_table import ConstantTable
    from polcheck.selectors.jmespath.expression import Expression
    from polcheck.selectors.syntax.selector import Syntax
    from polcheck.selectors.text import TextSearch
    from polcheck.sources.path_patterns import FilePatterns


Names = frozenset[str]
GROUP = "group"  # beside `per`, the rows that are one subject
Relation = Literal["is", "inside", "has", "after"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)


class Probe(Struct, frozen=True, dict=True):
    """One thing to look for in a file's document, whatever policies ask for it.

    `language` is the language of a `code` or `pattern`, or the format a `data` was told to read its files in;
    empty: each file's own. `places` says that judge needs the places of `data` rows, not only findings; `whole` that
    the text of the whole match is asked for; `cores` that the places of matches without parentheses and `await` are;
    `forced` that the policy named the language, whatever the path's ending.
    `others` are a `code` or `pattern` in the other languages that its files may have; `unavailable` are those of them
    whose grammar isn't installed, with what to do about it. `constants` are captures that have to be constants: they
    bind what `selectors/constant_table.py` makes of them. A probe of kind `constants` looks for what files define.
    """

    what: Syntax | Expression | TextSearch | ConstantTable
    kind: Literal["code", "pattern", "data", "text", "constants"]
    language: str = ""
    places: bool = False
    whole: bool = False
    forced: bool = False
    others: tuple[Syntax, ...] = ()
    unavailable: tuple[tuple[str, str], ...] = ()
    constants: Names = frozenset()
    cores: bool = False

    @cached_property
    def syntaxes(self) -> tuple[Syntax, ...]:
        """The `code` or `pattern` in each of its languages; empty for other selectors."""
        what: Any = self.what
        return (what, *self.others) if self.kind in ("code", "pattern") else ()

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages in which it looks, those included whose grammar isn't installed."""
        what: Any = self.what
        if self.kind == "constants":
            return (*what.languages,)
        return (*(syntax.language for syntax in self.syntaxes), *(language for language, _ in self.unavailable))

    @cached_property
    def manifests(self) -> tuple[str, ...]:
        """The names of files that say where modules begin, of a probe for what files define."""
        what: Any = self.what
        return (*what.manifests,) if self.kind == "constants" else ()

    def in_language(self, language: str) -> Syntax | None:
        """Return the `code` or `pattern` in a language; None if it doesn't look in files of that."""
        return next((syntax for syntax in self.syntaxes if syntax.language == language), None)

    def language_in(self, source: File) -> str:
        """Return the language in which a `code` or `pattern` reads a file; empty if it doesn't look there."""
        return self.language if self.forced else self.language_among(language_of_file(source.path, source.data) or "")

    def language_among(self, own: str) -> str:
        """Return the language in which it reads files of the language `own`; empty if it doesn't look in them."""
        return self.language if self.forced else own if own in self.languages else ""

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The strings that are searched for, as written; several are a union."""
        what: Any = self.what
        if self.kind == "constants":
            return (*what.languages,)
        return (what.text,) if self.kind == "data" else (what.regex,) if self.kind == "text" else what.texts

    @cached_property
    def words(self) -> Words:
        """The selector's keys and values as written."""
        texts = ((self.kind, text) for text in self.texts)
        return (*texts, *((("language", self.language),) if self.forced else ()))

    def reads(self, path: str) -> bool:
        """Return whether a file is a document that this probe can look in, as far as its path tells."""
        if self.forced or self.kind == "text":
            return True
        if self.kind == "data":
            return format_of(path) is not None
        if self.manifests and path.rpartition("/")[2] in self.manifests:
            return True
        return language_of(path) in self.languages or may_be_script(path)


Words = tuple[tuple[str, str], ...]  # keywords and texts, as a policy's author writes them
Key = tuple[object, ...]
_NONE: Names = frozenset()
_MOST_ROWS = 5
_MOST_ROW = 60  # characters

# The part that an inner conjunction has in its step: conditions on the rows of a source (`own`), the items of a
# selector that is used by name (`selector`), a branch of `any`, what `not` looks for (`absent`), the target of a
# relation, and what ends its search (`until`).
# and the rows over which `closure` walks (`edges`).
Role = Literal["own", "selector", "branch", "absent", "target", "until", "edges"]
VIA = "via"  # the name under which `closure` shows a path
_OF_ROW = frozenset({"branch", "absent", "target"})  # the parts that extend the row before the step
_OF_MATCH = frozenset({"path", "line", "column", "file"})  # the names that are those of the match before


class Nested(Struct, frozen=True, dict=True):
    """A conjunction inside a step, and its part there.

    A `selector` is written elsewhere, under `name`; it and `edges` see no row before them.
    """

    role: Role
    steps: Conjunction
    name: str = ""


class Source(Struct, frozen=True, dict=True):
    """A source of a join's rows."""

    # NOTE: INVARIANT of both families of classes: what everybody who works on a plan has to know of one is abstract, so
    # that a new class that forgets it can't be made; what has a default here is a property of a few.

    @abstractmethod
    def kind(self, probes: Sequence[Probe]) -> str:
        """Return the keyword of the selector, as `pattern` or `use`."""

    @abstractmethod
    def words(self, probes: Sequence[Probe]) -> Words:
        """Return what is written of the source, key by key, for `explain`."""

    @abstractmethod
    def row_key(self) -> Key:
        """Return what is equal for two sources exactly when they give the same rows of the same files."""

    @abstractmethod
    def placed(self, binds: Names) -> Names:
        """Return those of the names that a join binds from it that stand for a stretch of a text."""

    def key(self) -> Key:
        """Return what is equal for two sources exactly when they give the same rows."""
        return (*self.row_key(), self.file_patterns.texts if self.file_patterns else None)

    @cached_property
    def search(self) -> Find | None:
        """The search in documents that the source is; None for the others."""
        return None

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """The conjunctions that the source is made of."""
        return ()

    @cached_property
    def file_patterns(self) -> FilePatterns | None:
        """The patterns of the paths that it looks at."""
        return None

    @cached_property
    def keeps_to_file(self) -> bool:
        """Whether only rows in the file of the row that it extends count."""
        return False

    @cached_property
    def opens_documents(self) -> bool:
        """Whether it looks into documents, so that it may find none to look in."""
        return False

    @cached_property
    def is_in_text(self) -> bool:
        """Whether a row of it lies somewhere in a text: a whole file, or a row that is written down, does not."""
        return True

    @cached_property
    def shown(self) -> Names:
        """The names that expressions and messages can read, and that join nothing."""
        return _NONE

    @cached_property
    def has_place(self) -> bool:
        """Whether every row of it has a place in the submission."""
        return False

    @cached_property
    def path_as(self) -> str:
        """The name that it binds a path to; empty when it binds none."""
        return ""

    @cached_property
    def gives_values(self) -> bool:
        """Whether some of its rows are one value each, not a mapping from names."""
        return False


class Find(Source, frozen=True):
    """A source of rows: matches of a probe in documents.

    `files` None is the anchor's file or, where there is no anchor, every file of the language.
    """

    probe: int
    files: FilePatterns | None

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return the kind of the probe."""
        return probes[self.probe].kind

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the paths and the text of the probe."""
        files = (("files", ", ".join(self.files.texts)),) if self.files else ()
        return (*files, *probes[self.probe].words)

    def row_key(self) -> Key:
        """Return the probe."""
        return ("find", self.probe)

    def placed(self, binds: Names) -> Names:
        """Return the names that its paths don't capture."""
        return binds - (self.files.binds if self.files else _NONE)

    @cached_property
    def search(self) -> Find | None:
        """The search that it is."""
        return self

    @cached_property
    def file_patterns(self) -> FilePatterns | None:
        """The patterns of the documents that it looks in."""
        return self.files

    @cached_property
    def keeps_to_file(self) -> bool:
        """Whether it names no files."""
        return self.files is None

    @cached_property
    def opens_documents(self) -> bool:
        """It always does."""
        return True

    @cached_property
    def has_place(self) -> bool:
        """Whether every row of it has a place: that of the match."""
        return True


class Listing(Source, frozen=True):
    """A source of rows: paths of the submission. `path_name` binds the whole path."""

    files: FilePatterns
    path_name: str = ""

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return `files`."""
        return "files"

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the paths."""
        return (("files", ", ".join(self.files.texts)),)

    def row_key(self) -> Key:
        """Return the name of the whole path."""
        return ("files", self.path_name)

    def placed(self, binds: Names) -> Names:
        """Return none: a path is no text."""
        return _NONE

    @cached_property
    def file_patterns(self) -> FilePatterns | None:
        """The patterns of the paths."""
        return self.files

    @cached_property
    def is_in_text(self) -> bool:
        """A row is a whole file."""
        return False

    @cached_property
    def path_as(self) -> str:
        """The name that it binds a path to."""
        return self.path_name

    @cached_property
    def has_place(self) -> bool:
        """Whether every row of it has a place: the file."""
        return True


class Values(Source, frozen=True):
    """A source of rows: written in the policy, or made by an expression over params and tables."""

    rows: tuple[Json, ...]

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return `values`."""
        return "values"

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the first rows, and how many there are where they are more."""
        texts = [text_of(row) for row in self.rows[:_MOST_ROWS]]
        visible = ", ".join(text if len(text) <= _MOST_ROW else text[:_MOST_ROW] + "…" for text in texts)
        rest = f", … ({len(self.rows):,} rows)" if len(self.rows) > _MOST_ROWS else ""
        return (("values", visible + rest),)

    def row_key(self) -> Key:
        """Return the rows."""
        return ("values", repr(self.rows))

    def placed(self, binds: Names) -> Names:
        """Return none: a row lies nowhere."""
        return _NONE

    @cached_property
    def is_in_text(self) -> bool:
        """A row lies nowhere."""
        return False

    @cached_property
    def gives_values(self) -> bool:
        """Whether some row is no mapping."""
        return any(not isinstance(row, dict) for row in self.rows)


class SelectorRef(Source, frozen=True):
    """A source of rows: a selector with a name, evaluated by itself, once for all that use it alike.

    `name` tells uses apart that look in other files. `anchored`: it names no files, so only its rows in the anchor's
    file count where there is an anchor. `only` are the names that come out, before they are renamed; None for all.
    `params` and `tables` are those of the pack that exports the selector; None where they are the policy's own.
    """

    name: str
    what: Conjunction
    anchored: bool
    only: Names | None = None
    params: Mapping[str, Json] | None = None
    tables: Mapping[str, Json] | None = None

    @cached_property
    def selector(self) -> str:
        """The name of the selector, as it is written."""
        return self.name.split("\0", 1)[0]

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return `use`."""
        return "use"

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the selector's name, and the names that come out of it where others don't."""
        only = (("only", ", ".join(sorted(self.only))),) if self.only is not None else ()
        return (("use", self.selector), *only)

    def row_key(self) -> Key:
        """Return the name with the files of this use."""
        return ("use", self.name, *sorted(self.only or ()))

    def placed(self, binds: Names) -> Names:
        """Return all of the names: only the selector knows."""
        return binds

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """The selector's items."""
        return (Nested("selector", self.what, self.selector),)

    @cached_property
    def keeps_to_file(self) -> bool:
        """Whether the selector names no files."""
        return self.anchored

    @cached_property
    def opens_documents(self) -> bool:
        """Whether one of its items may look into documents."""
        return any(isinstance(step, Union) or step.search is not None for step in self.what)

    @cached_property
    def shown(self) -> Names:
        """The names that the selector's items show."""
        return _union(step.join.source.shown for step in self.what if step.join is step)


class Closure(Source, frozen=True):
    """A source of rows: the pairs of which one can be reached from the other over the rows of `edges`.

    `start` and `end` are the names that an edge binds to its ends. The edges are evaluated by themselves.
    """

    edges: Conjunction
    start: str
    end: str

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return that of the edges."""
        return self.edges[0].kind(probes)

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the words of the edges, and the names of both ends."""
        return (*self.edges[0].words(probes), ("closure", f"{self.start}, {self.end}"))

    def row_key(self) -> Key:
        """Return the edges, and the names of their ends."""
        return ("closure", key_of(self.edges), self.start, self.end)

    def placed(self, binds: Names) -> Names:
        """Return all of the names: only the edges know."""
        return binds

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """The edges."""
        return (Nested("edges", self.edges),)

    @cached_property
    def opens_documents(self) -> bool:
        """Whether the edges may come from documents."""
        return any(step.join is None or step.join.source.opens_documents for step in self.edges if step.adds_match)

    @cached_property
    def is_in_text(self) -> bool:
        """Whether an edge may lie in a text."""
        return any(step.join is None or step.join.source.is_in_text for step in self.edges if step.adds_match)

    @cached_property
    def shown(self) -> Names:
        """The path."""
        return frozenset({VIA})


SOURCES: tuple[type[Source], ...] = (Find, Listing, Values, SelectorRef, Closure)


class Modifiers(Struct, frozen=True, dict=True):
    """The modifiers beside an item's selector: how its rows are named, and which of them count.

    INVARIANT: whatever modifies the rows of a selector is a field here. `words` and `key` go over all fields, so that
    `explain` shows and `validate` compares a new one; a test asks evaluation and mutation for each.

    `renames` are the names that the source's own become; a row that is one value binds `value_as` (empty: it is shown
    as `value` and joins nothing). `own` are `let` and `where` that see the source's row alone: they come before the
    join. `optional` are names that are null in rows which lack them. `name` names the match itself. The captures of
    `constant`, by the names of the source, have to be constants; `dynamic` says what becomes of a match in which one
    isn't: it is counted (empty), `undecided` or `ignored`.
    """

    renames: Mapping[str, str] = field(default_factory=dict)
    value_as: str = ""
    optional: Names = _NONE
    own: tuple[Where | Let, ...] = ()
    name: str = ""
    scope: str = ""
    near: int | None = None
    revision: str = ""  # the tree in which it looks: the project's, or the `base`
    changed: tuple[str, ...] = ()  # how files have changed since the base, of those that count; empty: however
    constant: tuple[str, ...] = ()
    dynamic: str = ""

    @cached_property
    def keeps_to_file(self) -> bool:
        """Whether only matches in the file of the row before count."""
        return bool(self.scope) or self.near is not None

    @cached_property
    def compares_places(self) -> bool:
        """Whether the places of rows are compared to choose them."""
        return self.near is not None or self.scope == "subject"

    @cached_property
    def needs_base(self) -> bool:
        """Whether it takes the tree that changes are compared with to know which rows there are."""
        return bool(self.revision or self.changed)

    @cached_property
    def from_changes(self) -> Names:
        """The names that rows have from how their file has changed."""
        return frozenset({PREVIOUS}) if "renamed" in self.changed else _NONE

    @cached_property
    def needs_lines(self) -> bool:
        """Whether the lines of a row's place are asked for."""
        return self.near is not None or bool(self.name)

    @cached_property
    def given(self) -> Mapping[str, Any]:
        """The modifiers that choose among the rows and are given, by keyword."""
        chosen = ((name, getattr(self, name)) for name in self.__struct_fields__ if name not in _OF_NAMES)
        return {
            name: value for name, value in chosen if value is not None and value is not False and value not in ("", ())
        }

    @cached_property
    def are_only_names(self) -> bool:
        """Whether every row of the source counts, and is itself not called anything."""
        return not (self.given or self.own or self.name)

    def words(self, path_as: str = "") -> Words:
        """Return what is written of the modifiers, key by key; `own` are told step by step, `name` where it is used."""
        whole = self.value_as or path_as
        texts = [whole] if whole else [f"{old}: {new}" for old, new in sorted(self.renames.items())]
        names = (("as", ", ".join(texts)),) if texts else ()
        return (*names, *((keyword, _written(value)) for keyword, value in self.given.items()))

    def key(self) -> Key:
        """Return what is equal for modifiers that mean the same, but for `own` and `name`."""
        return (*self._names_key(), tuple(self.given.items()))

    def covers(self, other: Modifiers) -> bool:
        """Return whether surely every row that `other` lets through is let through under the same names."""
        return self._names_key() == other._names_key() and self.given.items() <= other.given.items()

    def _names_key(self) -> Key:
        return (self.optional, frozenset(self.renames.items()), self.value_as)


PREVIOUS = "previous"  # the name that `changed: renamed` binds: the path at which the file was
_OF_NAMES = frozenset({"renames", "value_as", "optional", "own", "name"})


def _written(value: Any) -> str:
    """Return the value of a modifier as people write it."""
    return ", ".join(value) if isinstance(value, tuple) else text_of(value)


class Step(Struct, frozen=True, dict=True):
    """One step of a conjunction: it extends the rows before it, or lets only some of them through.

    `at` is where it is written; `number` tells it from every other step of its plan, and is the same whenever the same
    packs are compiled.
    """

    at: Pointer
    number: int

    @abstractmethod
    def kind(self, probes: Sequence[Probe]) -> str:
        """Return its keyword: that of its selector, or `any`, `not`, `where`, `let`, `inside` …"""

    @abstractmethod
    def words(self, probes: Sequence[Probe]) -> Words:
        """Return what is written of it, key by key, for `explain`; what is nested is told by itself."""

    @abstractmethod
    def key(self) -> Key:
        """Return what is equal for two steps exactly when they mean the same."""

    @property
    @abstractmethod
    def exports(self) -> Names:
        """The names that it binds for what comes after it."""

    @property
    @abstractmethod
    def usages(self) -> Names:
        """Every name that it binds or reads itself, those of nested conjunctions included."""

    @property
    @abstractmethod
    def nested(self) -> tuple[Nested, ...]:
        """The conjunctions that it holds, in the order in which they are written."""

    @cached_property
    def expressions(self) -> tuple[tuple[Pointer, Expression], ...]:
        """The step's expressions over the row, each with its pointer in the policy."""
        return ()

    @cached_property
    def reads(self) -> Names:
        """The names that its expressions read."""
        return _union(expression.reads for _, expression in self.expressions)

    @cached_property
    def item_modifiers(self) -> Modifiers | None:
        """The modifiers beside the step's selector; None for a step that is no selector."""
        return None

    @cached_property
    def join(self) -> Join | None:
        """The join with whose rows it compares those before it; None where there is none."""
        return None

    @cached_property
    def search(self) -> Find | None:
        """The search in documents that it makes itself."""
        return None

    @cached_property
    def value_search(self) -> SearchInValue | None:
        """The search in a value that it makes itself."""
        return None

    @cached_property
    def probes(self) -> tuple[int, ...]:
        """The probes that it uses itself."""
        return (self.search.probe,) if self.search else ()

    @cached_property
    def keeps_to_file(self) -> bool:
        """Whether it looks only in the file of the row that it extends."""
        return False

    @cached_property
    def compares_places(self) -> bool:
        """Whether it must know the places of rows, those of configuration included."""
        return _compares_places(self)

    @cached_property
    def placed(self) -> Names:
        """The names that it binds to a stretch of a text."""
        return _NONE

    @cached_property
    def replaces_place(self) -> bool:
        """Whether the place of its match takes that of a match before it, in which it lies."""
        return False

    @cached_property
    def is_match(self) -> bool:
        """Whether what comes after it speaks of a match of its own as `the item before`."""
        return False

    @cached_property
    def tests(self) -> tuple[Expression, ...]:
        """The expressions that have to hold for a row to come through."""
        return ()

    @cached_property
    def condition(self) -> tuple[Pointer, str] | None:
        """The pointer and keyword of a step that is a condition on a row; None for other steps."""
        return None

    @cached_property
    def relation_to(self) -> str:
        """The keyword of a relation: `is`, `inside`, `has` or `after`; empty for all else."""
        return ""

    @cached_property
    def of(self) -> str:
        """The name of what a relation is about, where that isn't the match before; empty for all else."""
        return ""

    @cached_property
    def capture(self) -> str:
        """The name, bound before, to which it is a relation; empty for all else."""
        return ""

    @cached_property
    def inner(self) -> tuple[Conjunction, ...]:
        """The nested conjunctions that extend the row before the step: they see what it sees."""
        return tuple(nested.steps for nested in self.nested if nested.role in _OF_ROW)

    @cached_property
    def holder(self) -> str:
        """The name of the value in which it searches; empty for all else."""
        return ""

    @cached_property
    def adds_match(self) -> bool:
        """Whether its rows may have a match of their own, so that `the item before` is that match."""
        return self.is_match or bool(self.holder)

    @cached_property
    def has_place(self) -> bool:
        """Whether every row of it has a match with a place."""
        return bool(self.holder)

    @cached_property
    def is_filter(self) -> bool:
        """Whether it adds nothing to a row, but lets it through or doesn't."""
        return False

    @cached_property
    def extends(self) -> bool:
        """Whether it may make several rows of one."""
        return self.adds_match

    @cached_property
    def fan_out(self) -> float | None:
        """The number of rows that it makes of one, by a guess; 0 for what costs nothing, None where it depends."""
        return 0.0

    @cached_property
    def row_names(self) -> Names:
        """The names that every row of it binds, whatever is bound before."""
        return self.exports

    @cached_property
    def local_names(self) -> Names:
        """The names that mean something else to it when an item after it binds them."""
        return _NONE

    @cached_property
    def outer_reads(self) -> Names:
        """The names that it, or what is nested in it, reads of the row before it."""
        return _outer_reads(self)

    @cached_property
    def refers_to_match(self) -> bool:
        """Whether it is about the match before it."""
        return bool(self.reads & _OF_MATCH) or any(_begins_with_match_before(steps) for steps in self.inner)

    @cached_property
    def refers_to_subject(self) -> bool:
        """Whether it is about the first match of the row."""
        return _refers_to_subject(self)

    @cached_property
    def match_names(self) -> Names:
        """The names that it, or what is nested in it, gives to matches, or shows."""
        return _match_names(self)

    def computed_at(self, name: str) -> Pointer | None:
        """Return where it computes a name from others; None where it doesn't."""
        return None

    def names_behind(self, spoken: Names) -> Names:
        """Return the names of what is nested that are known outside under one of `spoken` instead."""
        return _NONE


def _compares_places(step: Step) -> bool:
    return bool(step.reads & {"line", "column"})


def _match_names(step: Step) -> Names:
    modifiers = step.item_modifiers
    own = frozenset({modifiers.name}) if modifiers and modifiers.name else _NONE
    return own.union(*(each.match_names for steps in step.inner for each in steps))


def _refers_to_subject(step: Step) -> bool:
    own = "subject" in step.reads or step.capture == "subject"
    return own or any(each.refers_to_subject for steps in step.inner for each in steps)


def _outer_reads(step: Step) -> Names:
    own = step.reads | {name for name in (step.holder, step.capture) if name}
    return own.union(*(each.outer_reads for steps in step.inner for each in steps))


class Join(Step, frozen=True):
    """Joins rows of a source on the names that both sides bind."""

    source: Source
    binds: Names
    modifiers: Modifiers

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return the keyword of the source."""
        return self.source.kind(probes)

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the source, then its modifiers."""
        return (*self.source.words(probes), *self.modifiers.words(self.source.path_as))

    def key(self) -> Key:
        """Return the source, the names and the modifiers."""
        own = frozenset(inner.key() for inner in self.modifiers.own)
        return ("join", self.source.key(), self.binds, self.modifiers.key(), own)

    @cached_property
    def names(self) -> Names:
        """The names on which it can join."""
        return self.binds | self.modifiers.optional

    @cached_property
    def area(self) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
        """What is equal for two joins whose sources look in the same files."""
        files = self.source.file_patterns
        return (files.texts if files else (), self.modifiers.revision, self.modifiers.changed)

    @cached_property
    def rows_key(self) -> Key:
        """What is equal for two joins with one search whose matches are the same rows, before their own conditions."""
        given = self.modifiers
        renames = frozenset(given.renames.items())
        return (self.area, renames, given.value_as, given.optional, given.dynamic, self.binds)

    @cached_property
    def exports(self) -> Names:
        """The names on which it can join."""
        return self.names

    @cached_property
    def reads(self) -> Names:
        """The names that its own conditions read."""
        return _union(inner.reads for inner in self.modifiers.own)

    @cached_property
    def usages(self) -> Names:
        """The names it joins on, and those that its own conditions read."""
        return self.names | self.reads

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """Its own conditions, and the parts of its source."""
        return (Nested("own", self.modifiers.own), *self.source.nested)

    @cached_property
    def item_modifiers(self) -> Modifiers | None:
        """The modifiers beside its selector."""
        return self.modifiers

    @cached_property
    def join(self) -> Join | None:
        """Itself."""
        return self

    @cached_property
    def search(self) -> Find | None:
        """The search that its source is."""
        return self.source.search

    @cached_property
    def keeps_to_file(self) -> bool:
        """Whether its source or a modifier does."""
        return self.source.keeps_to_file or self.modifiers.keeps_to_file

    @cached_property
    def compares_places(self) -> bool:
        """Whether its modifiers or its own conditions do."""
        return self.modifiers.compares_places or _compares_places(self)

    @cached_property
    def placed(self) -> Names:
        """The names that its source binds to places."""
        return self.source.placed(self.binds) - self.modifiers.from_changes

    @cached_property
    def is_match(self) -> bool:
        """True: its row is a match."""
        return True

    def computed_at(self, name: str) -> Pointer | None:
        """Return where its own conditions compute the name."""
        return (*self.at, "let", name) if any(inner.computed_at(name) for inner in self.modifiers.own) else None

    @cached_property
    def has_place(self) -> bool:
        """Whether every row of its source has one."""
        return self.source.has_place

    @cached_property
    def fan_out(self) -> float | None:
        """It depends on the rows of the source."""
        return None

    @cached_property
    def outer_reads(self) -> Names:
        """Nothing: its own conditions see the rows of its source alone."""
        return _NONE

    @cached_property
    def refers_to_match(self) -> bool:
        """Never: its own conditions see the rows of its source alone."""
        return False

    @cached_property
    def refers_to_subject(self) -> bool:
        """Whether it keeps to the subject's file, or to a place near it."""
        return self.keeps_to_file or self.modifiers.compares_places

    @cached_property
    def match_names(self) -> Names:
        """The name of the match, and what its source shows."""
        return _match_names(self) | self.source.shown


class SearchInValue(Step, frozen=True):
    """Matches of a probe inside a value that is already bound; `language` parses a string first.

    `given` are the names of the row that the probe's expression reads (`$name`).
    """

    probe: int
    source: str
    language: str
    binds: Names
    modifiers: Modifiers
    given: Names = _NONE

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return the kind of the probe."""
        return probes[self.probe].kind

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the value that it looks in, and the text of the probe."""
        return (("in", self.source), *probes[self.probe].words, *self.modifiers.words())

    def key(self) -> Key:
        """Return the value, the probe and the names."""
        return ("within", self.probe, self.source, self.language, self.modifiers.key())

    @cached_property
    def exports(self) -> Names:
        """The names that a match binds."""
        return self.binds

    @cached_property
    def usages(self) -> Names:
        """The names that a match binds, and that of the value."""
        return self.binds | {self.source} | self.given

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """Empty: it has no nested steps."""
        return ()

    @cached_property
    def item_modifiers(self) -> Modifiers | None:
        """The modifiers beside its selector."""
        return self.modifiers

    @cached_property
    def reads(self) -> Names:
        """The names of the row that the probe's expression reads."""
        return self.given

    @cached_property
    def value_search(self) -> SearchInValue | None:
        """Itself."""
        return self

    @cached_property
    def probes(self) -> tuple[int, ...]:
        """The probe that looks in values."""
        return (self.probe,)

    @cached_property
    def placed(self) -> Names:
        """The names that a match binds."""
        return self.binds

    @cached_property
    def replaces_place(self) -> bool:
        """A match inside a value takes the place of the match that bound it."""
        return True

    @cached_property
    def holder(self) -> str:
        """The name of the value."""
        return self.source

    @cached_property
    def fan_out(self) -> float | None:
        """A guess: nobody knows before the search."""
        return 1.0

    @cached_property
    def refers_to_subject(self) -> bool:
        """Whether it keeps to a place near the subject, or reads it."""
        return self.modifiers.compares_places or _refers_to_subject(self)


class Union(Step, frozen=True):
    """`any`: rows that some branch extends; it binds what every branch binds."""

    branches: tuple[Conjunction, ...]
    binds: Names
    renames: tuple[tuple[str, str], ...] = ()

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return `any`."""
        return "any"

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return nothing: its branches tell."""
        return ()

    def key(self) -> Key:
        """Return the branches, in whatever order."""
        return ("any", frozenset(key_of(branch) for branch in self.branches), self.renames)

    @cached_property
    def exports(self) -> Names:
        """The names that every branch binds, and those bound before."""
        return self.binds

    @cached_property
    def usages(self) -> Names:
        """The names that its branches use, and the new names."""
        return frozenset(new for _, new in self.renames) | usages_of(self.branches)

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """Its branches."""
        return tuple(Nested("branch", branch) for branch in self.branches)

    @cached_property
    def is_match(self) -> bool:
        """The match of a branch is one."""
        return True

    def names_behind(self, spoken: Names) -> Names:
        """Return what its branches call the names that it renames."""
        return frozenset(old for old, new in self.renames if new in spoken)

    @cached_property
    def fan_out(self) -> float | None:
        """It depends on the branches."""
        return None

    @cached_property
    def row_names(self) -> Names:
        """The names that each branch binds itself."""
        renames = dict(self.renames)
        shared = frozenset.intersection(*(_union(step.row_names for step in branch) for branch in self.branches))
        return frozenset(renames.get(name, name) for name in shared)

    @cached_property
    def local_names(self) -> Names:
        """The names that only some of its branches bind, or read."""
        return self.usages - self.row_names


class AntiJoin(Step, frozen=True):
    """`not`: rows that the conjunction does not extend."""

    what: Conjunction

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return `not`."""
        return "not"

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return nothing: what it looks for tells."""
        return ()

    def key(self) -> Key:
        """Return what it looks for."""
        return ("not", key_of(self.what))

    @cached_property
    def exports(self) -> Names:
        """Nothing: what a `not` binds is its own."""
        return _NONE

    @cached_property
    def usages(self) -> Names:
        """The names used by the items that it excludes."""
        return usages_of((self.what,))

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """The items that it excludes."""
        return (Nested("absent", self.what),)

    @cached_property
    def condition(self) -> tuple[Pointer, str] | None:
        """The keyword `not`."""
        return (*self.at, "not"), "not"

    @cached_property
    def is_filter(self) -> bool:
        """It is one."""
        return True

    @cached_property
    def fan_out(self) -> float | None:
        """A guess: some rows are left out."""
        return 0.5

    @cached_property
    def local_names(self) -> Names:
        """Every name that is used by what it looks for."""
        return self.usages


class Where(Step, frozen=True):
    """A condition on the row so far."""

    test: Expression

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return `where`."""
        return "where"

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the expression."""
        return (("where", self.test.text),)

    def key(self) -> Key:
        """Return the expression."""
        return ("where", self.test.text)

    @cached_property
    def exports(self) -> Names:
        """Empty: it binds no name."""
        return _NONE

    @cached_property
    def expressions(self) -> tuple[tuple[Pointer, Expression], ...]:
        """The condition."""
        return ((self.at, self.test),)

    @cached_property
    def usages(self) -> Names:
        """The names that the expression reads."""
        return self.test.reads

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """Empty: it has no nested steps."""
        return ()

    @cached_property
    def tests(self) -> tuple[Expression, ...]:
        """The condition."""
        return (self.test,)

    @cached_property
    def condition(self) -> tuple[Pointer, str] | None:
        """The expression."""
        return self.at, "where"

    @cached_property
    def is_filter(self) -> bool:
        """It is one."""
        return True


class Let(Step, frozen=True):
    """Names computed from the row so far; a name that is already bound must be equal."""

    names: tuple[tuple[str, Expression], ...]

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return `let`."""
        return "let"

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return each name with its expression."""
        return tuple((f"let {name}", expression.text) for name, expression in self.names)

    def key(self) -> Key:
        """Return the names with their expressions."""
        return ("let", tuple((name, expression.text) for name, expression in self.names))

    @cached_property
    def exports(self) -> Names:
        """The names."""
        return frozenset(name for name, _ in self.names)

    @cached_property
    def expressions(self) -> tuple[tuple[Pointer, Expression], ...]:
        """The expression of each name."""
        return tuple(((*self.at, name), expression) for name, expression in self.names)

    @cached_property
    def usages(self) -> Names:
        """The names, and what their expressions read."""
        return self.exports | self.reads

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """Empty: it has no nested steps."""
        return ()

    def computed_at(self, name: str) -> Pointer | None:
        """Return where the name is written."""
        return (*self.at, name) if name in self.exports else None

    @cached_property
    def local_names(self) -> Names:
        """The names that it computes."""
        return self.exports

    @cached_property
    def refers_to_match(self) -> bool:
        """It computes names for the match before, whose place they have."""
        return True


class SpanFilter(Step, frozen=True):
    """`is`, `inside`, `has`, `after`: how the match before lies to a target, a capture, or the subject.

    With `of` it is about what that name stands for, or the subject, instead of the match before. `target` is a join
    with a source that finds matches in the same file, or a search in the same value, with the conditions that follow it
    (`rest`), or None where `capture` names a capture or the subject. No match of an `until` may lie between the two.
    """

    relation: Relation
    capture: str = ""
    target: Join | SearchInValue | None = None
    rest: Conjunction = ()
    until: tuple[Join | SearchInValue, ...] = ()
    of: str = ""

    def kind(self, probes: Sequence[Probe]) -> str:
        """Return the relation."""
        return self.relation

    def words(self, probes: Sequence[Probe]) -> Words:
        """Return the target, and what ends the search for it."""
        of = (("of", self.of),) if self.of else ()
        if self.target is None:
            return ((self.relation, self.capture), *of)
        until = tuple(("until", text) for stop in self.until for _, text in stop.words(probes))
        return (*((f"{self.relation} {key}", text) for key, text in self.target.words(probes)), *until, *of)

    def key(self) -> Key:
        """Return the relation, the target and what ends the search."""
        return (self.relation, self.capture, self.of, key_of(self.conjunction), key_of(self.until))

    @cached_property
    def conjunction(self) -> Conjunction:
        """The target and its conditions; empty for a capture."""
        return (self.target, *self.rest) if self.target is not None else ()

    @cached_property
    def exports(self) -> Names:
        """The names that the target binds."""
        return exports_of(self.conjunction)

    @cached_property
    def usages(self) -> Names:
        """The capture, or what is used by the target, and what it is about."""
        own = frozenset({self.of}) if self.of else _NONE
        return own | (frozenset({self.capture}) if self.target is None else usages_of((self.conjunction,)))

    @cached_property
    def nested(self) -> tuple[Nested, ...]:
        """The target, and what ends the search for it."""
        return (Nested("target", self.conjunction), Nested("until", self.until))

    @cached_property
    def join(self) -> Join | None:
        """The target, where that is looked for in the file."""
        return self.target.join if self.target is not None else None

    @cached_property
    def compares_places(self) -> bool:
        """It always does."""
        return True

    @cached_property
    def condition(self) -> tuple[Pointer, str] | None:
        """The relation."""
        return (*self.at, self.relation), self.relation

    @cached_property
    def relation_to(self) -> str:
        """The relation."""
        return self.relation

    @cached_property
    def is_filter(self) -> bool:
        """Whether it compares with a capture or the subject."""
        return self.target is None

    @cached_property
    def fan_out(self) -> float | None:
        """A guess: few matches have several targets, and some none; to compare with a capture costs nothing."""
        return 0.0 if self.target is None else 0.75

    @cached_property
    def row_names(self) -> Names:
        """The names that the target and its conditions bind."""
        return _union(step.row_names for step in self.conjunction)

    @cached_property
    def refers_to_match(self) -> bool:
        """It is about the match before."""
        return True

    @cached_property
    def extends(self) -> bool:
        """Whether it looks for a target, of which there may be several."""
        return self.target is not None

    @cached_property
    def outer_reads(self) -> Names:
        """The names that the target reads, and what it is about."""
        return _outer_reads(self) | ({self.of} if self.of else _NONE)

    @cached_property
    def refers_to_subject(self) -> bool:
        """Whether it is about the subject, or its target is."""
        return self.of == "subject" or _refers_to_subject(self)


STEPS: tuple[type[Step], ...] = (Join, SearchInValue, Union, AntiJoin, Where, Let, SpanFilter)
Conjunction = tuple[Step, ...]
_Handler = TypeVar("_Handler", bound=Callable[..., Any])


def handlers(of: Mapping[type, _Handler], classes: Iterable[type] = STEPS) -> Mapping[type, _Handler]:
    """Return the table `of` what to do with each class of steps, or of sources.

    Raises TypeError for a table that lacks one: a new class is refused when the module that forgot it is imported.
    """
    missing = ", ".join(sorted(each.__name__ for each in set(classes) - of.keys()))
    if missing:
        raise TypeError(f"nothing says what to do with {missing}")
    return of


def key_of(steps: Conjunction) -> Key:
    """Return what is equal for two conjunctions exactly when they mean the same."""
    return tuple(step.key() for step in steps)


def exports_of(steps: Conjunction) -> Names:
    """Return the names that a conjunction binds for what comes after it."""
    return _union(step.exports for step in steps)


def usages_of(conjunctions: Iterable[Conjunction]) -> Names:
    """Return every name that the steps of some conjunctions bind or read."""
    return _union(step.usages for steps in conjunctions for step in steps)


def _begins_with_match_before(steps: Conjunction) -> bool:
    """Return whether a conjunction is about the match before it, and not only about its own."""
    for step in steps:
        if step.refers_to_match:
            return True
        if step.has_place:
            return False
    return False


def _union(many: Iterable[Names]) -> Names:
    return frozenset(name for names in many for name in names)


class Template(Struct, frozen=True):
    """A message of a policy: minijinja source, the names that it reads, and whether it needs rendering at all."""

    text: str
    names: frozenset[str] = frozenset()

    @property
    def plain(self) -> bool:
        """Whether the text holds no template syntax."""
        return "{{" not in self.text and "{%" not in self.text and "{#" not in self.text


EditKind = Literal["replace", "insert", "set", "delete", "create", "rename"]
Position = Literal["first", "last", "sorted"]


class FixEdit(Struct, frozen=True):
    """One edit of a fix, as written: what it does, and to what.

    `target` is the name of what is changed, whose place is known when a finding is; for `create`, and for an `insert`
    or a `set` with `is_path`, it is the template of a path. `keys` lead from there to an entry that has to be there.
    `value` is what comes there: JSON values whose strings are templates. The edit is made where the condition `when`
    holds; None holds always. `names` are those that the templates and the condition read.
    """

    kind: EditKind
    target: str
    value: Json = None
    is_path: bool = False
    position: Position = "last"
    names: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()
    when: Expression | None = None

    @property
    def written(self) -> str:
        """The target with its keys, as the policy has them."""
        keys = ".".join(self.keys)
        if self.is_path:
            return f"{self.target}#{keys}" if keys else self.target
        return f"{self.target}.{keys}" if keys else self.target

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The keys of the edit with their texts, as the policy has them."""
        when = (("when", self.when.text),) if self.when is not None else ()
        return (*self._words_of_kind, *when)

    @property
    def _words_of_kind(self) -> tuple[tuple[str, str], ...]:
        value = text_of(self.value)
        match self.kind:
            case "replace":
                return (("replace", self.written), ("with", value))
            case "insert" | "set":
                at = (("at", self.position),) if self.position != "last" else ()
                return ((self.kind, value), ("into", self.written), *at)
            case "rename":
                return (("rename", self.written), ("to", value))
            case "create":
                return (("create", self.written), ("text", value))
            case _:
                return (("delete", self.written),)


class PolicyFix(Struct, frozen=True):
    """The fix of a policy: edits that are made together, or not at all. Where none of them is to be made, it has none.

    `safe`: its author says that what the files mean stays the same.
    """

    edits: tuple[FixEdit, ...]
    safe: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The names that its templates and conditions read."""
        return frozenset[str]().union(*(edit.names for edit in self.edits))

    @property
    def targets(self) -> frozenset[str]:
        """The names of what it changes."""
        return frozenset(edit.target for edit in self.edits if not edit.is_path and edit.kind != "create")


class CompiledPolicy(Struct, frozen=True, dict=True):
    """One policy, ready to be evaluated. `path` is its file in the pack, `line` where it begins.

    `place` is the name whose place findings point at; empty for the first place of the row.
    """

    pack: str
    id: str
    title: str
    severity: str
    requirement: str
    message: Template
    remedy: Template
    description: str
    see: str
    tags: tuple[str, ...]
    deprecated: str
    when: Conjunction
    subjects: Conjunction | None
    per: tuple[str, ...]
    demand: Conjunction
    forbids: bool
    count: tuple[int, int | None] | None
    path: str
    line: int
    needs_base: bool = False  # whether it is about what has changed since the base
    place: str = ""
    grouped: tuple[Where | Let, ...] = ()  # what is said of each group of `per`, whose rows are `group`
    fix: PolicyFix | None = None

    @cached_property
    def shown_names(self) -> frozenset[str]:
        """The names that its message, its remedy and its fix read."""
        names = self.message.names | self.remedy.names
        return names | self.fix.names if self.fix else names

    @cached_property
    def ref(self) -> str:
        """The name that is unique in a run: `pack:id`."""
        return f"{self.pack}:{self.id}"


class Requirement(Struct, frozen=True, dict=True):
    """An item of the rubric that a pack answers to."""

    pack: str
    id: str
    title: str
    decided_by: str = "policies"
    because: str = ""
    description: str = ""


class VerdictField(Struct, frozen=True, dict=True):
    """One field of `--format verdict`: an expression over the report, or the text of a template.

    `ours`: the template ships with polcheck.
    """

    name: str
    expression: Expression | None = None
    template: str | None = None
    ours: bool = False


class CompiledPack(Struct, frozen=True, dict=True):
    """One pack of a run. `digest` covers every file of it; `params` are the values in force.

    `policies` are those that are chosen; `ids` and `names` are of all of them. `profiles` are as they are written, and
    `default_profile` is the one in force where nothing chooses another.
    `scope` is the folder of the project that the pack is about, which is then a part of `name`; empty for all of it.
    """

    name: str
    version: str
    digest: str
    params: Mapping[str, Json]
    tables: Mapping[str, Json]
    requirements: tuple[Requirement, ...]
    policies: tuple[CompiledPolicy, ...]
    fields: Mapping[str, str]
    verdict: tuple[VerdictField, ...]
    description: str = ""
    source: str = ""
    ids: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    profiles: Mapping[str, Json] = field(default_factory=dict)
    default_profile: str = ""
    scope: str = ""
    shipped: bool = False  # whether it comes with polcheck


class Plan(Struct, frozen=True, dict=True):
    """The compiled packs of a run: their policies, tables, parameters and probes, and its day (YYYY-MM-DD)."""

    packs: tuple[CompiledPack, ...]
    probes: tuple[Probe, ...]
    today: str = ""

    @cached_property
    def compiled(self) -> dict[tuple[int, int], Any]:
        """The functions that evaluate conjunctions, by first step and length; filled by evaluation."""
        return {}

    @cached_property
    def aliases(self) -> dict[int, Join | None]:
        """What joins of selectors that are but one search are for evaluation, by number; filled by it."""
        return {}

    @cached_property
    def texts(self) -> dict[int, tuple[object, ...]]:
        """What each step says, wherever it is written, by its number; filled by evaluation."""
        return {}

    @cached_property
    def steps_with_constants(self) -> frozenset[int]:
        """The numbers of steps below which some selector asks for constants."""
        steps = {step.number: step for policy in self.policies for step in every_step(policy)}
        return frozenset(
            number
            for number, step in steps.items()
            if any(each.item_modifiers and each.item_modifiers.constant for each in below((step,)))
        )

    @cached_property
    def policies(self) -> tuple[CompiledPolicy, ...]:
        """The policies of every pack, in order."""
        return tuple(policy for pack in self.packs for policy in pack.policies)


def every_step(policy: CompiledPolicy) -> Iterator[Step]:
    """Yield every step of a policy, those of nested conjunctions and used selectors included."""
    for conjunction in (policy.when, policy.subjects or (), policy.grouped, policy.demand):
        yield from below(conjunction)


def below(steps: Iterable[Step], *, elsewhere: bool = True) -> Iterator[Step]:
    """Yield the steps and all that are nested in them, those of selectors that they use included where `elsewhere`."""
    for step in steps:
        yield step
        for inner in step.nested:
            if elsewhere or inner.role != "selector":
                yield from below(inner.steps, elsewhere=elsewhere)


def needs_base(steps: Conjunction) -> bool:
    """Return whether a conjunction looks in the base, or asks how files have changed since."""
    modifiers = (step.item_modifiers for step in below(steps))
    return any(each is not None and each.needs_base for each in modifiers)


def needs_places(policy: CompiledPolicy) -> bool:
    """Return whether a policy compares or names places, so that those of `data` rows must be known to evaluation."""
    steps = tuple(every_step(policy))
    named = any(given.name for step in steps if (given := step.item_modifiers) is not None)
    return policy.count is not None or named or any(step.compares_places for step in steps)


def tables_of(probes: Sequence[Probe], probe: int) -> tuple[int, ...]:
    """Return the probes for what files define that the constants of a probe are looked up in."""
    if not probes[probe].constants:
        return ()
    languages = set(probes[probe].languages)
    return tuple(
        number
        for number, each in enumerate(probes)
        if each.kind == "constants" and not languages.isdisjoint(each.languages)
    )


def needs_cores(policy: CompiledPolicy) -> bool:
    """Return whether a policy compares places by `is`, to which parentheses and `await` make no difference."""
    return any(step.relation_to == "is" for step in every_step(policy))


def probes_of(policy: CompiledPolicy) -> frozenset[int]:
    """Return the probes that a policy uses."""
    return frozenset(probe for step in every_step(policy) for probe in step.probes)
