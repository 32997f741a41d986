"""The compiled plan: what extract looks for in each file, and how judge joins what it finds.

Everything here is frozen and picklable; nothing here is a dict of YAML any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from polcheck.formats import format_of
from polcheck.languages.grammars import language_of

if TYPE_CHECKING:
    from polcheck.formats.values import Json, Pointer
    from polcheck.selectors.jmespath.expression import Expression
    from polcheck.selectors.syntax.selector import Syntax
    from polcheck.selectors.text import TextSearch
    from polcheck.sources.path_patterns import FilePatterns


Relation = Literal["inside", "has", "after"]


class Probe(Struct, frozen=True):
    """One thing to look for in a file's document, whatever policies ask for it.

    `language` is the language of a `code` or `pattern`, or the format a `data` was told to read its files in;
    empty: each file's own. `places` says that judge needs the places of `data` rows, not only findings; `whole` that
    the text of the whole match is asked for; `forced` that the policy named the language, whatever the path's ending.
    """

    what: Syntax | Expression | TextSearch
    kind: Literal["code", "pattern", "data", "text"]
    language: str = ""
    places: bool = False
    whole: bool = False
    forced: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """What is looked for, as it is written; several are a union."""
        what: Any = self.what
        return (what.text,) if self.kind == "data" else (what.regex,) if self.kind == "text" else what.texts

    def reads(self, path: str) -> bool:
        """Whether a file is a document that this probe can look in, as far as its path tells."""
        if self.forced or self.kind == "text":
            return True
        return format_of(path) is not None if self.kind == "data" else language_of(path) == self.language


class Find(Struct, frozen=True):
    """A source of rows: matches of a probe in documents. `path_as` binds the whole path.

    `files` None is the anchor's file or, where there is no anchor, every file of the language.
    """

    probe: int
    files: FilePatterns | None
    path_as: str = ""


class Listing(Struct, frozen=True):
    """A source of rows: paths of the submission."""

    files: FilePatterns
    path_as: str = ""


class Values(Struct, frozen=True):
    """A source of rows: written in the policy, or made by an expression over params and tables."""

    rows: tuple[Json, ...]


class SelectorRef(Struct, frozen=True):
    """A source of rows: a selector with a name, evaluated by itself, once for all that use it alike.

    `anchored`: it names no files, so only its rows in the anchor's file count where there is an anchor.
    """

    name: str
    what: Conjunction
    anchored: bool


class Join(Struct, frozen=True):
    """Joins rows of a source on the names that both sides bind.

    `renames` are the names that the source's own become; a row that is one value binds `value_as` (empty: it is
    shown as `value` and joins nothing). `own` are `let` and `where` that see the source's row alone: they come before
    the join. `optional` are names that only some rows bind.
    """

    at: Pointer
    source: Find | Listing | Values | SelectorRef
    binds: frozenset[str]
    optional: frozenset[str] = frozenset()
    renames: Mapping[str, str] = field(default_factory=dict)
    value_as: str = ""
    scope: str = ""
    near: int | None = None
    own: tuple[Where | Let, ...] = ()
    name: str = ""


class SearchInValue(Struct, frozen=True):
    """Matches of a probe inside a value that is already bound; `language` parses a text first."""

    at: Pointer
    probe: int
    source: str
    language: str
    binds: frozenset[str]
    renames: Mapping[str, str] = field(default_factory=dict)
    value_as: str = ""
    name: str = ""


class Union(Struct, frozen=True):
    """`any`: rows that some branch extends; it binds what every branch binds."""

    at: Pointer
    branches: tuple[Conjunction, ...]
    binds: frozenset[str]
    renames: tuple[tuple[str, str], ...] = ()


class AntiJoin(Struct, frozen=True):
    """`not`: rows that the conjunction does not extend."""

    at: Pointer
    what: Conjunction


class Where(Struct, frozen=True):
    """A condition on the row so far."""

    at: Pointer
    condition: Expression


class Let(Struct, frozen=True):
    """Names computed from the row so far; a name that is already bound must be equal."""

    at: Pointer
    names: tuple[tuple[str, Expression], ...]


class SpanFilter(Struct, frozen=True):
    """`inside`, `has`, `after`: how the item before lies to a target, a capture, or the subject.

    `target` is a conjunction of one Find (with its own conditions) in the same file, or the name of a capture.
    No match of an `until` may lie between the two.
    """

    at: Pointer
    relation: Relation
    target: Conjunction | str
    until: tuple[Join, ...] = ()


Step = Join | SearchInValue | Union | AntiJoin | Where | Let | SpanFilter
Conjunction = tuple[Step, ...]


class Template(Struct, frozen=True):
    """A message of a policy: minijinja source, the names that it reads, and whether it needs rendering at all."""

    text: str
    names: frozenset[str] = frozenset()

    @property
    def plain(self) -> bool:
        """Whether the text holds no template syntax."""
        return "{{" not in self.text and "{%" not in self.text and "{#" not in self.text


class CompiledPolicy(Struct, frozen=True):
    """One policy, ready to be judged. `path` is its file in the pack, `line` where it begins."""

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

    @property
    def ref(self) -> str:
        """The name that is unique in a run: `pack:id`."""
        return f"{self.pack}:{self.id}"


class Requirement(Struct, frozen=True):
    """An item of the rubric that a pack answers to."""

    pack: str
    id: str
    title: str
    decided_by: str = "policies"
    because: str = ""
    description: str = ""


class VerdictField(Struct, frozen=True):
    """One field of `--format verdict`: an expression over the report, or the text of a template.

    `ours`: the template ships with polcheck.
    """

    name: str
    expression: Expression | None = None
    template: str | None = None
    ours: bool = False


class CompiledPack(Struct, frozen=True):
    """One pack of a run. `digest` covers every file of it; `params` are the values in force.

    `policies` are those that are chosen; `ids` and `names` are of all of them. `profiles` are as they are written.
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


