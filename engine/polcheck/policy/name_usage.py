"""Name usage: which names each step of a compiled policy binds and reads, and which are unused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from msgspec import Struct

from polcheck.base.similar_names import did_you_mean
from polcheck.policy.plan import (
    CompiledPolicy,
    Conjunction,
    Names,
    Step,
    exports_of,
    usages_of,
)
from polcheck.policy.templates import TemplateFault, names
from polcheck.selectors.jmespath.nodes import Chain, Field, Node, Variable, children
from polcheck.selectors.jmespath.parser import parse
from polcheck.selectors.jmespath.values import ExpressionError

WHOLE = "*"  # stands for every member of what is read as a whole
FILE = frozenset({"name", "stem", "dir", "size", "lines", "language", "parsed", "error", "line", "repeated_keys"})
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
    """Return the names `x` for which an expression reads `root.x`; WHOLE among them when it reads `root` otherwise."""
    try:
        node, _ = parse(text)
    except ExpressionError:
        return frozenset({WHOLE})  # noted when it was compiled
    return frozenset(_members(node, root))


def builtin_message(text: str, root: str) -> frozenset[str]:
    """Return the same for a template."""
    result = re.findall(rf"(?<![\w.])\b{root}\b(?:\.(\w+)|\[['\"](\w+)['\"]\])?", text)
    return frozenset(dotted or keyed or WHOLE for dotted, keyed in result)


def unknown(read: Mapping[str, frozenset[str]], known: Known) -> Iterator[tuple[str, str, str]]:
    """Yield each use of a member that isn't defined: its place, the message, and the suggestion."""
    for root, members in read.items():
        there = set(known[root])
        message, help = _SAID[root]
        for name in sorted(members - there - {WHOLE}):
            yield f"{root}.{name}", f"{message} `{name}`", did_you_mean(name, there, help)


def _members(node: Node, root: str) -> Iterator[str]:
    match node:
        case Field(name) | Variable(name):
            if name == root:
                yield WHOLE
        case Chain((Field(name) | Variable(name), Field(member), *rest)) if name == root:
            yield member
            for step in rest:
                yield from _members(step, root)
        case _:
            for child in children(node):
                yield from _members(child, root)


_NONE: Names = frozenset()


class Binding(Struct, frozen=True):
    """A step that binds names: those bound before it, its own, and those of them that nobody else speaks of.

    `tied` says that the place of its match is asked for too, so that it may join without a shared name. `named` is the
    name of the match itself where nobody speaks of it.
    """

    step: Step
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
    """Yield every step of a policy that binds names; what used selectors do inside is their own affair."""
    reported_names = _names_in_messages(policy)
    yield from steps_of(policy.when, _NONE)
    subjects = policy.subjects or ()
    bound = exports_of(subjects)
    later = reported_names | usages_of((policy.demand,))
    read = bound if policy.grouped else _NONE  # NOTE: `group` has the names of all rows
    yield from steps_of(subjects, later | frozenset(policy.per) | read)
    yield from steps_of(policy.grouped, later, bound)
    yield from steps_of(policy.demand, reported_names if policy.forbids else _NONE, bound | exports_of(policy.grouped))


def steps_of(steps: Conjunction, later: Names, before: Names = _NONE) -> Iterator[Binding]:
    """Yield the steps of a conjunction that bind names; `later` are the names that are spoken of after it."""
    yield from _walk(steps, before, later, tied=False)


def _names_in_messages(policy: CompiledPolicy) -> Names:
    """Return the names that the policy's message and remedy speak of, that its findings point at, and that its fix
    changes or reads.
    """
    reported_names: Names = frozenset({policy.place}) if policy.place else _NONE
    if policy.fix is not None:
        reported_names |= policy.fix.names | policy.fix.targets
    for template in (policy.message, policy.remedy):
        if not template.plain:
            try:
                reported_names |= names(template.text)
            except TemplateFault:
                continue  # noted when it was compiled
    return reported_names


def _walk(steps: Conjunction, before: Names, later: Names, *, tied: bool) -> Iterator[Binding]:
    for index, step in enumerate(steps):
        after = later | usages_of((steps[index + 1 :],))
        tie = tied or step.keeps_to_file or _relates_to_earlier(steps[index + 1 :])
        yield from _at(step, before, after, tied=tie)
        before |= step.exports


def _relates_to_earlier(after: Conjunction) -> bool:
    """Return whether the steps right after a match compare its place with that of an earlier capture or match."""
    return any(step.capture for step in takewhile(lambda step: not step.is_match, after))


def _at(step: Step, before: Names, after: Names, *, tied: bool) -> Iterator[Binding]:
    """Yield the bindings that a step is or holds."""
    modifiers = step.item_modifiers
    if modifiers is not None or any(step.computed_at(name) for name in step.exports):
        joins = step.join is not None  # what looks into a value, or computes from the row, speaks of what is bound
        alias = modifiers.name if modifiers else ""
        yield _binding(step, before, after | step.reads, alias, tied=tied or not joins)
    for inner in step.nested:
        if inner.role == "branch":
            yield from _walk(inner.steps, before, after | step.names_behind(after | before), tied=tied)
        elif inner.role == "absent":
            yield from _walk(inner.steps, before, _NONE, tied=False)
        elif inner.role == "target":
            yield from _walk(inner.steps, before, after, tied=True)
        elif inner.role == "until":
            for until in inner.steps:
                yield from _at(until, _NONE, _NONE, tied=True)


def _binding(step: Step, before: Names, spoken: Names, alias: str, *, tied: bool) -> Binding:
    if alias in spoken:
        return Binding(step, before, step.exports, _NONE, tied)
    return Binding(step, before, step.exports, step.exports - before - spoken, tied, alias)
