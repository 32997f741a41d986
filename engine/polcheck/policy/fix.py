"""Compiling the `fix` of a policy. A fix that could never be made is refused, with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

from polcheck.base.similar_names import did_you_mean
from polcheck.edits.editor import editors
from polcheck.formats import format_of, formats
from polcheck.formats.values import Json, Pointer
from polcheck.policy.name_usage import builtin_message, unknown
from polcheck.policy.plan import CompiledPolicy, EditKind, FixEdit, Join, PolicyFix, Position, Step, below
from polcheck.policy.templates import TemplateFault, names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polcheck.policy.conjunction import Compiler, Scope
    from polcheck.policy.model import Edit

KINDS: tuple[EditKind, ...] = get_args(EditKind)
# what goes with each kind of edit: the keys that it needs, and those that it may have
_NEEDED: dict[str, tuple[str, ...]] = {
    "replace": ("with",),
    "insert": ("into",),
    "set": ("into",),
    "delete": (),
    "create": ("text",),
    "rename": ("to",),
}
_ALLOWED: dict[str, tuple[str, ...]] = {"insert": ("at",), "set": ("at",)}
_ADDS = frozenset({"insert", "set"})
_OTHERS = ("with", "into", "at", "text", "to")
_NAME = re.compile(r"[A-Za-z_]\w*")
_KEYS = re.compile(r'(?:\.(?:[\w-]+|"[^"]+"))+')
_KEY = re.compile(r'\.(?:([\w-]+)|"([^"]+)")')
_READABLE = frozenset({"path", "line", "column", "file", "params", "tables", "value"})
_IN_CODE = frozenset({"pattern", "code", "text"})
OWN_FILES = frozenset({"polcheck.yaml", "polcheck.yml", "polcheck.lock", ".gitignore", ".gitattributes", ".gitmodules"})
"""Names of files that say what is checked, or how, and that no fix may touch (in any folder)."""


def compile_fix(edits: Sequence[Edit], visible: Scope, compiler: Compiler, policy: CompiledPolicy) -> PolicyFix | None:
    """Return the fix that a policy has; None where it has none, or it is refused (its problems are noted).

    `visible` are the names that the policy's message can read.
    """
    if not edits:
        return None
    compiled = tuple(filter(None, (_edit(edit, visible, compiler, policy) for edit in edits)))
    if len(compiled) != len(edits):
        return None
    return PolicyFix(compiled, safe=all(edit.safe for edit in edits))


def _edit(edit: Edit, visible: Scope, compiler: Compiler, policy: CompiledPolicy) -> FixEdit | None:
    kinds = [kind for kind in KINDS if kind in edit.keys]
    if len(kinds) != 1:
        have = f"both `{kinds[0]}` and `{kinds[1]}`" if kinds else "none of them"
        help = "edits that are made together are a list: one entry each"
        compiler.error(edit.at, f"an edit has exactly one of {_listed(KINDS)}; this one has {have}", help)
        return None
    kind = kinds[0]
    if not _has_its_keys(edit, kind, compiler):
        return None
    target, value = _parts(edit, kind)
    at = (*edit.at, "into" if kind in _ADDS else kind)
    target, keys, is_path = _target(target, kind)
    reads: set[str] = set()
    sound = True
    for text, place in _templates(value, (*edit.at, _key_of_value(kind)), target if is_path else "", at):
        read = _template_names(text, place, visible, compiler)
        sound = sound and read is not None
        reads |= read or set()
    when = compiler.condition(edit.when, (*edit.at, "when"), visible) if edit.when else None
    sound = sound and (when is not None or not edit.when)
    reads |= when.reads if when is not None else set()
    if is_path:
        sound = _is_path_sound(target, at, kind, compiler) and sound
    else:
        sound = _is_target_sound(target, at, kind, visible, compiler, policy) and sound
    if not sound:
        return None
    position: Position = edit.position or "last"  # type: ignore[assignment]
    return FixEdit(kind, target, value, is_path, position, frozenset(reads), keys, when)


def _target(text: str, kind: EditKind) -> tuple[str, tuple[str, ...], bool]:
    """Return what an edit is of, a name or a path, the keys that lead on from there, and whether it is a path.

    A path is what isn't a name; its keys stand behind a `#`.
    """
    if kind == "create":
        return text, (), True
    if kind in _ADDS and _NAME.fullmatch(text) is None:
        path, _, keys = text.partition("#")
        return path, _keys(f".{keys}") if keys else (), True
    name = _NAME.match(text)
    rest = text[name.end() :] if name else ""
    return (name[0], _keys(rest), False) if name and _KEYS.fullmatch(rest) else (text, (), False)


def _keys(text: str) -> tuple[str, ...]:
    return tuple(plain or quoted for plain, quoted in _KEY.findall(text))


def _has_its_keys(edit: Edit, kind: EditKind, compiler: Compiler) -> bool:
    """Return whether an edit has the keys that go with its kind and no others; what is wrong is noted."""
    sound = True
    for key in _NEEDED[kind]:
        if key not in edit.keys:
            compiler.error((*edit.at, kind), f"`{kind}` needs `{key}`", _EXAMPLES[kind])
            sound = False
    for key in _OTHERS:
        if key in edit.keys and key not in (*_NEEDED[kind], *_ALLOWED.get(kind, ())):
            owners = [other for other, keys in (*_NEEDED.items(), *_ALLOWED.items()) if key in keys]
            help = f"it belongs to {' or '.join(f'`{owner}`' for owner in owners)}"
            compiler.error((*edit.at, key), f"`{key}` has no effect beside `{kind}`", help)
            sound = False
    if kind == "insert" and isinstance(edit.insert, list) and any(entry is None for entry in edit.insert):
        compiler.error(
            (*edit.at, "insert"), "an element that is inserted has no value", 'write `""` for an empty string'
        )
        sound = False
    return sound


_EXAMPLES = {
    "replace": 'as `{replace: name, with: "…"}`',
    "insert": "as `{insert: {key: value}, into: name}`, where `name` is bound to a mapping",
    "set": "as `{set: {key: value}, into: name}`, where `name` is bound to a mapping",
    "create": 'as `{create: path, text: "…"}`',
    "rename": "as `{rename: name, to: key}`",
}


def _parts(edit: Edit, kind: EditKind) -> tuple[str, Json]:
    """Return what an edit changes, and the value that comes there."""
    match kind:
        case "replace":
            return edit.replace, edit.value
        case "insert":
            return edit.into, edit.insert
        case "set":
            return edit.into, edit.set
        case "create":
            return edit.create, edit.text
        case "rename":
            return edit.rename, edit.to
        case _:
            return edit.delete, None


def _key_of_value(kind: EditKind) -> str:
    return {"replace": "with", "create": "text", "rename": "to"}.get(kind, kind)


def _templates(value: Json, at: Pointer, path: str, path_at: Pointer) -> Iterator[tuple[str, Pointer]]:
    """Yield the templates of an edit, with their places: of its path, and every string and key of its value."""
    if path:
        yield path, path_at
    waiting: list[tuple[Json, Pointer]] = [(value, at)]
    while waiting:
        entry, place = waiting.pop()
        if isinstance(entry, str):
            yield entry, place
        elif isinstance(entry, dict):
            for key in entry:
                yield key, (*place, key)
            waiting += [(part, (*place, key)) for key, part in entry.items()]
        elif isinstance(entry, list):
            waiting += [(part, (*place, index)) for index, part in enumerate(entry)]


def _template_names(text: str, at: Pointer, visible: Scope, compiler: Compiler) -> frozenset[str] | None:
    """Return the names that a template of a fix reads; None where it is refused."""
    for sign, what in (("{%", "statements"), ("{#", "comments")):
        if sign in text:
            help = 'write `{{ "' + sign + '" }}` for the characters themselves; a policy for each case, if need be'
            compiler.error(at, f"the templates of a fix have no {what}", help, text.find(sign))
            return None
    try:
        used = names(text)
    except TemplateFault as fault:
        compiler.error(at, f"the template can't be read: {fault}", "a name is written `{{ name }}`")
        return None
    unbound = sorted(used - visible.readable - _READABLE)
    for name in unbound:
        compiler.unbound(name, visible, at, text.find(name))
    read = {root: builtin_message(text, root) for root in sorted(used & {"file", "params", "tables"})}
    missing = list(unknown(read, compiler.known))
    compiler.unknown(text, read, at)
    return None if unbound or missing else used


def _is_path_sound(path: str, at: Pointer, kind: EditKind, compiler: Compiler) -> bool:
    """Return whether a fix may touch what a path stands for, as far as can be known before its names are bound."""
    help = "a fix writes below the project's root: write the path from there, as `docs/index.md`"
    parts = path.split("/")
    if path.startswith(("/", "~")) or "\\" in path or any(part in ("", ".", "..") for part in parts):
        compiler.error(at, f"`{path}` is not a path below the project's root", help)
        return False
    if ".git" in parts or parts[-1] in OWN_FILES:
        compiler.error(at, f"no fix may touch `{path}`", "it says what is checked, or belongs to git")
        return False
    if kind in _ADDS and "{{" not in path and not _is_editable(path):
        compiler.error(at, f"entries can't be inserted into `{path}`", f"they can into {_editable()}")
        return False
    return True


def _is_editable(path: str) -> bool:
    """Return whether entries can be inserted into files of the format that a file's name stands for."""
    return format_of(path) in _editable_formats()


