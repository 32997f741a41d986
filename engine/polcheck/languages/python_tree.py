"""The tree of Python code as Python reads it, where the grammar reads it otherwise; each byte keeps its place.

Python ends a line, and with it a comment, at a lone carriage return, and takes names that differ in form alone for the
same (NFKC): `ｅval` is `eval`. What the grammar takes for something else is spelled otherwise while it is parsed, and
put back afterwards: `type(x).y = v` as an alias of a type, `[*eval(x)]` as a call of `*eval`, `print >> f` as a
statement, the format in `f"{x:=^9}"` as an assignment; defaults of type parameters and some targets behind a star it
refuses. What has no spelling of the same length that the grammar reads rightly is told, and the file is undecided. The
tests compare the places of every kind of node with those of Python's own `ast`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING
from unicodedata import is_normalized, normalize

from polcheck.base.spans import Source, Unreadable, declared_encoding
from polcheck.languages.language import ParsedCode
from polcheck.languages.respelling import Change, Respelled

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node, Parser, Query, Tree

_BLANK = rb"[ \t\v\f]*"
# a star before what may be called, looked into or computed with, on this line or the next; what it is there for, the
# tree tells
_AFTER = rb"\"'(\[{.#\\\r\n|&^+\-/%@<>"
_STAR = re.compile(
    rb"\*" + _BLANK + rb"(?:[" + _AFTER + rb"]|[A-Za-z_\x80-\xff][\w\x80-\xff]*" + _BLANK + rb"[" + _AFTER + rb"*])"
)
# what may stand before a star that opens a list of values; otherwise it multiplies
_OPENED = re.compile(rb"(?:\A|[(\[{,=:;\r\n\x80-\xff]|\b(?:return|yield|in|match|except))" + _BLANK + rb"\Z")
_FEW_STARS = 50  # of which each is looked at; more are searched for at once
_NEAR = 40  # bytes before a star; where all of them are blank, it may open one
_TYPE = re.compile(rb"type[ \t\f]*[(\[\\]")
_BEFORE_STATEMENT = re.compile(rb"(?:\A|[\r\n:;])[ \t\f]*\Z")
_PRINT = re.compile(rb"\bprint(?:[ \t\f]|\\\r?\n)*>>")
_FORMATTED = re.compile(rb"""(?i)(?:f|t|rf|fr|rt|tr)["']""")
# a `:=` that assigns: a format follows a value of a replacement field, which can't be one of these
_ASSIGNED = re.compile(rb"(?:\(\s*|\b(?:if|elif|while)[ \t]+)[A-Za-z_]\w*[ \t]*\Z")
_UNPACKING = (b"(", b",", b"{")  # what stands before two stars of which they can't be a power
# NOTE: of single nodes, so that tree-sitter has nothing in progress of which it could lose a part
_MISREAD = """
(list_splat) @splat (type_alias_statement) @alias (chevron) @print "^" @xor (await) @await
"""
# what binds less than a star for the grammar, and what the star is spelled as
_HIGHER = {"call": b"+", "attribute": b"+", "subscript": b"+", "binary_operator": b" "}
_LONE = re.compile(rb"\r(?!\n)")


def tree_of(source: Source, parser: Parser) -> ParsedCode:
    """Return the tree of Python code, and where it is known to be misread. Raises Unreadable."""
    _check_encoding(source)
    data = _LONE.sub(b"\n", source.utf8) if b"\r" in source.utf8 else source.utf8
    changed = Respelled(data, parser)
    if _may_hold_format(data):
        changed.add([Change(place, b">") for kind, place in _Scanner(data).places() if kind == "format"])
    changed.parse()
    if changed.tree.root_node.has_error:
        spelled = {"default": b",", "target": b" "}
        changed.add([Change(place, spelled[kind]) for kind, place in _Scanner(data).places() if kind in spelled])
        changed.parse()
    misread = ""
    if as_meant(source):
        names, misread = _names(changed.tree, data)
        changed.add(names)
    stars = [star.start() for star in _STAR.finditer(data) if _OPENED.search(_before(star.start(), data))]
    if len(stars) > _FEW_STARS or _may_be_misread(data):
        respelled, wrong = _misread(changed.tree)
        changed.add(respelled)
        misread = misread or wrong
    elif stars:
        changed.add(_splats(map(partial(_splat_at, changed.tree.root_node), stars)))
    changed.parse()
    changed.restore()
    return ParsedCode(changed.tree, misread)


