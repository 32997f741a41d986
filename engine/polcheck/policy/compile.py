"""Compiling policies. Every problem is noted; nothing is raised."""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.similar_names import did_you_mean
from polcheck.policy import model as written
from polcheck.policy.checks import refuse_policy
from polcheck.policy.conjunction import Compiler, Scope
from polcheck.policy.fix import compile_fix
from polcheck.policy.name_usage import builtin_message
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import CompiledPolicy, Template, needs_base
from polcheck.policy.templates import TemplateFault, names

RESERVED = frozenset({"path", "line", "column", "file", "params", "subject"})
_MESSAGE_NAMES = frozenset({"path", "line", "column", "file", "params", "value"})


class Context(Struct, frozen=True):
    """The names that policies of one pack may refer to."""

    pack: str
    requirements: frozenset[str]
    compiler: Compiler
    ids: dict[str, str] = field(default_factory=dict)  # id -> where it was first used


def compile_policy(origin: SourceMap, context: Context) -> CompiledPolicy | None:
    """Return the compiled policy, or None when it can't be used (its problems are noted at the origin)."""
    before = len(origin.problems.errors)
    assert isinstance(origin.document, dict)
    policy = written.policy(origin.document)
    _check_identity(policy, origin, context)
    compiled = _conjunctions(policy, origin, context)
    if compiled is not None and len(origin.problems.errors) == before:
        refuse_policy(compiled, origin)
    return compiled if len(origin.problems.errors) == before else None


def _check_identity(policy: written.Policy, origin: SourceMap, context: Context) -> None:
    if policy.id in context.ids:
        origin.error(("id",), f"the id `{policy.id}` is used twice", f"the other one is at {context.ids[policy.id]}")
    context.ids.setdefault(policy.id, f"{origin.source.path}:{origin.line}")
    name = policy.requirement
    if name and name not in context.requirements:
        help = did_you_mean(name, context.requirements)
        origin.error(
            ("requirement",),
            f"the pack has no requirement `{name}`",
            help or "add it under `requirements` in pack.yaml",
        )
    if (policy.require is None) == (policy.forbid is None):
        have = "both" if policy.require is not None else "neither"
        help = "`require` wants a match, `forbid` wants none; make two policies of it where both are meant"
        origin.error((), f"a policy has exactly one of `require` and `forbid`; `{policy.id}` has {have}", help)


def _conjunctions(policy: written.Policy, origin: SourceMap, context: Context) -> CompiledPolicy | None:
    demand_items = policy.require if policy.require is not None else policy.forbid
    if demand_items is None:
        return None
    compiler = context.compiler.at(origin)
    errors = len(origin.problems.errors)
    empty = Scope()
    when, _ = compiler.conjunction(policy.when, empty)
    per = tuple(name for item in policy.subjects for name in item.per)
    items, grouped_items = compiler.without_groups(policy.subjects)
    subjects, scope = compiler.conjunction(items, empty, role="for")
    for name in per:
        if name not in scope.names:
            compiler.unbound(name, scope, _at_per(policy))
    grouped, scope = compiler.groups(grouped_items, per, scope)
    demand_compiler = replace(compiler.reading(policy.subjects), strict=policy.require is not None)
    before = replace(scope.about(scope.holders.get("subject")), revision=scope.anchor)
    reported = len(origin.problems.reported)
    demand, after = demand_compiler.conjunction(
        demand_items, before, role="require" if policy.require is not None else "forbid"
    )
    for item in demand_items:
        if item.word == "subject" and not policy.subjects:
            help = "write `for:` with a selector that finds them"
            origin.error(item.at, "`subject` needs a `for`, which says what the subjects are", help)
    is_refused = after.broken or len(origin.problems.reported) > reported
    if not demand and not is_refused and not any(item.word for item in demand_items):
        key = "require" if policy.require is not None else "forbid"
        origin.error((key,), "there is nothing to look for", "write an item with a selector, such as `files: …`")
    visible = after if policy.forbid is not None else scope
    if policy.place and policy.place not in visible.names | visible.aliases:
        compiler.unbound(policy.place, replace(visible, names=visible.names | visible.aliases), ("at",))
    message = _template(policy.message, ("message",), visible, compiler)
    remedy = _template(policy.remedy, ("remedy",), visible, compiler)
    count = next((item.count for item in demand_items if item.count is not None), None)
    compiled = CompiledPolicy(
        pack=context.pack,
        id=policy.id,
        title=policy.title,
        severity=policy.severity,
        requirement=policy.requirement,
        message=message,
        remedy=remedy,
        description=policy.description,
        see=policy.see,
        tags=policy.tags,
        deprecated=policy.deprecated,
        when=when,
        subjects=subjects if policy.subjects else None,
        per=per,
        demand=demand,
        forbids=policy.forbid is not None,
        count=count,
        path=origin.source.path,
        line=origin.line,
        needs_base=any(map(needs_base, (when, subjects, demand))),
        place=policy.place,
        grouped=grouped,
    )
    if policy.fix and len(origin.problems.errors) == errors:  # NOTE: what is wrong before says what is not bound
        fix = compile_fix(policy.fix, visible, compiler, compiled)
        return replace(compiled, fix=fix)
    return compiled


def _at_per(policy: written.Policy) -> tuple[str | int, ...]:
    return next((*item.at, "per") for item in policy.subjects if item.per)


def _template(text: str, at: tuple[str, ...], scope: Scope, compiler: Compiler) -> Template:
    """Return the template, after proof that every name it reads is bound."""
    try:
        used = names(text)
    except TemplateFault as fault:
        compiler.error(at, f"the template can't be read: {fault}", "a name is written `{{ name }}`")
        return Template(text)
    read = {root: builtin_message(text, root) for root in sorted(used & {"file", "params"})}
    compiler.unknown(text, read, at)
    for name in sorted(used - scope.readable - _MESSAGE_NAMES):
        compiler.unbound(name, replace(scope, names=scope.readable), at, text.find(name))
    return Template(text, used)
