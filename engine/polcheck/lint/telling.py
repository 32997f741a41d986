"""What messages show that is always empty, and counts that say something else than they seem to."""

from __future__ import annotations

from polcheck.lint.view import Entry, View
from polcheck.policy.plan import CompiledPolicy, Find, Join, Values, Within
from polcheck.policy.steps import every_step
from polcheck.policy.template import TemplateFault, names
from polcheck.selectors.jmes import Expression


def check(view: View) -> None:
    """Warns of `{{ value }}` where nothing shows one, and of a `require` that counts to nothing."""
    for entry in view.entries:
        if entry.compiled is not None:
            _value(view, entry, entry.compiled)
            if entry.compiled.count == (0, 0):
                at = next(item.at for item in entry.written.require or () if item.count is not None)
                help = "write `forbid`, which is not applicable where there is nothing to look at"
                entry.origin.warning((*at, "count"), "a `require` of nothing passes where there is no file, too", help)


def _value(view: View, entry: Entry, policy: CompiledPolicy) -> None:
    """A value that has no name of its own shows itself as `value`."""
    if any(_shows(step, view) for step in every_step(policy) if isinstance(step, Join | Within)):
        return
    bound = frozenset(name for step in every_step(policy) if isinstance(step, Join | Within) for name in step.binds)
    for key, template in (("message", policy.message), ("remedy", policy.remedy)):
        try:
            told = names(template.text)
        except TemplateFault:
            continue  # noted when it was compiled
        if "value" in told - bound:
            help = "`value` is what a `data` or `values` without `as` gives"
            entry.origin.warning((key,), "`value` is always empty here", help, template.text.find("value"))


def _shows(step: Join | Within, view: View) -> bool:
    if step.value_as:
        return False
    if isinstance(step, Within):
        what = view.probes[step.probe].what
    elif isinstance(step.source, Find):
        what = view.probes[step.source.probe].what
    else:
        return isinstance(step.source, Values) and any(not isinstance(row, dict) for row in step.source.rows)
    return isinstance(what, Expression) and what.binds is None
