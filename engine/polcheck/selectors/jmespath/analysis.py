"""Static analysis of an expression: the shape of its result (lists, rows and their keys).

What is always null is refused: a step that the value before it can never take.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from msgspec import Struct, field

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.functions import (
    FUNCTIONS,
    ROW_KEYS,
    specifier_set,
)
from polcheck.selectors.jmespath.nodes import (
    Both,
    Call,
    Chain,
    Comparison,
    Current,
    Each,
    Either,
    Field,
    Filter,
    Flatten,
    Hash,
    Index,
    Listing,
    Literal,
    Node,
    Not,
    Pipe,
    Reference,
    Slice,
    Values,
    Variable,
    children,
    position_of,
    text_of,
    walk,
)
from polcheck.selectors.jmespath.parser import Token
from polcheck.selectors.jmespath.paths import docker_patterns, file_patterns
from polcheck.selectors.jmespath.regexes import regex, replacement
from polcheck.selectors.jmespath.signatures import Function, wrong_type
from polcheck.selectors.jmespath.strings import semver_range
from polcheck.selectors.jmespath.values import KINDS, SIGNS, EvaluationError, ExpressionError, kind_of


class Shape(Struct, frozen=True):
    """A kind of value (`any` when open); of a list what its items are, of an object its known entries."""

    kind: str = "any"
    item: Shape | None = None
    entries: Mapping[str, Shape] | None = field(default=None)

    @property
    def items(self) -> Shape:
        """The shape of the list's items; open where it isn't known."""
        return self.item or ANY


ANY = Shape()
BOOLEAN = Shape("boolean")
TEXT = Shape("string")
_ROWS = Shape(
    "array",
    Shape("object", entries=dict(zip(ROW_KEYS, (ANY, ANY, TEXT), strict=True))),
)
_ORDERINGS = frozenset({"lt", "lte", "gt", "gte"})
_SAME = {"reverse", "sort", "sort_by", "unique"}
_PICKING = {"max", "min", "max_by", "min_by"}
_REFERRING = {"max_by", "min_by", "sort_by"}


def shape_of(node: Node, here: Shape = ANY) -> Shape:
    """Return the shape of what `node` gives for a value of shape `here`.

    Raises ExpressionError when a step of it can only ever give null.
    """
    match node:
        case Current():
            return here
        case Field():
            return _entry(node, here)
        case Literal(value):
            return _of_value(value)
        case Chain(steps) | Pipe(steps):
            return _chain(steps, here)
        case Index(number):
            return _list(here, f"[{number}]", node).items
        case Slice():
            return Shape("array", _list(here, text_of(node), node).items)
        case Each() | Filter() | Values() | Flatten():
            return _projection(node, here)
        case Listing(items):
            return Shape("array", _joined([shape_of(item, here) for item in items]))
        case Hash(names, items):
            shapes = [shape_of(item, here) for item in items]
            return Shape("object", entries=dict(zip(names, shapes, strict=True)))
        case Call():
            return _call(node, here)
        case _:
            return _logic(node, here)


def _chain(steps: Sequence[Node], here: Shape) -> Shape:
    for step in steps:
        if here.kind == "array" and isinstance(step, Hash):
            _refuse_keys_of_list(step, here)
        here = shape_of(step, here)
    return here


def _refuse_keys_of_list(node: Hash, here: Shape) -> None:
    """Refuse `list.{k: key}`: its keys are asked of the list, which has none, and not of its elements."""
    try:
        shape_of(node, here)
    except ExpressionError as error:
        help = f"for each element of the list, write `[].{text_of(node)}`"
        raise ExpressionError(error.message, error.position, help) from None


def binds(shape: Shape) -> frozenset[str] | None:
    """Return the keys that each row of such a result binds; None when they aren't known."""
    row = shape.items if shape.kind == "array" else shape
    return frozenset(row.entries) if row.entries else None


