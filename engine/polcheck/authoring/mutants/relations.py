"""Mutation operators on the modifiers of a match: `in`, `is`, `inside`, `until`, `scope`, `near`, `count` …"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from polcheck.authoring.mutants.edits import DROPPED, bound_names, edited, short, with_items
from polcheck.authoring.mutants.expressions import group_variants
from polcheck.authoring.mutants.mutant import Change
from polcheck.authoring.mutants.walk import Site
from polcheck.formats.values import Json, Pointer
from polcheck.policy.model import MODIFIED_BY
from polcheck.policy.plan import RELATIONS
from polcheck.sources.changes import KINDS

_LOOKS = frozenset(MODIFIED_BY["revision"])  # what looks in files


def inner(site: Site) -> Iterator[Change]:
    """`in`: looks in the whole file instead of the value, or in the value bound before."""
    value = site.item.get("in")
    if isinstance(value, str):
        yield _edit(site, "leave-value", ("in",), DROPPED, f"in: {value}")
        for other in _other_names(site, value)[-1:]:
            yield _edit(site, "other-value", ("in",), other, f"in: {value}")


def relation(site: Site) -> Iterator[Change]:
    """`is`, `inside`, `has`, `after`: dropped, or negated."""
    for key in RELATIONS:
        value = site.item.get(key)
        several = isinstance(value, list) and len(value) > 1
        for index, target in enumerate(value if isinstance(value, list) else [value]):
            if key not in site.item:
                continue
            place: Pointer = (key, index) if isinstance(value, list) else (key,)
            left = {name: entry for name, entry in site.item.items() if name != key}
            if several and isinstance(value, list):
                left[key] = value[:index] + value[index + 1 :]
            of = {"of": site.item["of"]} if "of" in site.item else {}
            if not any(relation in left for relation in RELATIONS):
                left.pop("of", None)
            at = (*site.at, *place)
            if left:
                yield Change(f"drop-{key}", at, edited(site.document, site.at, left), short(target), "nothing")
            if not site.target and not (site.holder == "not" and site.siblings == 1 and not left):
                negated: list[Json] = [*([left] if left else []), {"not": {key: target, **of}}]
                document = with_items(site.document, site.at, negated)
                yield Change(f"negate-{key}", at, document, f"{key}: {short(target)}", f"not {key}")


def of(site: Site) -> Iterator[Change]:
    """`of`: dropped, so that the match before is meant, or another name that is bound before."""
    value = site.item.get("of")
    if isinstance(value, str):
        yield _edit(site, "drop-of", ("of",), DROPPED, f"of: {value}")
        for other in _other_names(site, value)[-1:]:
            yield _edit(site, "other-of", ("of",), other, f"of: {value}")


def _other_names(site: Site, value: str) -> list[str]:
    """Return the names that items before a site bind, but for one of them."""
    before, _, _ = _text(site.document).partition(_text(site.item))
    return [name for name in bound_names(before) if name != value]


def until(site: Site) -> Iterator[Change]:
    """`until`: dropped, or anything at all ends the search."""
    value = site.item.get("until")
    if value is not None:
        yield _edit(site, "drop-until", ("until",), DROPPED, short(value))
        yield _edit(site, "until-anything", ("until",), "(_)", short(value))
    for index, entry in enumerate(value if isinstance(value, list) and len(value) > 1 else []):
        yield _edit(site, "drop-until", ("until", index), DROPPED, short(entry))


def scope(site: Site) -> Iterator[Change]:
    """`scope`: dropped, or the other one."""
    value = site.item.get("scope")
    if value is not None:
        if value == "subject" or "files" in site.item or "use" in site.item:
            # NOTE: a search without files keeps to the subject's file anyway
            yield _edit(site, "drop-scope", ("scope",), DROPPED, f"scope: {value}")
        yield _edit(site, "swap-scope", ("scope",), "file" if value == "subject" else "subject", f"scope: {value}")


def near(site: Site) -> Iterator[Change]:
    """`near`: dropped, or a line more or less."""
    value = site.item.get("near")
    if isinstance(value, int):
        yield _edit(site, "drop-near", ("near",), DROPPED, f"near: {value}")
        for other in (value - 1, value + 1):
            if other >= 0:
                yield _edit(site, "near-by-one", ("near",), other, f"near: {value}")


def revision(site: Site) -> Iterator[Change]:
    """`revision`: dropped; or added to another item of a policy that looks in the base."""
    value = site.item.get("revision")
    if value is not None:
        yield _edit(site, "drop-revision", ("revision",), DROPPED, f"revision: {value}")
        return
    keeps = {"in", "changed", "near"} & site.item.keys() or site.item.get("scope") == "subject"
    if _LOOKS & site.item.keys() and not (site.target or keeps) and '"revision": "base"' in _text(site.document):
        document = edited(site.document, site.at, {**site.item, "revision": "base"})
        yield Change("add-revision", site.at, document, short(site.item), "revision: base")


def changed(site: Site) -> Iterator[Change]:
    """`changed`: dropped, or a kind of change less, or more."""
    value = site.item.get("changed")
    if value is None:
        return
    kinds = value if isinstance(value, list) else [value]
    yield _edit(site, "drop-changed", ("changed",), DROPPED, f"changed: {short(value)}")
    for index, kind in enumerate(kinds if len(kinds) > 1 else []):
        yield _edit(site, "drop-change", ("changed", index), DROPPED, str(kind))
    opened = bool(_LOOKS & site.item.keys() - {"files"})
    for kind in KINDS:
        never = "added" if "revision" in site.item else "deleted" if opened else ""
        if kind not in kinds and kind != never:
            yield _edit(site, "add-change", ("changed",), [*kinds, kind], f"changed: {short(value)}")


def closure(site: Site) -> Iterator[Change]:
    """`closure`: dropped, so that one step counts alone, or walked the other way."""
    value = site.item.get("closure")
    if isinstance(value, list):
        yield _edit(site, "drop-closure", ("closure",), DROPPED, f"closure: {short(value)}")
        yield _edit(site, "turn-closure", ("closure",), value[::-1], f"closure: {short(value)}")


def constant(site: Site) -> Iterator[Change]:
    """`constant`: dropped, or one of its names; `dynamic`: dropped, or another word."""
    value = site.item.get("constant")
    if value is not None:
        left = {key: entry for key, entry in site.item.items() if key not in ("constant", "dynamic")}
        document = edited(site.document, site.at, left)
        yield Change("drop-constant", (*site.at, "constant"), document, f"constant: {short(value)}", "nothing")
    for index, name in enumerate(value if isinstance(value, list) and len(value) > 1 else []):
        yield _edit(site, "drop-constant-name", ("constant", index), DROPPED, str(name))
    dynamic = site.item.get("dynamic")
    if isinstance(dynamic, str):
        yield _edit(site, "drop-dynamic", ("dynamic",), DROPPED, f"dynamic: {dynamic}")
        other = "counted" if dynamic == "undecided" else "undecided"
        yield _edit(site, "swap-dynamic", ("dynamic",), other, f"dynamic: {dynamic}")


def count(site: Site) -> Iterator[Change]:
    """`count`: dropped, or one more or less; of a range each bound."""
    value = site.item.get("count")
    if value is None:
        return
    yield _edit(site, "drop-count", ("count",), DROPPED, f"count: {short(value)}")
    bounds: list[tuple[Pointer, Any]] = [(("count",), value)]
    if isinstance(value, dict):
        bounds = [(("count", key), number) for key, number in value.items()]
        for place, number in bounds if len(bounds) > 1 else ():
            yield _edit(site, "drop-count", place, DROPPED, f"{place[-1]}: {number}")
    for place, number in bounds:
        for other in (number - 1, number + 1):
            if other >= 0:
                yield _edit(site, "count-by-one", place, other, f"{place[-1]}: {number}")


def per(site: Site) -> Iterator[Change]:
    """`per`: dropped, or one of its names; the rows of `group` but for the first, or all of them."""
    value = site.item.get("per")
    if value is not None and (len(site.item) > 1 or site.siblings > 1):
        left = {key: entry for key, entry in site.item.items() if key != "per"}
        document = edited(site.document, site.at, left) if left else with_items(site.document, site.at, [])
        yield Change("drop-per", (*site.at, "per"), document, f"per: {short(value)}", "nothing")
    for index, name in enumerate(value if isinstance(value, list) and len(value) > 1 else []):
        yield _edit(site, "drop-per-name", ("per", index), DROPPED, str(name))
    let = site.item.get("let")
    said: list[tuple[Pointer, Json]] = [(("where",), site.item.get("where"))]
    said += [(("let", name), text) for name, text in let.items()] if isinstance(let, dict) else []
    for at, text in said if value is not None else ():
        for variant in group_variants(text) if isinstance(text, str) else ():
            yield _edit(site, variant.operator, at, variant.text, str(text))


def renames(site: Site) -> Iterator[Change]:
    """`as`: dropped, or another name, so that it joins nothing any more."""
    value = site.item.get("as")
    if value is None:
        return
    yield _edit(site, "drop-as", ("as",), DROPPED, f"as: {short(value)}")
    if isinstance(value, str):
        yield _edit(site, "drop-join", ("as",), f"{value}_unjoined", f"as: {value}")
    for old, new in value.items() if isinstance(value, dict) else ():
        yield _edit(site, "drop-join", ("as", old), f"{new}_unjoined", f"as: {new}")
        if len(value) > 1:
            yield _edit(site, "drop-as", ("as", old), DROPPED, f"{old}: {new}")


def only(site: Site) -> Iterator[Change]:
    """`only`: dropped, so that every name comes out; or one of its names stays inside, and joins nothing any more."""
    value = site.item.get("only")
    if value is None:
        return
    yield _edit(site, "drop-only", ("only",), DROPPED, f"only: {short(value)}")
    for index, name in enumerate(value if isinstance(value, list) and len(value) > 1 else []):
        yield _edit(site, "drop-join", ("only", index), DROPPED, f"only: {name}")


def resolve(site: Site) -> Iterator[Change]:
    """`resolve`: the other way."""
    value = site.item.get("resolve")
    if isinstance(value, bool):
        yield _edit(site, "flip-resolve", ("resolve",), not value, f"resolve: {short(value)}")


def _edit(site: Site, operator: str, at: Pointer, new: Any, before: str) -> Change:
    after = "nothing" if new is DROPPED else short(new)
    return Change(operator, (*site.at, *at), edited(site.document, (*site.at, *at), new), before, after)


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