class Plan(Struct, frozen=True):
    """Everything that a run needs to know of its packs."""

    packs: tuple[CompiledPack, ...]
    probes: tuple[Probe, ...]

    @property
    def policies(self) -> tuple[CompiledPolicy, ...]:
        """The policies of every pack, in order."""
        return tuple(policy for pack in self.packs for policy in pack.policies)


def every_step(policy: CompiledPolicy) -> Iterator[Step]:
    """Every step of a policy, those of nested conjunctions and used selectors included."""
    for conjunction in (policy.when, policy.subjects or (), policy.demand):
        yield from below(conjunction)


def below(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps of a conjunction and all that are nested in them."""
    for step in steps:
        yield step
        if isinstance(step, Join):
            yield from below(step.own)
            if isinstance(step.source, SelectorRef):
                yield from below(step.source.what)
        elif isinstance(step, Union):
            for branch in step.branches:
                yield from below(branch)
        elif isinstance(step, AntiJoin):
            yield from below(step.what)
        elif isinstance(step, SpanFilter):
            yield from below(step.until)
            if not isinstance(step.target, str):
                yield from below(step.target)


def reads(step: Step) -> frozenset[str]:
    """The names that a step's expressions read."""
    if isinstance(step, Where):
        return step.condition.names
    if isinstance(step, Let):
        return frozenset(name for _, expression in step.names for name in expression.names)
    return frozenset()


def needs_places(policy: CompiledPolicy) -> bool:
    """Whether a policy compares places, so that those of `data` rows must be known to judge."""
    steps = list(every_step(policy))
    return policy.count is not None or any(
        isinstance(step, SpanFilter)
        or (isinstance(step, Join) and (step.near is not None or step.scope == "subject"))
        or bool(reads(step) & {"line", "column"})
        for step in steps
    )


def probes_of(policy: CompiledPolicy) -> frozenset[int]:
    """The probes that a policy uses."""
    found: set[int] = set()
    for step in every_step(policy):
        if isinstance(step, SearchInValue):
            found.add(step.probe)
        elif isinstance(step, Join) and isinstance(step.source, Find):
            found.add(step.source.probe)
    return frozenset(found)