def is_comparison(node: Node) -> bool:
    """Return whether `node` gives a truth value: a comparison, and, or, not with one, or such a function."""
    match node:
        case Comparison() | Not():
            return True
        case Either(items) | Both(items):
            return any(is_comparison(item) for item in items)
        case Pipe(steps) | Chain(steps):
            return is_comparison(steps[-1])
        case Call(name):
            return FUNCTIONS[name].returns == "boolean"
        case _:
            return False


def _refused(step: str, here: Shape, node: Node) -> ExpressionError:
    message = f"`{step}` of {_a(here.kind)} is always null"
    # NOTE: the library takes one step after `.*` or a hash for each item, and what follows for the whole list.
    text = f"for each item of the list, write ` | [*]{step}`" if here.kind == "array" else ""
    if here.kind == "boolean":
        text = "`!` binds closer than `.`: put what follows it in parentheses"
    return ExpressionError(message, position_of(node), text)


def _entry(node: Field, here: Shape) -> Shape:
    if here.kind not in ("any", "object"):
        raise _refused(f".{node.name}", here, node)
    if here.entries is None:
        return ANY
    if node.name not in here.entries:
        known = ", ".join(f"`{name}`" for name in here.entries)
        raise ExpressionError(
            f"`{node.name}` is always null here",
            node.position,
            f"there are {known}; a string is written in single quotes, a name of the row as `${node.name}`",
        )
    return here.entries[node.name]


def _list(here: Shape, step: str, node: Node) -> Shape:
    if here.kind not in ("any", "array"):
        raise _refused(step, here, node)
    return here


def _projection(node: Each | Filter | Values | Flatten, here: Shape) -> Shape:
    base = shape_of(node.base, here)
    match node:
        case Flatten():
            items = _list(base, "[]", node).items
            return Shape("array", items.items if items.kind == "array" else items)
        case Each(_, right):
            return Shape("array", shape_of(right, _list(base, "[*]", node).items))
        case Filter(_, condition, right):
            items = _list(base, "[?…]", node).items
            shape_of(condition, items)
            return Shape("array", shape_of(right, items))
        case Values(_, right):
            if base.kind not in ("any", "object"):
                raise _refused(".*", base, node)
            items = _joined(list(base.entries.values())) if base.entries else ANY
            return Shape("array", shape_of(right, items))


def _logic(node: Node, here: Shape) -> Shape:
    match node:
        case Either(items) | Both(items):
            return _joined([shape_of(item, here) for item in items])
        case Not(item):
            shape_of(item, here)
            return BOOLEAN
        case Comparison(operator, left, right):
            for side in (left, right):
                kind = "null" if isinstance(side, Literal) and side.value is None else shape_of(side, here).kind
                if operator in _ORDERINGS and kind not in ("any", "number"):
                    raise _unordered(node, side, kind)
            return BOOLEAN
        case Reference(body):
            shape_of(body, ANY)
    return ANY


def _unordered(node: Comparison, side: Node, kind: str) -> ExpressionError:
    """Return the error of a comparison by order of which one side is never a number."""
    text = text_of(side)
    message = f"`{text_of(node)}` is always null: `{SIGNS[node.operator]}` orders numbers, and `{text}` is {_a(kind)}"
    help = (
        "compare versions with `satisfies` or `semver_compare`, dates with `days_between`; `to_number` reads a number"
    )
    value = side.value if isinstance(side, Literal) else None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        help = f"a number is written between backticks: `` `{value}` ``"
    return ExpressionError(message, position_of(side) or position_of(node), help)


def _a(kind: str) -> str:
    """Return the kind of a value with its article."""
    return f"{'an' if kind[0] in 'ao' else 'a'} {kind}"


def _joined(shapes: list[Shape], depth: int = 3) -> Shape:
    """Return what all of the shapes have in common, down to `depth` levels."""
    first = shapes[0] if shapes else ANY
    for other in shapes[1:]:
        if first is not other:
            first = _common(first, other, depth)
    return first


