"""Who speaks of a name: what each step of a compiled policy binds and reads, and what nobody else speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct

from polcheck.policy.plan import (
    AntiJoin,
    CompiledPolicy,
    Conjunction,
    Find,
    Join,
    Let,
    SearchInValue,
    SelectorRef,
    SpanFilter,
    Step,
    Union,
    reads,
)
from polcheck.policy.templates import TemplateFault, names
from polcheck.selectors.jmespath.nodes import Chain, Field, Node, children
from polcheck.selectors.jmespath.parser import parse
from polcheck.selectors.jmespath.values import ExpressionError

WHOLE = "*"  # stands for every member of what is read as a whole
FILE = frozenset({"name", "stem", "dir", "size", "lines", "language", "parsed", "error", "line"})
TOLD_BY_PATH = frozenset({"name", "dir"})  # of a file that nobody could read
PLACE = frozenset({"path", "line", "column"})
_SAID = {
    "params": ("the pack has no parameter", "declare it under `params` in pack.yaml"),
    "tables": ("the pack has no table", "tables are files of tables/"),
    "file": ("a file has no", "there are " + ", ".join(f"`{name}`" for name in sorted(FILE))),
    "subject": ("the subject has no", "there are " + ", ".join(f"`{name}`" for name in sorted(PLACE))),
}
Known = Mapping[str, Iterable[str]]  # root -> its members


def members(text: str, root: str) -> frozenset[str]:
    """The names `x` for which an expression reads `root.x`; WHOLE among them when it reads `root` otherwise."""
    try:
        node, _ = parse(text)
    except ExpressionError:
        return frozenset({WHOLE})  # noted when it was compiled
    return frozenset(_members(node, root))


def builtin_message(text: str, root: str) -> frozenset[str]:
    """The same for a template."""
    found = re.findall(rf"(?<![\w.])\b{root}\b(?:\.(\w+)|\[['\"](\w+)['\"]\])?", text)
    return frozenset(dotted or keyed or WHOLE for dotted, keyed in found)


def unknown(read: Mapping[str, frozenset[str]], known: Known) -> Iterator[tuple[str, str, str]]:
    """For each member that is read and isn't there: where it shows, what is wrong, what would be right."""
    for root, members in read.items():
        there = set(known[root])
        message, help = _SAID[root]
        for name in sorted(members - there - {WHOLE}):
            close = get_close_matches(name, sorted(there), n=1)
            yield f"{root}.{name}", f"{message} `{name}`", f"did you mean `{close[0]}`?" if close else help


def _members(node: Node, root: str) -> Iterator[str]:
    match node:
        case Field(name):
            if name == root:
                yield WHOLE
        case Chain((Field(name), Field(member), *rest)) if name == root:
            yield member
            for step in rest:
                yield from _members(step, root)
        case _:
            for child in children(node):
                yield from _members(child, root)


Names = frozenset[str]
_NONE: Names = frozenset()


class Binding(Struct, frozen=True):
    """A step that binds names: those bound before it, its own, and those of them that nobody else speaks of.

    `tied` says that the place of its match is asked for too, so that it may join without a shared name. `named` is the
    name of the match itself where nobody speaks of it.
    """

    step: Join | SearchInValue | Let
    before: Names
    binds: Names
    unused: Names
    tied: bool
    named: str = ""

    @property
    def public(self) -> Names:
        """The names that it binds for somebody to speak of: those that don't start with `_`."""
        return frozenset(name for name in self.binds if not name.startswith("_"))

    @property
    def lone(self) -> bool:
        """Whether the step can only join on nothing: it shares no name, no place, and its names go nowhere."""
        return not self.tied and bool(self.before and self.public) and self.unused == self.binds


def binders(policy: CompiledPolicy) -> Iterator[Binding]:
    """Every step of a policy that binds names; what used selectors do inside is their own affair."""
    told = _told(policy)
    yield from steps_of(policy.when, _NONE)
    subjects = policy.subjects or ()
    demanded = _names(name_usages(step) for step in policy.demand)
    yield from steps_of(subjects, told | demanded | frozenset(policy.per))
    before = bound(subjects)
    yield from steps_of(policy.demand, told if policy.forbids else _NONE, before)


