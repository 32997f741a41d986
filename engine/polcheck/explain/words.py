"""Steps in words: the keys and texts that they were compiled from."""

from __future__ import annotations

from polcheck.documents.config import Json
from polcheck.judge.rows import text_of
from polcheck.policy.plan import (
    Absence,
    Find,
    Join,
    Let,
    Listing,
    Plan,
    Probe,
    Relate,
    Step,
    Union,
    Used,
    Values,
    Where,
    Within,
)

Words = tuple[tuple[str, str], ...]
_MOST_ROWS = 5
_MOST_ROW = 60  # characters


def kind_of(step: Step, plan: Plan) -> str:
    """The keyword of a step: that of its selector, or `any`, `not`, `where`, `let`, `inside`, `has`, `after`."""
    if isinstance(step, Join):
        source = step.source
        if isinstance(source, Find):
            return plan.probes[source.probe].kind
        return "files" if isinstance(source, Listing) else "values" if isinstance(source, Values) else "use"
    if isinstance(step, Within):
        return plan.probes[step.probe].kind
    if isinstance(step, Relate):
        return step.relation
    return {Union: "any", Absence: "not", Where: "where", Let: "let"}[type(step)]


def words_of(step: Step, plan: Plan) -> Words:
    """What is written of a step, key by key."""
    if isinstance(step, Join):
        return (*_source(step, plan), *_modifiers(step))
    if isinstance(step, Within):
        return (("in", step.source), *_probe(plan.probes[step.probe]), *_names(step.value_as, dict(step.renames)))
    if isinstance(step, Where):
        return (("where", step.condition.text),)
    if isinstance(step, Let):
        return tuple((f"let {name}", expression.text) for name, expression in step.names)
    if isinstance(step, Relate):
        return _relation(step, plan)
    return ()


def _relation(step: Relate, plan: Plan) -> Words:
    if isinstance(step.target, str):
        return ((step.relation, step.target),)
    first = step.target[0]
    target = words_of(first, plan)
    until = tuple(("until", text) for stop in step.until for _, text in words_of(stop, plan))
    return (*((f"{step.relation} {key}", text) for key, text in target), *until)


def _source(step: Join, plan: Plan) -> Words:
    source = step.source
    if isinstance(source, Find):
        files = (("files", ", ".join(source.files.texts)),) if source.files else ()
        return (*files, *_probe(plan.probes[source.probe]))
    if isinstance(source, Listing):
        return (("files", ", ".join(source.files.texts)),)
    if isinstance(source, Values):
        return (("values", _rows(source.rows)),)
    return (("use", selector_name(source)),)


def selector_name(source: Used) -> str:
    """The name of a used selector, without what tells its uses apart."""
    return source.name.split("\0", 1)[0]


def _probe(probe: Probe) -> Words:
    texts = ((probe.kind, text) for text in probe.texts)
    language = (("language", probe.language),) if probe.forced else ()
    return (*texts, *language)


def _modifiers(step: Join) -> Words:
    path_as = step.source.path_as if isinstance(step.source, Find | Listing) else ""
    words = _names(step.value_as or path_as, dict(step.renames))
    if step.scope:
        words = (*words, ("scope", step.scope))
    if step.near is not None:
        words = (*words, ("near", str(step.near)))
    return words


def _names(value_as: str, renames: dict[str, str]) -> Words:
    texts = [value_as] if value_as else [f"{old}: {new}" for old, new in sorted(renames.items())]
    return (("as", ", ".join(texts)),) if texts else ()


def _rows(rows: tuple[Json, ...]) -> str:
    texts = [text_of(row) for row in rows[:_MOST_ROWS]]
    shown = ", ".join(text if len(text) <= _MOST_ROW else text[:_MOST_ROW] + "…" for text in texts)
    rest = f", … ({len(rows):,} rows)" if len(rows) > _MOST_ROWS else ""
    return shown + rest