def _common(one: Shape, other: Shape, depth: int) -> Shape:
    mine, others = one.entries or {}, other.entries or {}
    if not depth or one.kind != other.kind or mine.keys() != others.keys():
        return ANY
    entries = {key: _joined([mine[key], others[key]], depth - 1) for key in mine}
    item = _joined([one.items, other.items], depth - 1) if one.kind == "array" else None
    return Shape(one.kind, item, entries or None)


def _of_value(value: Json) -> Shape:
    if value is None:
        return ANY
    if isinstance(value, dict):
        return Shape("object", entries={key: _of_value(item) for key, item in value.items()})
    if isinstance(value, list):
        return Shape("array", _joined([_of_value(item) for item in value]))
    return Shape(kind_of(value))


def _call(node: Call, here: Shape) -> Shape:
    function = FUNCTIONS[node.name]
    given = [ANY if isinstance(argument, Reference) else shape_of(argument, here) for argument in node.arguments]
    for index, shape in enumerate(given):
        parameter = function.parameter(index)
        if shape.kind != "any" and not any(KINDS[taken] == shape.kind for taken in parameter.types):
            text = text_of(node.arguments[index])
            message = wrong_type(node.name, parameter, shape.kind, text).replace(f'"{text}"', text)
            help = ""
            if text == "@" and shape.kind == "array":
                help = f"`@` is the whole list there: `[].{node.name}(@)` is of each of its values"
            raise ExpressionError(message, position_of(node.arguments[index]) or node.position, help)
    return _result(node, given)


def _result(node: Call, given: list[Shape]) -> Shape:
    name = node.name
    if name == "map":
        body = node.arguments[0]
        return Shape("array", shape_of(body.body if isinstance(body, Reference) else body, given[1].items))
    if name in _REFERRING and isinstance(node.arguments[1], Reference):
        shape_of(node.arguments[1].body, given[0].items)
    if name in _SAME:
        return given[0]
    if name in _PICKING:
        return given[0].items
    if name in ("leaves", "nodes", "entries", "pairs"):
        return _ROWS
    if name in ("keys", "lines", "split"):
        return Shape("array", TEXT)
    if name == "not_null":
        return _joined(given)
    if name == "to_array":
        return given[0] if given[0].kind == "array" else Shape("array", given[0] if given[0].kind != "any" else ANY)
    if name == "merge":
        return _merged(given)
    returns = FUNCTIONS[name].returns
    return Shape(returns) if returns != "any" else ANY


def _merged(given: list[Shape]) -> Shape:
    if any(shape.entries is None for shape in given):
        return Shape("object")
    return Shape("object", entries={key: item for shape in given for key, item in (shape.entries or {}).items()})


_MAX_ALTERNATIVES = 16
_SAME_ITEMS = {"reverse", "sort", "sort_by", "unique"}
_EMPTY_TO_NULL = {"avg", "max", "max_by", "min", "min_by"}
_FROM_DOCUMENT = _SAME_ITEMS | {"max", "max_by", "min", "min_by", "values"}


def root_names(node: Node) -> frozenset[str]:
    """Return the fields that `node` reads from the value it is given."""
    return _names(node)[0]


def variables(node: Node) -> frozenset[str]:
    """Return the names that `node` writes with a `$`."""
    return frozenset(part.name for part in walk(node) if isinstance(part, Variable))


def _names(node: Node) -> tuple[frozenset[str], bool]:
    """Return the names read from the root, and whether the result may be the root itself."""
    match node:
        case Field(name):
            return frozenset({name}), False
        case Current():
            return frozenset(), True
        case Chain(steps) | Pipe(steps):
            read: frozenset[str] = frozenset()
            at_root = True
            for step in steps:
                if not at_root:
                    break
                more, at_root = _names(step)
                read |= more
            return read, at_root
        case Each(base) | Filter(base) | Values(base) | Flatten(base):
            return _names(base)[0], False
        case Reference() | Variable():
            return frozenset(), False
        case _:
            pairs = [_names(child) for child in children(node)]
            passes = not isinstance(node, (Listing, Hash, Comparison))
            if isinstance(node, Call):
                passes = node.name in ("not_null", "merge")
            names = frozenset(name for names, _ in pairs for name in names)
            return names, passes and any(root for _, root in pairs)


