"""Names that are bound and never spoken of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from polcheck.documents.config import Pointer
from polcheck.lint.view import View
from polcheck.policy.mentions import Binder, binders, bound, steps_of
from polcheck.policy.origin import Origin
from polcheck.policy.plan import Find, Join, Let, Listing, Within

# how a name is bound in the text of each kind of selector, and what to write where nobody needs it
_WAYS = {
    "pattern": (r"\${0}\b", "write `$_` for a part that can be anything"),
    "code": (r"@{0}\b", "drop it, or call it `@_{0}` if a predicate needs it"),
    "text": (r"\(\?P<{0}>", "write `(?:…)` for a group that binds nothing"),
    "files": (r"\{{{0}(?::\*\*)?\}}", "write `*` for a segment that can be anything, `**` for several"),
}


def check(view: View) -> None:
    """Warns of captures, computed names, values and named matches that nothing joins on, reads or tells."""
    for entry in view.entries:
        if entry.compiled is not None:
            _warn(entry.origin, binders(entry.compiled))
    for origin, steps in view.pack.selectors.values():
        _warn(origin, steps_of(steps, bound(steps)))


def _warn(origin: Origin, found: Iterable[Binder]) -> None:
    for binder in found:
        if not binder.lone:
            for name in sorted(binder.unused & binder.public):
                _warn_name(origin, binder, name)
        if binder.named:
            message = f"the match is called `{binder.named}`, and nothing speaks of it"
            origin.warning((*binder.step.at, "name"), message, f"say `{{{{ {binder.named}.path }}}}`, or drop `name`")


def _warn_name(origin: Origin, binder: Binder, name: str) -> None:
    step = binder.step
    message = f"`{name}` is bound and never used"
    if isinstance(step, Let):
        return origin.warning((*step.at, name), f"`{name}` is computed and never used", "drop it")
    if isinstance(step, Join) and any(name in dict(let.names) for let in step.own if isinstance(let, Let)):
        return origin.warning((*step.at, "let", name), f"`{name}` is computed and never used", "drop it")
    if step.value_as == name:
        help = "drop `as`: a message can say `value`" if not _whole(step) else "drop `as`"
        return origin.warning((*step.at, "as"), message, help)
    old = next((old for old, new in step.renames.items() if new == name), name)
    for at, offset, help in _captures(origin, step.at, old):
        return origin.warning(at, message, help, offset)
    return None


def _whole(step: Join | Within) -> bool:
    return isinstance(step, Join) and not isinstance(step.source, Find | Listing)


def _captures(origin: Origin, at: Pointer, name: str) -> Iterator[tuple[Pointer, int, str]]:
    """Where the text of the item at `at` binds `name`; rows of values and of used selectors have no such place."""
    item = _value(origin, at)
    if not isinstance(item, dict):
        return
    for key, (way, help) in _WAYS.items():
        texts = item.get(key, ())
        for index, text in enumerate(texts if isinstance(texts, list) else [texts] if texts else ()):
            # a capture's `-` and `.` are `_` in its name
            written = re.escape(name).replace("_", "[_.-]") if key == "code" else re.escape(name)
            found = re.search(way.format(written), text)
            if found:
                yield (*at, key, index) if isinstance(texts, list) else (*at, key), found.start(), help.format(name)


def _value(origin: Origin, at: Pointer) -> object:
    value: object = origin.document
    for key in at:
        value = value[key]  # type: ignore[index]
    return value
