"""The parser of expressions: the jmespath library parses, and everything else is bounded here."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from jmespath.exceptions import EmptyExpressionError, IncompleteExpressionError, LexerError, ParseError
from jmespath.lexer import Lexer
from jmespath.parser import Parser

from polcheck.selectors.jmespath.advice import advice, number_at
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
    Not,
    Pipe,
    Reference,
    Slice,
    Values,
    Variable,
)
from polcheck.selectors.jmespath.values import ExpressionError

if TYPE_CHECKING:
    from polcheck.selectors.jmespath.nodes import Node

MAX_LENGTH = 10_000
MAX_DEPTH = 200
_CHAINS = {"pipe", "or_expression", "and_expression"}
_SIGNS = {
    "rparen": "`)`",
    "rbracket": "`]`",
    "rbrace": "`}`",
    "colon": "`:`",
    "comma": "`,`",
    "star": "`*`",
    "quoted_identifier": "a name",
    "unquoted_identifier": "a name",
}


_LEXER: Any = Lexer  # NOTE: the types of the library leave out what is overridden here
_PARSER: Any = Parser


class _Lexer(_LEXER):  # type: ignore[misc]
    """The library's lexer, with `$name` as one token of the type `variable`."""

    START_IDENTIFIER = _LEXER.START_IDENTIFIER | {"$"}

    def tokenize(self, expression: str) -> Iterator[dict[str, Any]]:
        """Yield the tokens of the expression. Raises LexerError and EmptyExpressionError."""
        for token in super().tokenize(expression):
            if token["type"] == "unquoted_identifier" and token["value"][0] == "$":
                if token["value"][1:2] not in _LEXER.START_IDENTIFIER:
                    raise LexerError(token["start"], token["value"], "Unknown token")
                token["type"] = "variable"
            yield token


class _Parser(_PARSER):  # type: ignore[misc]
    """The library's parser over tokens that are there already, with variables."""

    BINDING_POWER: ClassVar = {**_PARSER.BINDING_POWER, "variable": 0}

    def __init__(self, tokens: Iterable[Token]) -> None:
        super().__init__()
        self._tokens = [token._asdict() for token in tokens]

    def tree(self) -> dict[str, Any]:
        """Return the tree as the library makes it. Raises ParseError."""
        self._index = 0
        parsed: dict[str, Any] = self._expression(binding_power=0)
        if self._current_token() != "eof":
            token = self._lookahead_token(0)
            raise ParseError(token["start"], token["value"], token["type"], "Unexpected token")
        return parsed

    def _token_nud_variable(self, token: dict[str, Any]) -> dict[str, Any]:
        return {"type": "variable", "children": [], "value": token["value"][1:]}


class Token(NamedTuple):
    """A word of the expression: its type as jmespath names it, its value, and its offset."""

    type: str
    value: Any
    start: int


class Parsed(NamedTuple):
    """An expression's tree and the tokens that it was made from."""

    node: Node
    tokens: tuple[Token, ...]


