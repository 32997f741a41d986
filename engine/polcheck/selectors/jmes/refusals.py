"""Expressions that are refused before they run: calls that can't work, and shapes that mislead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from polcheck.selectors.jmes.errors import EvaluationError, ExpressionError
from polcheck.selectors.jmes.functions import FUNCTIONS
from polcheck.selectors.jmes.nodes import (
    Call,
    Chain,
    Current,
    Each,
    Filter,
    Flatten,
    Literal,
    Node,
    Reference,
    Values,
    children,
)
from polcheck.selectors.jmes.reads import root_names
from polcheck.selectors.jmes.signature import Function
from polcheck.selectors.jmes.syntax import Token
from polcheck.selectors.jmes.texts import regex, replacement, specifier_set
from polcheck.selectors.jmes.writing import text_of

_CONSTANTS = {"true", "false", "null"}
_COMPARING = {"eq", "ne", "lt", "lte", "gt", "gte"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def refuse_calls(node: Node) -> None:
    """Raises ExpressionError for an unknown function, wrong arguments, a misplaced `&`, a bad regex."""
    if isinstance(node, Reference):
        raise ExpressionError("`&` is for arguments of functions such as `sort_by` only")
    for part in _walk(node):
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
    for part in _walk(node):
        if isinstance(part, Filter):
            _refuse_late_filter(part)
        elif isinstance(part, Each):
            _refuse_inner_list(part)


def _walk(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        part = pending.pop()
        yield part
        pending.extend(children(part))


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


def _refuse_literals(node: Call) -> None:
    """Refuse a regular expression, replacement or version specifier that is written out and wrong."""
    values = [item.value if isinstance(item, Literal) else None for item in node.arguments]
    pattern = values[1] if len(values) > 1 else None
    if not isinstance(pattern, str):
        return
    try:
        if node.name in ("matches", "replace"):
            regex(pattern)
        if node.name == "replace" and isinstance(values[2], str):
            replacement(pattern, values[2])
        if node.name == "satisfies":
            specifier_set(pattern)
    except EvaluationError as error:
        literal = node.arguments[1]
        position = literal.position if isinstance(literal, Literal) else node.position
        help = (
            "versions are compared as PEP 440 says, as `>=3.9,<4`" if node.name == "satisfies" else "it is RE2's syntax"
        )
        raise ExpressionError(error.message, position, help) from None


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
                f'`"{token.value}"` is a field\'s name, not a text', token.start,
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
    """The filter that `node` begins with, if that is applied to the current value as it is."""
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