def _may_hold_format(data: bytes) -> bool:
    """Return whether a format that begins with `=` may stand in the code, as a `:=` that isn't known to assign.

    NOTE: the scanner takes longer than the parser, and most files that assign within expressions have formats, too.
    """
    return (
        any(not _ASSIGNED.search(before) for before in _before_each(b":=", data))
        and _FORMATTED.search(data) is not None
    )


def _before_each(sign: bytes, data: bytes) -> Iterator[bytes]:
    """Yield what stands right before each occurrence of a sign.

    NOTE: a sign is found a hundred times as fast as a regular expression looks at what may be before one.
    """
    place = data.find(sign)
    while place >= 0:
        yield _before(place, data)
        place = data.find(sign, place + len(sign))


def _before(place: int, data: bytes) -> bytes:
    """Return what stands right before a place."""
    return data[max(0, place - _NEAR) : place]


def _may_be_misread(data: bytes) -> bool:
    """Return whether something but a star stands in the code that the grammar may take for something else."""
    return (
        (b"^" in data and b"&" in data)
        or (b"await" in data and any(each.rstrip()[-1:] not in _UNPACKING for each in _before_each(b"**", data)))
        or any(_BEFORE_STATEMENT.search(_before(place.start(), data)) for place in _TYPE.finditer(data))
        or (b">>" in data and b"print" in data and _PRINT.search(data) is not None)
    )


def _splat_at(root: Node, star: int) -> Node | None:
    """Return the star before a value that begins at a place; None if something else does."""
    node = root.descendant_for_byte_range(star, star + 1)
    parent = node.parent if node is not None else None
    return parent if parent is not None and parent.type == "list_splat" and parent.start_byte == star else None


def _splats(nodes: Iterable[Node | None]) -> Iterator[Change]:
    """Yield the respellings of stars that the grammar takes for a part of what stands behind them."""
    for node in nodes:
        parent = node.parent if node is not None else None
        if node is None or parent is None or parent.type not in _HIGHER:
            continue
        if parent.named_children[0].id == node.id:
            yield Change(node.start_byte, _HIGHER[parent.type])


def _misread(tree: Tree) -> tuple[list[Change], str]:
    """Return the respellings for code that the grammar misreads, or the reason why it can't be read."""
    from tree_sitter import QueryCursor

    wrong: list[Node] = []
    result = QueryCursor(_query(tree.language)).captures(tree.root_node)
    changes = [*_splats(result.get("splat", ()))]
    for node in result.get("alias", ()):
        left = node.child_by_field_name("left")
        name = left.named_child(0) if left is not None else None
        if name is None or name.type not in ("identifier", "generic_type"):
            changes.append(Change(node.start_byte, b"tyqe"))
    for node in result.get("print", ()):
        if node.parent is not None:
            changes.append(Change(node.parent.start_byte, b"prinx"))
    for node in result.get("xor", ()):
        operation = node.parent
        if operation is not None and operation.parent is not None and _operator(operation.parent) == "&":
            wrong.append(node)
    for node in result.get("await", ()):
        if any(_operator(inner) == "**" for inner in node.named_children[:1]):
            wrong.append(node)
    if not wrong:
        return changes, ""
    line = min(node.start_point[0] for node in wrong) + 1
    return changes, f"line {line}: the grammar has the precedence of these operators wrong: write parentheses"


def _operator(node: Node) -> str:
    """Return the operator of an operation, empty for other nodes."""
    sign = node.child_by_field_name("operator")
    return sign.type if sign is not None else ""


def _check_encoding(source: Source) -> None:
    """Refuse a file that says how it is encoded (PEP 263) where its name doesn't show that it is Python.

    Raises Unreadable: its other readers take it for UTF-8, and what it holds is something else to Python.
    """
    encoding = declared_encoding("x.py", source.data) if source.path else ""
    if not encoding or declared_encoding(source.path, source.data):
        return
    try:
        known = codecs.lookup(encoding).name
    except LookupError:
        known = encoding
    if known not in ("utf-8", "ascii"):
        raise Unreadable(f"not text: as Python it is in the encoding `{encoding}`, which the name doesn't say")