def steps_of(steps: Conjunction, later: Names, before: Names = _NONE) -> Iterator[Binding]:
    """The steps of a conjunction that bind names; `later` are the names that are spoken of after it."""
    yield from _walk(steps, before, later, tied=False)


def name_usages(step: Step) -> Names:
    """Every name that a step binds or reads, nested ones included."""
    if isinstance(step, Join):
        return step.binds | step.optional | _own(step)
    if isinstance(step, SearchInValue):
        return step.binds | {step.source}
    if isinstance(step, Let):
        return reads(step) | {name for name, _ in step.names}
    if isinstance(step, Union):
        renamed = frozenset(new for _, new in step.renames)
        return renamed | _names(name_usages(inner) for branch in step.branches for inner in branch)
    if isinstance(step, AntiJoin):
        return _names(name_usages(inner) for inner in step.what)
    if isinstance(step, SpanFilter):
        if isinstance(step.target, str):
            return frozenset({step.target})
        return _names(name_usages(inner) for inner in step.target)
    return reads(step)


def bound(steps: Conjunction) -> Names:
    """The names that a conjunction binds for what comes after it."""
    return _names(_bound(step) for step in steps)


def _told(policy: CompiledPolicy) -> Names:
    """The names that the policy's message and remedy speak of."""
    told: Names = _NONE
    for template in (policy.message, policy.remedy):
        if not template.plain:
            try:
                told |= names(template.text)
            except TemplateFault:
                continue  # noted when it was compiled
    return told


def _names(many: Iterable[Names]) -> Names:
    return frozenset(name for some in many for name in some)


def _own(step: Join) -> Names:
    return _names(reads(inner) for inner in step.own)


def _bound(step: Step) -> Names:
    if isinstance(step, Join):
        return step.binds | step.optional
    if isinstance(step, (SearchInValue, Union)):
        return step.binds
    if isinstance(step, Let):
        return frozenset(name for name, _ in step.names)
    if isinstance(step, SpanFilter) and not isinstance(step.target, str):
        return bound(step.target)
    return _NONE


def _walk(steps: Conjunction, before: Names, later: Names, *, tied: bool) -> Iterator[Binding]:
    for index, step in enumerate(steps):
        after = later | _names(name_usages(following) for following in steps[index + 1 :])
        yield from _at(step, before, after, tied=tied or _near(step))
        before |= _bound(step)


def _at(step: Step, before: Names, after: Names, *, tied: bool) -> Iterator[Binding]:
    """The binders that a step is or holds."""
    if isinstance(step, Join):
        yield _binder(step, step.binds | step.optional, before, after | _own(step), step.name, tied=tied)
    elif isinstance(step, SearchInValue):
        yield _binder(step, step.binds, before, after, step.name, tied=True)
    elif isinstance(step, Let):
        yield _binder(step, _bound(step), before, after | reads(step), "", tied=True)
    elif isinstance(step, Union):
        inner = after | frozenset(old for old, new in step.renames if new in after | before)
        for branch in step.branches:
            yield from _walk(branch, before, inner, tied=tied)
    elif isinstance(step, AntiJoin):
        yield from _walk(step.what, before, _NONE, tied=False)
    elif isinstance(step, SpanFilter):
        if not isinstance(step.target, str):
            yield from _walk(step.target, before, after, tied=True)
        for until in step.until:
            yield from _at(until, _NONE, _NONE, tied=True)


def _binder(
    step: Join | SearchInValue | Let, binds: Names, before: Names, spoken: Names, alias: str, *, tied: bool
) -> Binding:
    if alias in spoken:
        return Binding(step, before, binds, _NONE, tied)
    return Binding(step, before, binds, binds - before - spoken, tied, alias)


def _near(step: Step) -> bool:
    """Whether a step's matches are kept near the subject, or in its file."""
    if not isinstance(step, Join):
        return False
    source = step.source
    roams = (isinstance(source, Find) and source.files is None) or (isinstance(source, SelectorRef) and source.anchored)
    return roams or bool(step.scope) or step.near is not None
