"""Checks of unused names and of messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from polcheck.authoring.lint.view import Entry, View
from polcheck.formats.values import Pointer
from polcheck.policy.name_usage import Binding, binders, steps_of
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import CompiledPolicy, Step, every_step, exports_of
from polcheck.policy.templates import TemplateFault, names
from polcheck.selectors.jmespath.expression import Expression

# how a name is bound in the text of each kind of selector, and what to write where nobody needs it
_WAYS = {
    "pattern": (r"\${0}\b", "write `$_` for a part that can be anything"),
    "code": (r"@{0}\b", "drop it, or call it `@_{0}` if a predicate needs it"),
    "text": (r"\(\?P<{0}>", "write `(?:…)` for a group that binds nothing"),
    "files": (r"\{{{0}(?::\*\*)?\}}", "write `*` for a segment that can be anything, `**` for several"),
}


def check_unused_names(view: View) -> None:
    """Warns of captures, computed names, values and named matches that nothing joins on, reads or tells."""
    for entry in view.entries:
        if entry.compiled is not None:
            _warn(entry.origin, binders(entry.compiled))
    for origin, steps in view.pack.selectors.values():
        _warn(origin, steps_of(steps, exports_of(steps)))


def _warn(origin: SourceMap, found: Iterable[Binding]) -> None:
    for binder in found:
        if not binder.lone:
            for name in sorted(binder.unused & binder.public):
                _warn_name(origin, binder, name)
        if binder.named:
            message = f"the match is called `{binder.named}`, and nothing uses it"
            origin.warning((*binder.step.at, "name"), message, f"say `{{{{ {binder.named}.path }}}}`, or drop `name`")


def _warn_name(origin: SourceMap, binder: Binding, name: str) -> None:
    step = binder.step
    message = f"`{name}` is bound and never used"
    computed = step.computed_at(name)
    if computed is not None:
        return origin.warning(computed, f"`{name}` is computed and never used", "drop it")
    modifiers = step.item_modifiers
    if modifiers and modifiers.value_as == name:
        help = "drop `as`: a message can say `value`" if _is_of_a_file(step) else "drop `as`"
        return origin.warning((*step.at, "as"), message, help)
    renames = modifiers.renames if modifiers else {}
    old = next((old for old, new in renames.items() if new == name), name)
    for at, offset, help in _captures(origin, step.at, old):
        return origin.warning(at, message, help, offset)
    return None


def _is_of_a_file(step: Step) -> bool:
    """Return whether the rows of a step are of a file, or of a value of one."""
    return step.join is None or step.join.source.file_patterns is not None or step.join.search is not None


def _captures(origin: SourceMap, at: Pointer, name: str) -> Iterator[tuple[Pointer, int, str]]:
    """Yield the places at which the text of the item at `at` binds `name`; rows of values and of used selectors have
    none.
    """
    item = _value(origin, at)
    if not isinstance(item, dict):
        return
    for key, (way, help) in _WAYS.items():
        texts = item.get(key, ())
        for index, text in enumerate(texts if isinstance(texts, list) else [texts] if texts else ()):
            # a capture's `-` and `.` are `_` in its name
            written = re.escape(name).replace("_", "[_.-]") if key == "code" else re.escape(name)
            match = re.search(way.format(written), text)
            if match and not (key == "code" and _decides(text, written)):
                yield (*at, key, index) if isinstance(texts, list) else (*at, key), match.start(), help.format(name)


def _decides(query: str, capture: str) -> bool:
    """Return whether a predicate of a query reads a capture, so that it decides what is found."""
    predicate = r"""\(#(?:"(?:[^"\\]|\\.)*"|[^()"])*?@{0}(?![\w.-])"""
    return re.search(predicate.format(capture), query) is not None


def _value(origin: SourceMap, at: Pointer) -> object:
    value: object = origin.document
    for key in at:
        value = value[key]  # type: ignore[index]
    return value


def check_messages(view: View) -> None:
    """Warns of `{{ value }}` where nothing shows one, and of a `require` that counts to nothing."""
    for entry in view.entries:
        if entry.compiled is not None:
            _value_of(view, entry, entry.compiled)
            if entry.compiled.count == (0, 0):
                at = next(item.at for item in entry.written.require or () if item.count is not None)
                help = "write `forbid`, which is not applicable where there is nothing to examine"
                entry.origin.warning((*at, "count"), "a `require` of nothing passes where there is no file, too", help)


def _value_of(view: View, entry: Entry, policy: CompiledPolicy) -> None:
    """A value that has no name of its own shows itself as `value`."""
    selectors = [step for step in every_step(policy) if step.item_modifiers]
    if any(_shows(step, view) for step in selectors):
        return
    bound = exports_of(tuple(selectors))
    for key, template in (("message", policy.message), ("remedy", policy.remedy)):
        try:
            message_names = names(template.text)
        except TemplateFault:
            continue  # noted when it was compiled
        if "value" in message_names - bound:
            help = "`value` is what a `data` or `values` without `as` gives"
            entry.origin.warning((key,), "`value` is always empty here", help, template.text.find("value"))


def _shows(step: Step, view: View) -> bool:
    """Return whether a row of a selector may be one value without a name."""
    if step.item_modifiers and step.item_modifiers.value_as:
        return False
    if step.probes:
        what = view.probes[step.probes[0]].what
        return isinstance(what, Expression) and what.binds is None
    return step.join is not None and step.join.source.gives_values