def as_meant(source: Source) -> bytes | None:
    """Return the text with every name as it means, in UTF-8; None where that is the text itself. Raises Unreadable.

    What is no part of a name stays as it is: of `½` and `㎏` Python makes no digits and letters.
    """
    _check_encoding(source)
    if source.utf8.isascii() or is_normalized("NFKC", text := source.text):
        return None
    between = "".join(sorted(char for char in set(text) if not (char.isascii() or f"a{char}".isidentifier())))
    pieces = re.split(f"([{re.escape(between)}]+)", text) if between else [text]
    pieces[::2] = [normalize("NFKC", piece) for piece in pieces[::2]]
    normal_form = "".join(pieces)
    return None if normal_form == text else normal_form.encode("utf-8", "surrogatepass")


@cache
def _query(language: Grammar) -> Query:
    from tree_sitter import Query

    return Query(language, _MISREAD)


def _names(tree: Tree, data: bytes) -> tuple[list[Change], str]:
    """Names that are written otherwise than they mean, as they mean, blanks filling the room; why one can't be."""
    changes: list[Change] = []
    wrong = ""
    for node in _identifiers(tree.root_node):
        old = data[node.start_byte : node.end_byte]
        if old.isascii():
            continue
        text = old.decode("utf-8", "surrogatepass")
        new = normalize("NFKC", text).encode("utf-8", "surrogatepass")
        if len(new) > len(old):
            line = node.start_point[0] + 1
            wrong = wrong or f"line {line}: the name `{text}` means `{new.decode('utf-8', 'replace')}`: write that"
        elif new != old:
            changes.append(Change(node.start_byte, new.ljust(len(old)), lasting=True))
    return changes, wrong


def _identifiers(root: Node) -> list[Node]:
    """Return every identifier below a node."""
    results: list[Node] = []
    cursor = root.walk()
    while True:
        if cursor.node is not None and cursor.node.type == "identifier":
            results.append(cursor.node)
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return results


_TOKEN = re.compile(
    rb"""(?P<blank>(?:[ \t\f\v]|\\\r?\n)+|\#[^\n]*)|(?P<line>\n)|(?P<word>[A-Za-z_0-9\x80-\xff]+)"""
    rb"""|(?P<quote>\"\"\"|'''|["'])|(?P<open>[(\[{])|(?P<close>[)\]}])"""
    rb"""|(?P<sign>:=|==|!=|<=|>=|->|\*\*=?|//=?|<<=?|>>=?|[-+*/%@&|^]=|[^\s\w])|(?P<other>.)""",
    re.DOTALL,
)
_IN_TEXT = re.compile(rb"[\\\n\"'{}]")
_VALUE_WORDS = frozenset({b"in", b"return", b"yield", b"for", b"if", b"else", b"and", b"or", b"not", b"is", b"lambda"})
_PREFIXES = frozenset({b"f", b"t", b"rf", b"fr", b"rt", b"tr"})


class _Block:
    """A bracket or replacement field of code, or the text of a string that may have such fields, while it is
    scanned.
    """

    __slots__ = ("form", "group", "parameters", "quotes", "raw", "stars")

    def __init__(
        self, form: str, quotes: bytes = b"", *, group: bool = False, parameters: bool = False, raw: bool = False
    ) -> None:
        self.raw = raw
        self.form = form  # "code", "bracket", "field", "text" or "format"
        self.quotes = quotes
        self.group = group  # whether a bracket is no call's or subscript's
        self.parameters = parameters  # whether it holds type parameters
        self.stars: list[int] = []  # which may stand before a target