def parse(text: str) -> Parsed:
    """Return the tree of `text`. Raises ExpressionError when it is no JMESPath, too long or too deep."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH:,} characters", MAX_LENGTH)
    try:
        with warnings.catch_warnings():
            # NOTE: `foo` between backquotes, without JSON's quotes, is deprecated and still means 'foo'.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            tokens = tuple(Token(t["type"], t["value"], t["start"]) for t in _Lexer().tokenize(text))
            tree = _Parser(tokens).tree()
        if _depth(tree) > MAX_DEPTH:
            raise _too_deep()
        return Parsed(_Reader(tokens).read(tree), tokens)
    except EmptyExpressionError:
        raise ExpressionError("the expression is empty") from None
    except ParseError as error:
        raise _translated(error, text) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise ExpressionError(f"no number or literal that can be read: {error}") from None


def _too_deep() -> ExpressionError:
    return ExpressionError("the expression is nested too deeply", 0, f"at most {MAX_DEPTH} levels")


def _depth(tree: dict[str, Any]) -> int:
    """Return the depth of a tree; a chain of one operator (`a || b || c`) is one level, as in evaluation."""
    deepest, pending = 0, [(tree, 1)]
    while pending:
        item, depth = pending.pop()
        deepest = max(deepest, depth)
        for child in item["children"]:
            if isinstance(child, dict):
                same = item["type"] in _CHAINS and child["type"] == item["type"]
                pending.append((child, depth if same else depth + 1))
    return deepest


def _translated(error: ParseError, text: str) -> ExpressionError:
    """Return the library's syntax error in polcheck's words."""
    if isinstance(error, IncompleteExpressionError):
        return ExpressionError("the expression ends too early", len(text), "an operand or a closing bracket is missing")
    if isinstance(error, LexerError):
        return _unreadable(error, text)
    position = min(error.lex_position, len(text))
    if error.msg.startswith("Quoted identifier"):
        return ExpressionError("a function's name is written without quotes", position)
    if error.msg.startswith("Invalid function name"):
        return ExpressionError(f"`{error.token_value}` is not the name of a function", position)
    ends = error.token_type == "EOF"
    signs = dict.fromkeys(sign for name, sign in _SIGNS.items() if name in error.msg.partition(",")[0])
    if error.msg.startswith("Expecting: ["):
        signs = dict.fromkeys(("a name", "`[`", "`{`"))
    if signs and error.msg.startswith("Expecting"):
        what = "the expression ends" if ends else f"found `{error.token_value}`"
        computed = error.token_type == "variable" and "a name" in signs
        help = f"a key that is computed is looked up by `get(…, {error.token_value})`" if computed else ""
        help = help or advice(text, position)
        return ExpressionError(f"expected {' or '.join(signs)}, {what}", position, help)
    what = "end of the expression" if ends else f"token `{error.token_value}`"
    number = f"a number is written between backticks: `` `{number_at(text, position)}` ``"
    help = advice(text, position) or (number if error.token_type == "NUMBER" else "")
    return ExpressionError(f"unexpected {what}", position, help)


def _unreadable(error: LexerError, text: str) -> ExpressionError:
    position = min(error.lexer_position, len(text))
    if error.message.startswith("Unclosed"):
        quote = text[position : position + 1]
        return ExpressionError(f"unclosed `{quote}`", position, f"within a string the quote is written `\\{quote}`")
    if text[position : position + 1] == "`":
        return ExpressionError("what stands between backquotes must be JSON", position, "a string is written `'…'`")
    if text[position : position + 1] == "$" and text[position + 1 : position + 2] in ("", ".", "["):
        rest = text[position + 1 :].lstrip(".")
        help = f"JSONPath begins with `$`, JMESPath with a key: `{rest}`" if rest else "the whole document is `@`"
        return ExpressionError("this is JSONPath; expressions are JMESPath", position, help)
    sign = str(error.lexer_value)[:40]
    message = f"unexpected `{sign}`" + ("" if sign == "=" else ": JMESPath has no such sign")
    return ExpressionError(message, position, advice(text, position))


class _Reader:
    """Builds our tree from the library's.

    INVARIANT: nodes are built in the order of the text; each takes its offset from the next token of its kind.
    """

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._names = self._starts(tokens, "unquoted_identifier", "quoted_identifier")
        self._variables = self._starts(tokens, "variable")
        self._literals = self._starts(tokens, "literal")
        self._filters = self._starts(tokens, "filter")
        self._flattens = self._starts(tokens, "flatten")

    @staticmethod
    def _starts(tokens: tuple[Token, ...], *types: str) -> Iterator[int]:
        return iter([token.start for token in tokens if token.type in types])

    def read(self, tree: dict[str, Any]) -> Node:
        kind: str = tree["type"]
        if kind in _CHAINS:
            return self._chain(tree)
        match kind:
            case "field":
                return Field(tree["value"], next(self._names))
            case "variable":
                return Variable(tree["value"], next(self._variables))
            case "literal":
                return Literal(tree["value"], next(self._literals))
            case "current" | "identity":
                return Current(implied=kind == "identity")
            case "index":
                return Index(tree["value"])
            case "slice":
                return self._slice(*tree["children"])
            case "function_expression":
                position = next(self._names)
                return Call(tree["value"], self._all(tree), position)
            case "multi_select_dict":
                return self._hash(tree["children"])
            case _:
                return self._by_children(kind, tree)

    def _by_children(self, kind: str, tree: dict[str, Any]) -> Node:
        if kind == "filter_projection":
            base, right, condition = tree["children"]
            first, position = self.read(base), next(self._filters)
            test = self.read(condition)
            return Filter(first, test, self.read(right), position)
        items = self._all(tree)
        match kind:
            case "subexpression" | "index_expression":
                return Chain(items)
            case "projection":
                return Each(*items)
            case "value_projection":
                return Values(*items)
            case "flatten":
                return Flatten(items[0], next(self._flattens))
            case "multi_select_list":
                return Listing(items)
            case "not_expression":
                return Not(items[0])
            case "comparator":
                return Comparison(tree["value"], *items)
            case "expref":
                return Reference(items[0])
        raise AssertionError(f"jmespath has a new kind of node: {kind}")

    def _all(self, tree: dict[str, Any]) -> tuple[Node, ...]:
        return tuple(self.read(child) for child in tree["children"])

    def _hash(self, pairs: list[dict[str, Any]]) -> Node:
        items = []
        for pair in pairs:
            next(self._names)
            items.append(self.read(pair["children"][0]))
        return Hash(tuple(pair["value"] for pair in pairs), tuple(items))

    def _slice(self, start: int | None, stop: int | None, step: int | None) -> Node:
        if step == 0:
            raise ExpressionError("a slice can't have step 0")
        return Slice(start, stop, step)

    def _chain(self, tree: dict[str, Any]) -> Node:
        """Return all operands of a run of one operator; the library nests them to the left."""
        kind, spine = tree["type"], []
        while tree["type"] == kind:
            tree, right = tree["children"]
            spine.append(right)
        items = (self.read(tree), *(self.read(item) for item in reversed(spine)))
        match kind:
            case "pipe":
                return Pipe(items)
            case "or_expression":
                return Either(items)
            case _:
                return Both(items)