Needs = frozenset[frozenset[str]]
_NONE: Needs = frozenset()


class _Need(NamedTuple):
    """The keys without which a value is null (`null`), or null or an empty list (`empty`).

    Each is a conjunction of alternatives. `document`: the value surely stands in the document, and its fields are
    keys there. INVARIANT: `empty` holds all of `null`.
    """

    null: Needs = _NONE
    empty: Needs = _NONE
    document: bool = False


def needed_keys(node: Node) -> tuple[frozenset[str], ...]:
    """Return alternatives of keys: unless one of each occurs in a value, the result is null or an empty list."""
    return tuple(sorted(_need(node, _Need(document=True)).empty, key=sorted))


def _need(node: Node, here: _Need) -> _Need:
    match node:
        case Current() | Slice():
            return here
        case Field(name):
            needs = here.empty | {frozenset({name})} if here.document else here.empty
            return _Need(needs, needs, here.document)
        case Index():
            return _Need(here.empty, here.empty, here.document)
        case Chain(steps) | Pipe(steps):
            for step in steps:
                here = _need(step, here)
            return here
        case Flatten(base):
            return _need(base, here)
        case Each(base, right) | Values(base, right):
            base_need = _need(base, here)
            each = _need(right, _Need(document=base_need.document))
            return _Need(base_need.null, base_need.empty | each.null, each.document)
        case Filter(base, condition, right):
            base_need = _need(base, here)
            item = _Need(document=base_need.document)
            each = _need(right, item)
            return _Need(base_need.null, base_need.empty | each.null | _true_needs(condition, item), each.document)
        case Listing() | Hash():
            listed = isinstance(node, Listing) and all(_need(item, here).document for item in node.items)
            return _Need(here.null, here.null, listed)
        case Either(items):
            return _either([_need(item, here) for item in items])
        case Call():
            return _reads_of_call(node, here)
        case _:
            return _Need()


def _either(needs: list[_Need]) -> _Need:
    """Return the keys that an `||` of values with these needs has: the last counts only where all others are false."""
    null, empty = needs[0].empty, needs[0].empty
    for need in needs[1:]:
        null, empty = _crossed(null, need.null), _crossed(empty, need.empty)
    return _Need(null, null | empty, all(need.document for need in needs))


def _true_needs(condition: Node, here: _Need) -> Needs:
    """Return the keys without which a condition is false, and raises no error."""
    match condition:
        case Both(items):
            needs = _NONE
            for item in items:  # NOTE: what may raise an error may do so before a later item is null
                needs |= _true_needs(item, here)
                if any(isinstance(part, Call) for part in walk(item)):
                    break
            return needs
        case Either(items):
            return reduce(_crossed, [_true_needs(item, here) for item in items])
        case Comparison("eq", left, Literal(value)) | Comparison("eq", Literal(value), left):
            return _need(left, here).empty if value is not None and value != [] else _NONE
        case Comparison() | Not():
            return _NONE
        case _:
            return _need(condition, here).empty


def _crossed(left: Needs, right: Needs) -> Needs:
    if len(left) * len(right) > _MAX_ALTERNATIVES:
        return _NONE
    return frozenset(one | other for one in left for other in right)