def _editable_formats() -> list[str]:
    """Return the names of the formats into whose files entries can be inserted, sorted."""
    return sorted(name for name, editor in editors().items() if editor.supports("insert"))


def _editable() -> str:
    """Return the same as people call them."""
    *most, last = (formats()[name].title for name in _editable_formats())
    return f"{', '.join(most)} and {last}"


def _is_target_sound(
    name: str,
    at: Pointer,
    kind: EditKind,
    visible: Scope,
    compiler: Compiler,
    policy: CompiledPolicy,
) -> bool:
    """Return whether a name stands for what a kind of edit can change; what is wrong is noted."""
    bound = visible.names | visible.aliases
    steps = tuple(below((*(policy.subjects or ()), *policy.grouped, *policy.demand)))
    if name == "value" and name not in bound and any(_shows_value(step) for step in steps):
        return True
    if name == "subject" and policy.subjects is not None:
        bound |= {"subject"}
    placed = visible.aliases | {each for each in bound if any(each in step.placed for step in steps)}
    listed = ", ".join(f"`{each}`" for each in sorted(placed))
    meant = did_you_mean(name, placed, f"names of what a fix can change here: {listed}" if placed else "")
    if name not in bound:
        if _is_alone(policy):
            help = "a `require` without `for` binds nothing: write the path of the file, as `into: pyproject.toml`"
            compiler.error(at, f"`{name}` is never bound", help if kind in _ADDS else "write a `for`, or use `create`")
        elif name in visible.partial or not placed:
            compiler.unbound(name, visible, at)
        else:
            compiler.error(at, f"`{name}` is never bound", meant)
        return False
    if name != "subject" and name not in visible.aliases and not any(name in step.placed for step in steps):
        help = "a fix changes what a `pattern`, `code`, `text` or `data` matched, not a path or a computed value"
        help = f"{help}; {meant}" if meant else help
        compiler.error(at, f"`{name}` has no place in a file, so `{kind}` has nothing to change", help)
        return False
    binders = [join for step in steps if (join := _binder(step, name)) is not None]
    if binders and all(_looks_at_base(join) for join in binders):
        compiler.error(at, f"`{name}` is of the base, which no fix changes", "name what is in the files as they are")
        return False
    kinds = {join.source.kind(compiler.probes.made) for join in binders}
    if kind in (*_ADDS, "rename") and kinds and kinds <= _IN_CODE:
        what = {"insert": "a mapping or a list", "set": "a mapping"}.get(kind, "an entry")
        help = "bind it by `data`, or `replace` the code"
        word = " or ".join(f"`{each}`" for each in sorted(kinds))
        compiler.error(at, f"`{name}` is bound by {word}, and is not {what} of a configuration", help)
        return False
    return True


def _binder(step: Step, name: str) -> Join | None:
    """Return the join of a step that binds a name, or whose match has it; None for other steps."""
    join = step.join
    if join is None or join is not step:
        return None
    modifiers = step.item_modifiers
    return join if name in join.binds or (modifiers is not None and modifiers.name == name) else None


def _shows_value(step: Step) -> bool:
    """Return whether the rows of a step may be one value without a name, which messages know as `value`."""
    modifiers = step.item_modifiers
    return step.join is step and modifiers is not None and not modifiers.value_as and not step.exports


def _looks_at_base(join: Join) -> bool:
    return join.modifiers.revision == "base"


def _is_alone(policy: CompiledPolicy) -> bool:
    return policy.subjects is None and not policy.forbids


def _listed(words: Sequence[str]) -> str:
    *most, last = (f"`{word}`" for word in words)
    return f"{', '.join(most)} and {last}"