class _Scanner:
    """Reads Python's tokens from left to right, once, to find what the grammar needs to have spelled otherwise.

    INVARIANT: each byte is read once, whatever is in it, and what isn't valid gives places that are of no use but do
    no harm: the grammar refuses the code with them as it does without.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._blocks = [_Block("code")]
        self._before = b""  # the last token, without blanks
        self._words: list[bytes] = [b"", b""]  # the two tokens before it

    def places(self) -> Iterator[tuple[str, int]]:
        """Yield the `=` of a format or of a type parameter's default, and the stars before a target that is no name."""
        while self._at < len(self._data):
            if self._blocks[-1].form in ("text", "format"):
                self._text()
            else:
                yield from self._code()

    def _text(self) -> None:
        """Goes on to where the text of a string, or a format, is left."""
        block = self._blocks[-1]
        match = _IN_TEXT.search(self._data, self._at)
        if match is None:
            self._at = len(self._data)
            return
        sign, start = match.group(), match.start()
        self._at = start + 1
        following = self._data[start + 1 : start + 2]
        if sign == b"\\":
            self._at = self._after_escape(start, following, block.raw)
        elif sign == b"{":
            if following == b"{" and block.form == "text":
                self._at = start + 2
            else:
                self._push(_Block("field", block.quotes))
        elif sign == b"}":
            if block.form == "format":
                self._blocks.pop()
                self._close()
        elif sign == b"\n" and len(block.quotes) == 1:
            self._leave()
        elif sign != b"\n" and self._data.startswith(block.quotes, start):
            while self._blocks[-1].form != "text":
                self._blocks.pop()
            self._blocks.pop()
            self._at = start + len(block.quotes)
            self._token(b'"')

    def _after_escape(self, start: int, following: bytes, raw: bool) -> int:
        """Return the offset at which the text continues after a backslash."""
        if following == b"N" and not raw and self._data[start + 2 : start + 3] == b"{":
            return max(self._data.find(b"}", start, start + 200), start) + 1
        return start + (1 if following in (b"{", b"}") else 2)

    def _leave(self) -> None:
        """Ends strings that a line break has left open."""
        while len(self._blocks) > 1:
            self._blocks.pop()
        self._token(b"\n")

    def _code(self) -> Iterator[tuple[str, int]]:
        match = _TOKEN.match(self._data, self._at)
        if match is None:
            self._at = len(self._data)
            return
        kind, token, start = match.lastgroup, match.group(), match.start()
        self._at = match.end()
        block = self._blocks[-1]
        if kind == "line" and block.form == "code":
            block.stars.clear()
            self._token(token)
        elif kind in ("blank", "line"):
            return
        elif kind == "quote":
            self._string(token)
        elif kind == "open":
            self._push(
                _Block(
                    "bracket",
                    group=not self._is_value(),
                    parameters=token == b"[" and self._words[1] in (b"class", b"def", b"type"),
                )
            )
            self._token(token)
        elif kind == "close":
            self._close()
        else:
            yield from self._sign(block, token, start)
            self._token(token)

    def _sign(self, block: _Block, token: bytes, start: int) -> Iterator[tuple[str, int]]:
        """Yield the places affected by a word or operator of code."""
        if block.form == "field" and token in (b":", b":="):
            if token == b":=":
                yield "format", start + 1
            self._push(_Block("format", block.quotes))
        elif token == b"=" and block.parameters:
            yield "default", start
        elif token == b"*" and not self._is_value():
            block.stars.append(start)
        elif (token == b"=" and block.form == "code") or token == b"in":
            yield from (("target", star) for star in block.stars if self._is_target(star))
            block.stars.clear()
        elif (token in (b";", b":") and block.form == "code") or token == b"for":
            block.stars.clear()

    def _is_target(self, star: int) -> bool:
        """Return whether what follows a star is a target that the grammar doesn't take there: no name alone."""
        return (
            re.match(rb"\*\s*[\w\x80-\xff]+\s*[,=)\]]|\*\s*[\w\x80-\xff]+\s+in\b", self._data[star : star + 200])
            is None
        )

    def _is_value(self) -> bool:
        """Return whether the last token ends a value, so that a bracket calls it and a star multiplies it."""
        last = self._before
        return last in (b")", b"]", b"}", b'"') or (
            last[:1] not in (b"", b"\n")
            and re.fullmatch(rb"[\w\x80-\xff]+", last) is not None
            and last not in _VALUE_WORDS
        )

    def _string(self, quotes: bytes) -> None:
        start = self._at - len(quotes)
        if self._before.lower() in _PREFIXES and self._data[start - len(self._before) : start] == self._before:
            self._push(_Block("text", quotes, raw=b"r" in self._before.lower()))
            return
        while True:
            match = _IN_TEXT.search(self._data, self._at)
            if match is None:
                self._at = len(self._data)
                break
            sign, place = match.group(), match.start()
            self._at = place + 1
            if sign == b"\\":
                self._at = place + 2
            elif sign == b"\n" and len(quotes) == 1:
                break
            elif sign in b"\"'" and self._data.startswith(quotes, place):
                self._at = place + len(quotes)
                break
        self._token(b'"')

    def _close(self) -> None:
        """Ends a bracket or field; stars in a group are those of what is around."""
        block = self._blocks[-1]
        if block.form != "code":
            self._blocks.pop()
            if block.group:
                self._blocks[-1].stars += block.stars
        self._token(b")")

    def _push(self, block: _Block) -> None:
        self._blocks.append(block)

    def _token(self, token: bytes) -> None:
        self._words = [self._words[1], self._before]
        self._before = token