def _reads_of_call(node: Call, here: _Need) -> _Need:
    function = FUNCTIONS[node.name]
    given = [_Need() if isinstance(item, Reference) else _need(item, here) for item in node.arguments]
    if node.name == "not_null":
        null = reduce(_crossed, [need.null for need in given])
        empty = reduce(_crossed, [need.empty for need in given])
        return _Need(null, null | empty, all(need.document for need in given))
    if function.takes_null:
        return _Need()
    null = frozenset(need for item in given for need in item.null)
    listed = given[0] if given else _Need()
    empty = null | listed.empty if node.name in _SAME_ITEMS | _EMPTY_TO_NULL else null
    if node.name in _EMPTY_TO_NULL:
        null = empty
    return _Need(null, empty, node.name in _FROM_DOCUMENT and listed.document)


_CONSTANTS = {"true", "false", "null"}
_COMPARING = {"eq", "ne", "lt", "lte", "gt", "gte"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def refuse_calls(node: Node) -> None:
    """Raises ExpressionError for an unknown function, wrong arguments, a misplaced `&`, a bad regex."""
    if isinstance(node, Reference):
        raise ExpressionError("`&` is for arguments of functions such as `sort_by` only")
    for part in walk(node):
        if isinstance(part, Call):
            _refuse_call(part)
        else:
            for child in children(part):
                if isinstance(child, Reference):
                    raise ExpressionError("`&` is for arguments of functions such as `sort_by` only")


def refuse_misleading(node: Node, tokens: tuple[Token, ...]) -> None:
    """Raises ExpressionError for what is valid JMESPath and all but surely not what was meant."""
    for index, token in enumerate(tokens):
        _refuse_names(token, tokens[index - 1] if index else None, tokens[index + 1 :])
    for part in walk(node):
        if isinstance(part, Filter):
            _refuse_late_filter(part)
        elif isinstance(part, Each):
            _refuse_inner_list(part)


def _refuse_call(node: Call) -> None:
    function = FUNCTIONS.get(node.name)
    if function is None:
        close = difflib.get_close_matches(node.name, FUNCTIONS, 1)
        text = f"did you mean `{close[0]}`?" if close else "there are " + ", ".join(FUNCTIONS)
        raise ExpressionError(f"unknown function `{node.name}`", node.position, text)
    count = len(node.arguments)
    if not function.takes(count):
        least = "at least " if function.variadic else ""
        expected = f"{least}{len(function.parameters)} argument{'s' if len(function.parameters) != 1 else ''}"
        raise ExpressionError(f"`{node.name}` takes {expected}, found {count}", node.position, function.signature)
    for index, argument in enumerate(node.arguments):
        _refuse_argument(function, index, argument, node.position)
    _refuse_literals(node)


def _refuse_argument(function: Function, index: int, argument: Node, position: int) -> None:
    wanted = "expression" in function.parameter(index).kinds
    if wanted and not isinstance(argument, Reference):
        text = f"write `&{text_of(argument)}`"
        raise ExpressionError(f"`{function.name}` wants an expression as argument {index + 1}", position, text)
    if not wanted and isinstance(argument, Reference):
        message = f"`{function.name}` wants a value as argument {index + 1}, not an expression"
        raise ExpressionError(message, position, function.signature)


_RE2 = "it is RE2's syntax"
_PEP_440 = "versions are compared as PEP 440 says, as `>=3.9,<4`"
_SEMVER = "a range is written `>=1.2.0 <2.0.0`, `1.x` or `1.0.0 || 2.0.0`"
_PATTERNS = "patterns are written as those of `files`"
# function -> which argument can be wrong where it is written out, what finds that out, and what is right
_LITERALS: Mapping[str, tuple[int, Callable[[Any], object], str]] = {
    "matches": (1, regex, _RE2),
    "matches_docker": (1, lambda given: docker_patterns(_lines(given)), "patterns are those of .dockerignore"),
    "matches_path": (1, lambda given: file_patterns((given,) if isinstance(given, str) else tuple(given)), _PATTERNS),
    "regex_match": (0, regex, _RE2),
    "regex_replace_all": (0, regex, _RE2),
    "regex_replace_all_literal": (0, regex, _RE2),
    "replace": (1, regex, _RE2),
    "satisfies": (1, specifier_set, _PEP_440),
    "semver_compare": (1, semver_range, _SEMVER),
}


def _lines(given: str | list[str]) -> tuple[str, ...]:
    return tuple(given.split("\n") if isinstance(given, str) else given)


def _refuse_literals(node: Call) -> None:
    """Refuse a regular expression, replacement, pattern or range that is written out and wrong."""
    index, check, help = _LITERALS.get(node.name, (0, lambda given: None, ""))
    literal = node.arguments[index] if index < len(node.arguments) else None
    value = literal.value if isinstance(literal, Literal) else None
    if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return
    if isinstance(value, list) and not node.name.startswith("matches_"):
        return
    try:
        check(value)
        template = node.arguments[2] if node.name == "replace" else None
        if isinstance(template, Literal) and isinstance(template.value, str):
            replacement(str(value), template.value)
    except EvaluationError as error:
        raise ExpressionError(error.message, position_of(node.arguments[index]) or node.position, help) from None


def _refuse_names(token: Token, before: Token | None, after: tuple[Token, ...]) -> None:
    following = after[0].type if after else "eof"
    if token.type == "unquoted_identifier" and token.value in _CONSTANTS:
        dotted = before is not None and before.type == "dot"
        if not dotted and following not in ("colon", "lparen"):
            name = token.value
            raise ExpressionError(
                f"`{name}` is a field's name here", token.start, f"the constant is written `` `{name}` ``"
            )
    compared = before is not None and before.type in _COMPARING
    alone = token.type == "quoted_identifier" and following not in ("dot", "lbracket", "filter", "flatten")
    if compared and alone and _PLAIN.fullmatch(token.value) and token.value not in _CONSTANTS:
        raise ExpressionError(
                f'`"{token.value}"` is a field\'s name, not a string', token.start,
                f"write `'{token.value}'`, or `{token.value}` if the field is meant",
            )  # fmt: skip


def _refuse_late_filter(node: Filter) -> None:
    """Refuse `jobs.*.steps[?x]`: jmespath filters the list of all `steps`, not the items of each.

    NOTE: it finds nothing where `steps` are lists; where they are objects, a pipe says the same plainly.
    """
    base = node.base
    if not isinstance(base, (Values, Filter)) or not root_names(node.condition):
        return
    if isinstance(base.right, Current):
        return
    rest = "" if isinstance(node.right, Current) else f".{text_of(node.right)}"
    test = f"[?{text_of(node.condition)}]{rest}"
    start = (
        f"values({text_of(base.base) or '@'})[].{text_of(base.right)}" if isinstance(base, Values) else text_of(base)
    )
    raise ExpressionError(
        f"`[?{text_of(node.condition)}]` filters the list of all `{text_of(base)}`, not the items of each",
        node.position,
        f"write `{start}[] | {test}`, or `{text_of(base)} | {test}` if each is an object",
    )


def _refuse_inner_list(node: Each) -> None:
    """Refuse `a[][?x]`: it looks for a list in each item, and flattening has just opened those."""
    if not isinstance(node.base, Flatten):
        return
    first = _first(node.right)
    if first is not None:
        base, rest = text_of(node.base), text_of(node.right)
        raise ExpressionError(
            f"`{rest}` after `[]` looks for a list in each item, and `[]` has opened those",
            first.position,
            f"write `{base} | {rest}`, or `{base} | [*]{rest}` if the items are lists",
        )


def _first(node: Node) -> Filter | None:
    """Return the filter that `node` begins with, if that is applied to the current value as it is."""
    while True:
        match node:
            case Filter(Current(implied=True)):
                return node
            case Chain((first, *_)):
                node = first
            case Each(base) | Filter(base) | Values(base) | Flatten(base):
                node = base
            case _:
                return None
