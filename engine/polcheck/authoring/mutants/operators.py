"""The mutation operators, in the order in which the first that makes a mutant names it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from polcheck.authoring.mutants import fix_edits, relations, structure
from polcheck.authoring.mutants import selectors as texts
from polcheck.authoring.mutants.mutant import Change, Mutant, numbered
from polcheck.authoring.mutants.walk import Site, joined_with, sites
from polcheck.formats.values import Json, Pointer

OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        "flip-demand": "`require` becomes `forbid`, `forbid` becomes `require`",
        "drop-when": "`when` is dropped: the policy always applies",
        "negate-when": "`when` is negated",
        "drop-item": "an item of a conjunction is dropped",
        "drop-not": "a `not` is dropped",
        "negate-not": "`not` is removed, and what it holds stays",
        "drop-branch": "a branch of an `any` is dropped",
        "all-branches": "all branches of an `any` are wanted, not one",
        "drop-where": "`where` is dropped",
        "negate-where": "`where` is negated",
        "drop-condition": "a side of `&&` or `||` is dropped from an expression",
        "flip-comparison": "`==` becomes `!=`, `<` becomes `<=`, and so on",
        "drop-filter": "`[?…]` is dropped from an expression",
        "drop-function": "`lower(x)`, `replace(x, …)`, `basename(x)` … become `x`",
        "swap-function": "`add` and `subtract`, `multiply` and `divide`, `time_after` and `time_before` are exchanged",
        "swap-dates": "`days_between(a, b)` becomes `days_between(b, a)`",
        "bare-name": "`$name` becomes `name`",
        "null-name": "`$name` becomes null",
        "group-of-one": "`group` is the first row alone",
        "no-group": "`group` is empty",
        "drop-let": "a name of `let` is dropped",
        "drop-join": "a name that joins is removed on one side: in a path, a pattern, a query, a group, `as`, `let`",
        "widen-folder": "the folder of a path pattern becomes `**`",
        "widen-name": "the file's name in a path pattern becomes `*`",
        "drop-exclude": "a path pattern with `!` is dropped",
        "drop-path": "a path pattern, or one choice of `{a,b}`, is dropped",
        "drop-alternative": "an alternative of `pattern` or `code`, or of `[…]` in a query, is dropped",
        "loosen-string": "a string in a pattern becomes `$_`",
        "drop-argument": "an argument of a call pattern that ends in `...` is dropped",
        "flip-resolve": "an explicit `resolve` is inverted",
        "resolve-off": "no pattern of the policy follows names through imports any more",
        "drop-predicate": "a predicate of a query is dropped",
        "negate-predicate": "a predicate of a query is negated",
        "drop-string": "a string of `#any-of?` or `#resolves-to?` is dropped",
        "drop-query-anchor": "a `.` between the nodes of a query is dropped",
        "drop-absent-field": "a `!field` of a query is dropped",
        "drop-anchor": "`^`, `$` or `\\b` is dropped from a regular expression",
        "drop-regex-alternative": "an alternative of a regular expression is dropped",
        "drop-flag": "`(?i)` is dropped from a regular expression",
        "loosen-word": "the longest word in a regular expression becomes `.*`",
        "drop-row": "a row of `values` is dropped; of an expression's rows the first",
        "first-row-only": "of the rows that an expression gives to `values`, only the first is left",
        "leave-value": "`in` is dropped: the whole file is searched",
        "other-value": "`in` names another value",
        "drop-is": "an `is` is dropped",
        "negate-is": "an `is` is negated",
        "drop-inside": "an `inside` is dropped",
        "negate-inside": "an `inside` is negated",
        "drop-has": "a `has` is dropped",
        "negate-has": "a `has` is negated",
        "drop-after": "an `after` is dropped",
        "negate-after": "an `after` is negated",
        "drop-of": "`of` is dropped: a relation is about the match before",
        "other-of": "`of` names something else",
        "drop-until": "an `until` is dropped",
        "until-anything": "`until` becomes `(_)`: any node ends the search",
        "drop-at": "`at` is dropped: findings point at the first match",
        "other-at": "`at` names something else",
        "drop-scope": "`scope` is dropped",
        "swap-scope": "`scope: subject` becomes `file`, and the reverse",
        "drop-near": "`near` is dropped",
        "near-by-one": "`near` is one line more, or less",
        "drop-revision": "`revision: base` is dropped: it looks in the files as they are",
        "add-revision": "another item looks in the base, too",
        "drop-changed": "`changed` is dropped: every file counts",
        "drop-change": "a kind of change is dropped from `changed`",
        "add-change": "a kind of change is added to `changed`",
        "drop-closure": "`closure` is dropped: one step counts, more don't",
        "turn-closure": "the names of `closure` change places: edges are walked the other way",
        "drop-constant": "`constant` is dropped: what is captured may be anything",
        "drop-constant-name": "a name of `constant` is dropped",
        "drop-dynamic": "`dynamic` is dropped",
        "swap-dynamic": "`dynamic` is `undecided` where it isn't, and `counted` where it is",
        "drop-count": "`count`, or one bound of it, is dropped",
        "count-by-one": "`count`, or one bound of it, is one more, or less",
        "drop-per": "`per` is dropped: each row is a subject",
        "drop-per-name": "a name of `per` is dropped",
        "drop-as": "`as`, or one name of it, is dropped",
        "drop-only": "`only` is dropped: every name comes out",
        "drop-fix": "`fix` is dropped: nothing is fixed",
        "drop-edit": "an edit of a `fix` is dropped",
        "other-target": "an edit of a `fix` changes something else",
        "empty-text": "an edit of a `fix` puts nothing where its text would be",
        "drop-entry": "an entry that a `fix` adds is dropped",
        "any-finding": "an edit of a `fix` is made wherever the policy has a finding: its `when` is dropped",
        "other-findings": "an edit of a `fix` is made where its `when` doesn't hold",
        "keep-entry": "a `fix` leaves entries alone that its `set` overwrites",
        "other-position": "entries that a `fix` inserts come first, not last, and the reverse",
    }
)

_WORD = re.compile(r"[A-Za-z_]\w*")
_OF_ITEMS: tuple[Callable[[Site], Iterator[Change]], ...] = (
    structure.branches,
    structure.absence,
    texts.where,
    relations.per,
    relations.relation,
    relations.of,
    relations.until,
    relations.scope,
    relations.near,
    relations.revision,
    relations.changed,
    relations.constant,
    relations.closure,
    relations.count,
    relations.renames,
    relations.only,
    relations.resolve,
    relations.inner,
    texts.let,
    texts.values,
    texts.files,
    texts.pattern,
    texts.code,
    texts.data,
    texts.text,
)


def mutants(owner: str, document: Json, at: Pointer = (), around: str = "") -> Iterator[Mutant]:
    """Return every mutant of an owner: of a policy's document, or of the selector at `at` of pack.yaml.

    `around` is the text of the selectors that a policy uses, or of all that may use a selector: a name that stands
    nowhere else joins nothing.
    """
    result = (
        change
        for change in _changes(document, at)
        if change.operator != "drop-join" or _joins(change, _text(joined_with(document, change.at)) + around)
    )
    return numbered(owner, result, _text)


def _joins(change: Change, text: str) -> bool:
    """Return whether the name that a change took away stands a second time in the selectors."""
    name = _WORD.findall(change.before)[-1]
    return len(re.findall(rf"\b{name}\b", text)) > 1


def _changes(document: Json, at: Pointer) -> Iterator[Change]:
    if not at:
        yield from structure.policy(document)
        yield from fix_edits.fix(document)
    every = list(sites(document, at))
    for operator in _OF_ITEMS:
        for site in every:
            yield from operator(site)
    yield from texts.shared_files(every)
    yield from structure.items(document, at)
    yield from structure.unresolved(document, at)


def _text(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False)
