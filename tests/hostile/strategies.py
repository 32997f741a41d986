"""Policies of every kind of selector and relation, most of which compile, and files in which they may match."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from hostile import ingredients as of
from hostile.ingredients import Item, Look

Policy = dict[str, Any]
_SHARED = ("key", "name")
_LOOKS = of.looks()
_WITHIN: tuple[Item, ...] = (
    {"text": r"--(?P<flag>[\w-]+)"},
    {"text": "(?P<letter>[a-z])"},
    {"language": "bash", "code": "(command_name) @command"},
    {"language": "python", "pattern": "$callee(...)"},
    {"data": "leaves(@)[].value", "as": "leaf"},
    {"language": "yaml", "data": "type(@)", "as": "type"},
)
_CONDITIONS = (
    "{0} != 'a'",
    "length(to_string({0})) > `2`",
    "starts_with(to_string({0}), 'r')",
    "file.lines < `4`",
    "!({0})",
    "includes(['a', 'lr', `1`], {0})",
    "{0} > `0`",
    "matches(to_string({0}), '^[a-m]')",
    "line > `1`",
)
_ODD_BYTES = (
    b"\xff\xfea\x00",
    b"a: \xff\n",
    b"# coding: latin-1\nx = '\xe9'\n",
    b"\xef\xbb\xbfrun_id: 1\r\n",
    b"\x00\x00",
)


@st.composite
def policies(draw: st.DrawFn, most: int = 4) -> list[Policy]:
    """Policies p0, p1, … as the mappings that their YAML is."""
    return [_policy(draw, number) for number in range(draw(st.integers(1, most)))]


def text_of(policies: list[Policy]) -> str:
    """The policies as YAML documents."""
    return "".join(f"--- {json.dumps(policy)}\n" for policy in policies)


def submissions() -> st.SearchStrategy[Mapping[str, bytes]]:
    """A few files, of which some match some selectors, some can't be parsed, and some can't be read."""
    paths = {
        **dict.fromkeys(["src/a.py", "src/b.py", "src/a/c.py"], of.CODE),
        **dict.fromkeys(["config/run.yaml", "config/more.yaml"], of.TREES),
        **dict.fromkeys(["data/one.json", "data/two.json"], of.ARRAYS),
        "meta/pyproject.toml": of.TABLES,
        "meta/setup.cfg": of.OPTIONS,
        "notes/a.txt": of.NOTES,
        "notes/b/run_id": of.NOTES,
    }
    every = {path: _contents(path, texts) for path, texts in paths.items()}
    usual = {path: every.pop(path) for path in ("src/a.py", "config/run.yaml")}
    few = st.fixed_dictionaries({}, optional=every | usual).filter(bool)
    return _seldom(few, st.fixed_dictionaries(usual, optional=every))


def _contents(path: str, texts: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    """What a file holds: some of the texts, one after the other where that makes sense."""
    one = st.sampled_from(texts).map(str.encode)
    if path.endswith((".py", ".yaml", ".txt")):
        between = "---\n" if path.endswith(".yaml") else ""
        some = st.lists(st.sampled_from(texts), min_size=1, max_size=4, unique=True)
        one = some.map(lambda many: between.join(many).encode())
    if path.endswith((".yaml", ".json")):
        one |= trees().map(lambda tree: json.dumps(tree, ensure_ascii=False).encode())
    return _seldom(st.sampled_from(_ODD_BYTES), one)


@st.composite
def _seldom(draw: st.DrawFn, odd: st.SearchStrategy[Any], usual: st.SearchStrategy[Any]) -> Any:
    """The odd one of ten times."""
    return draw(odd if draw(st.integers(0, 9)) == 9 else usual)


def trees() -> st.SearchStrategy[Any]:
    """Data trees over the words that the selectors ask for."""
    words = st.sampled_from(["run_id", "lr", "a", "b", "key", "value", "name", "names", "rows", "jobs", "steps", "run"])
    leaves = st.none() | st.booleans() | st.integers(-2, 3) | st.floats(-2, 2, width=16) | words | st.text(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
        max_leaves=12,
    )


def _policy(draw: st.DrawFn, number: int) -> Policy:
    made: Policy = {"id": f"p{number}", "title": f"it is so: {number}"}
    if draw(st.integers(0, 5)) == 0:
        made["when"] = draw(st.sampled_from([{"files": "src/*.py"}, {"not": {"files": "config/none.yaml"}}]))
    made["severity"] = draw(st.sampled_from(["error", "warning", "note"]))
    if draw(st.integers(0, 3)):
        name = draw(st.sampled_from(_SHARED))
        subject, holds = _look(draw, name)
        made["for"] = [subject, *_more(draw, holds, name)]
        made |= _of_subject(draw, holds, name)
    else:
        made |= _of_submission(draw)
        holds, name = Look({}), ""
    said = f" {{{{ {name} }}}}" if name in holds.binds else ""
    made["message"] = f"wrong at {{{{ path }}}}{said}"
    return made


def _look(draw: st.DrawFn, name: str = "", syntax: bool = False) -> tuple[Item, Look]:
    """A selector; where it binds anything, one of its names is `name`."""
    look = draw(st.sampled_from([one for one in _LOOKS if one.syntax] if syntax else _LOOKS))
    item, binds = dict(look.item), look.binds
    if name and binds and name not in binds:
        old = draw(st.sampled_from(binds))
        item["as"] = name if "as" in item else {old: name}
        binds = tuple(name if one == old else one for one in binds)
    return item, look._replace(binds=binds)


def _more(draw: st.DrawFn, holds: Look, name: str) -> list[Item]:
    """What follows the first item of `for`: joins, anti-joins, conditions, computed names, and what makes a subject."""
    if name not in holds.binds:
        return []
    items = draw(
        st.lists(st.sampled_from(["join", "not", "where", "let", "any", "inside", "in"]), max_size=2, unique=True)
    )
    made = [_item(draw, kind, holds, name) for kind in items]
    if draw(st.integers(0, 2)) == 0:
        made.append({"per": [name]})
    return [item for item in made if item]


def _item(draw: st.DrawFn, kind: str, holds: Look, name: str) -> Item:
    if kind == "where":
        return {"where": _condition(draw, name)}
    if kind == "let":
        return {"let": {"top": f"split(to_string({name}), '_')[0]"}}
    if kind == "in":
        return {"in": name, **draw(st.sampled_from(_WITHIN))}
    if kind == "inside":
        return _around(draw) if holds.syntax else {}
    other, bound = _look(draw, name)
    if name not in bound.binds:
        return {"not": {**other, "scope": "file"}} if holds.syntax and bound.syntax else {}
    if kind == "not":
        return {"not": draw(st.sampled_from([other, [other, {"where": _condition(draw, name)}]]))}
    if kind == "any":
        second, also = _look(draw, name)
        return {"any": [other, [second, {"where": _condition(draw, name)}]]} if name in also.binds else {}
    return other


def _around(draw: st.DrawFn) -> Item:
    inside: Item = {"inside": {"code": draw(st.sampled_from(["(function_definition)", "(try_statement)", "(call)"]))}}
    if draw(st.booleans()):
        inside["inside"]["until"] = "(block)"
    return draw(
        st.sampled_from([inside, {"not": inside}, {"has": {"pattern": "go($_)"}}, {"after": {"text": "import"}}])
    )


def _condition(draw: st.DrawFn, name: str) -> str:
    return draw(st.sampled_from(_CONDITIONS)).format(name)


def _of_subject(draw: st.DrawFn, holds: Look, name: str) -> Policy:
    """What is asked of each subject."""
    other, bound = _look(draw, name)
    joins = name in bound.binds and name in holds.binds
    forms: list[Policy] = []
    if joins:
        second, _ = _look(draw, name)
        forms += [
            {"require": other},
            {"require": {**other, "count": draw(st.sampled_from([1, {"min": 1, "max": 2}, {"max": 0}]))}},
            {"forbid": other},
            {"forbid": ["subject", {"not": other}]},
            {"require": {"any": [other, [second, {"where": _condition(draw, name)}]]}},
            {"require": [other, {"not": second}]},
        ]
    if name in holds.binds:
        forms.append({"require": {"where": _condition(draw, name)}})
    if holds.syntax:
        near, _ = _look(draw, syntax=True)
        near.pop("files")
        forms += [
            {"require": {"inside": {"code": "(function_definition)"}}},
            {"require": {"has": {"pattern": "go($_)"}}},
            {"forbid": {**near, "scope": "subject"}},
            {"require": {**near, "near": 2}},
            {"require": {**near, "inside": "subject", "count": {"min": 1}}},
        ]
    return draw(st.sampled_from(forms)) if forms else {"forbid": ["subject"]}


def _of_submission(draw: st.DrawFn) -> Policy:
    """What is asked of the submission once."""
    name = draw(st.sampled_from(_SHARED))
    (first, bound), (second, also) = _look(draw, name), _look(draw, name)
    forms: list[Policy] = [{"require": first}, {"forbid": first}, {"require": {**first, "count": {"min": 1, "max": 3}}}]
    if name in bound.binds and name in also.binds:
        forms += [{"forbid": [first, second]}, {"forbid": [first, {"not": second}]}, {"require": [first, second]}]
        forms += [{"require": {"any": [first, second]}}, {"forbid": [first, {"where": _condition(draw, name)}]}]
    return draw(st.sampled_from(forms))
