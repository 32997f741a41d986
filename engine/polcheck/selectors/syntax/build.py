"""From a snippet's tree to the shapes that the matcher compares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from polcheck.languages.language import Chain
from polcheck.languages.names import only_child, segments_of
from polcheck.languages.registry import language as language_called
from polcheck.selectors.syntax.problem import SyntaxProblem, refuse_reserved
from polcheck.selectors.syntax.shape import (
    IGNORED,
    Arguments,
    Branch,
    Formatted,
    Generic,
    Hole,
    Import,
    Keyword,
    Leaf,
    Many,
    Mapping,
    Name,
    Parameter,
    Shape,
    Statements,
    Terminated,
    Word,
)
from polcheck.selectors.syntax.snippet import (
    Prepared,
    parameter_parts,
    quoted,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MANY = Many()
_DEEPEST = 100


def build(prepared: Prepared, resolve: bool) -> Shape:
    """Return the shape of the snippet. Raises SyntaxProblem when it would match everything or can't be compared."""
    builder = _Builder(prepared, resolve)
    shapes = [builder.shape(node) for node in prepared.statements]
    while shapes and isinstance(shapes[0], Many):
        shapes.pop(0)
    while shapes and isinstance(shapes[-1], Many):
        shapes.pop()
    root = _bare(shapes[0], builder.rules.expression_statements) if len(shapes) == 1 else Statements(tuple(shapes))
    if len(shapes) == 1 and root is not shapes[0] and _is_terminated(prepared.statements[0], prepared):
        root = Terminated(root)
    if not shapes or isinstance(root, Hole | Many) or isinstance(shapes[0], Hole):
        raise SyntaxProblem(
            "the snippet begins with anything at all" if len(shapes) > 1 else "the snippet matches anything at all",
            0,
            "say what to look for, such as `$f($x, ...)`",
        )
    return root


def _bare(shape: Shape, statements: frozenset[str]) -> Shape:
    """Return the expression of a statement that is only that, so that it matches wherever an expression stands."""
    if isinstance(shape, Branch) and shape.kinds <= statements and len(shape.items) == 1:
        return shape.items[0]
    return shape


def _is_terminated(node: Node, prepared: Prepared) -> bool:
    """Return whether a statement ends in a `;` of the snippet's own."""
    own_end = len(prepared.source.text.encode()) - len(prepared.after.encode())
    return bool(node.children) and node.children[-1].type == ";" and node.end_byte <= own_end


def walk(shape: Any) -> Iterator[Any]:
    """`shape` and every shape in it, in the order of the snippet."""
    if isinstance(shape, Struct):
        yield shape
        for name in shape.__struct_fields__:
            yield from walk(getattr(shape, name))
    elif isinstance(shape, tuple):
        for part in shape:
            yield from walk(part)


class _Builder:
    def __init__(self, prepared: Prepared, resolve: bool) -> None:
        self.prepared = prepared
        self.language = language_called(prepared.language)
        self.rules = self.language.snippet
        self.attribute = self.rules.chain.attribute if self.rules.chain is not None else ""
        self.letter = prepared.marks.letter
        self.resolve = resolve and self.language.follows_imports
        self.ignored = IGNORED | self.language.comments | self.rules.punctuation
        self.depth = 0
        self.in_type = False

    def shape(self, node: Node, names: bool = True) -> Shape:
        """Return the shape of `node`; with `names`, identifiers are names that may be followed."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._problem(node, f"the snippet is more than {_DEEPEST} levels deep")
        in_type = self.in_type
        self.in_type = in_type or node.type in self.rules.types
        try:
            return self._mark(node) or self._special(node, names) or self._branch(node)
        finally:
            self.depth -= 1
            self.in_type = in_type

    def _mark(self, node: Node) -> Shape | None:
        text = _text(node)
        if self.prepared.is_any(text) or (not text and node.type == "block"):
            return _MANY
        if node.type == "decorator" and self.prepared.is_any(text.removeprefix("@").strip()):
            return _MANY
        name = self.prepared.hole(text) if node.type not in self.rules.bare_lists else None
        if name is None:
            return None
        if name == "_":
            return Hole(None)
        refuse_reserved(name, self.prepared.offset(node))
        return Hole(name)

    def _special(self, node: Node, names: bool) -> Shape | None:
        rules = self.rules
        if node.type in self.language.strings:
            return self._string(node)
        if node.type in rules.mappings:
            return self._mapping(node)
        if node.type in rules.grouping:
            inner = only_child(node)
            return self.shape(inner) if inner is not None else None
        if rules.chain is not None and node.type in rules.chain.kinds and names:
            return self._name(node, rules.chain)
        if node.type in rules.arguments:
            return self._arguments(node.named_children)
        if node.type in rules.keyword_arguments:
            return self._keyword(node)
        if node.type in rules.parameters:
            items = [self._parameter(child) for child in self._children(node)]
            return Branch(frozenset({node.type}), tuple(items), (None,) * len(items))
        if self.in_type and (node.type in rules.generic_types or _is_union(node)):
            return self._type(node)
        return self._import(node) if node.type in rules.imports else None

    def _type(self, node: Node) -> Shape:
        """Return a type with arguments, or one of several types, whichever of the grammar's two forms it has."""
        if node.type == "subscript":
            items = [child for child in self._children(node) if child.is_named]
        elif node.type == "generic_type":
            name, *rest = [child for child in self._children(node) if child.is_named]
            items = [name, *(child for part in rest for child in self._children(part) if child.is_named)]
        else:
            shapes = [self.shape(_of_type(child)) for child in self._children(node)]
            return Branch(frozenset({"binary_operator", "union_type"}), tuple(shapes), (None,) * len(shapes))
        value, *arguments = [self.shape(_of_type(child)) for child in items]
        return Generic(value, tuple(arguments))

    def _children(self, node: Node) -> list[Node]:
        return [child for child in node.children if child.type not in self.ignored]

    def _branch(self, node: Node) -> Shape:
        if not node.is_named:
            return Word(node.type)
        if node.child_count == 0:
            if self.letter in _text(node):
                raise self._problem(node, "a name can't be part of another one")
            return Leaf(node.type, node.text or b"")
        items: list[Shape] = []
        labels: list[str | None] = []
        for index, child in enumerate(node.children):
            if child.type in self.ignored:
                continue
            label = node.field_name_for_child(index)
            defined = (node.type, label) in self.rules.definitions or node.type in self.rules.name_lists
            if (node.type, child.type) in self.rules.bare_arguments:
                items.append(self._arguments([child]))
            else:
                items.append(
                    self._body(node, child) or self.shape(child, names=not defined and label != self.attribute)
                )
            labels.append(label)
        return self._without_unasked(node, items, labels)

    def _body(self, parent: Node, node: Node) -> Many | None:
        """Return `...` for a part that holds nothing else, and may be missing; None for any other node."""
        may_be_missing = node.type in self.rules.bodies or (parent.type, node.type) in self.rules.bare_parts
        inside = self._children(node) if may_be_missing else []
        return _MANY if inside and all(isinstance(self._mark(child), Many) for child in inside) else None

    def _without_unasked(self, node: Node, items: list[Shape], labels: list[str | None]) -> Branch:
        unasked: set[str] = set()
        rules = self.rules
        present = {child.type for child in node.children}
        for part, kinds in rules.optional.get(node.type, {}).items():
            if part not in present:
                unasked |= kinds
        left_out = {
            field: words for field, words in rules.optional_fields.get(node.type, {}).items() if field not in labels
        }
        unasked |= frozenset[str]().union(*left_out.values())
        unasked -= present
        if node.type in rules.open_bases:
            remaining = [
                (item, label)
                for item, label in zip(items, labels, strict=True)
                if item != Arguments((_MANY,), (), open=True)
            ]
            if len(remaining) < len(items):
                unasked |= rules.arguments
            items, labels = [item for item, _ in remaining], [label for _, label in remaining]
        unasked |= rules.optional_words - present
        if not present.isdisjoint(rules.open_parts):
            items, labels = _beside_others(items, labels, rules.open_parts)
        if node.type in rules.with_clauses or not present.isdisjoint(rules.listed_clauses):
            items, labels = _among_others(items, labels, rules.clauses)
        elif node.type in rules.open_lists:
            items = [_MANY, *(part for item in items for part in (item, _MANY))]
            labels = [None] * len(items)
        elif any(kind == node.type and field not in labels for kind, field in rules.value_left_out):
            items, labels = [*items, _MANY], [*labels, None]
        elif node.type in rules.open_ended and len(items) > 1:
            among = [_MANY] if node.type in rules.scope_statements else []
            items = [items[0], *among, *items[1:], _MANY]
            labels = [None] * len(items)
        alike = rules.alike.get(node.type, frozenset({node.type}))
        return Branch(alike, tuple(items), tuple(labels), frozenset(unasked), frozenset(left_out))

    def _name(self, node: Node, chain: Chain) -> Shape:
        """Return a chain of names; one that begins with a hole is a node like any other."""
        segments: list[str] = []
        holes: list[tuple[int, str]] = []
        here = node
        while here.type == chain.member:
            attribute, base = here.child_by_field_name(chain.attribute), here.child_by_field_name(chain.base)
            if attribute is None or base is None:
                return self._branch(node)
            segments.append(_text(attribute))
            here = base
            while here.type in self.rules.grouping and (inner := only_child(here)) is not None:
                here = inner
        first = segments_of(_text(here)) if here.type in chain.whole else [_text(here)]
        plain = here.type in chain.whole or here.type in chain.roots or here.type == chain.identifier
        if not plain or first[0].startswith(self.letter) or not (chain.single or len(first) + len(segments) > 1):
            return self._branch(node)
        segments += reversed(first)
        segments.reverse()
        for index, segment in enumerate(segments):
            hole = self.prepared.hole(segment)
            if hole is not None:
                refuse_reserved(hole, self.prepared.offset(node))
                segments[index] = "*"
                holes += [(index, hole)] if hole != "_" else []
            elif self.letter in segment:
                raise self._problem(node, "a name can't be part of another one")
        return Name(".".join(segments), tuple(holes))

    def _string(self, node: Node) -> Shape:
        literal = self.language.literal(node)
        if literal is None:
            return self._branch(node)
        if literal.plain:
            value = literal.value
            if node.type in self.language.texts:
                for form in sorted(self.prepared.marks.any_texts, key=len, reverse=True):
                    value = value.replace(form, f"{self.letter}_")
                # NOTE: a dollar sign of the text's own is written twice, in quotes as anywhere
                value = value.replace(f"${self.letter}", "\0").replace("$", "$$").replace("\0", "$$")
            return quoted(value.replace(self.letter, "$"), self.prepared.offset(node))
        pieces = self.language.formatted(node) if self.language.formatted is not None else []
        if not pieces:
            return self._branch(node)
        shaped: list[str | tuple[Shape, bytes]] = []
        for piece in pieces:
            if isinstance(piece, str):
                if self.letter in piece:
                    raise self._problem(node, "a name in the text of an f-string can't be compared")
                shaped.append(piece)
            elif piece.expression is not None:
                shaped.append((self.shape(piece.expression), piece.form))
        return Formatted(tuple(shaped))

    def _mapping(self, node: Node) -> Shape:
        items = [self.shape(child) for child in self._children(node) if child.is_named]
        pairs = tuple(item for item in items if not isinstance(item, Many))
        return Mapping(pairs, len(pairs) < len(items))

    def _arguments(self, children: list[Node]) -> Arguments:
        positional: list[Shape] = []
        keywords: list[Shape] = []
        for child in children:
            if child.type in self.ignored:
                continue
            item = self.shape(child)
            named = isinstance(item, Keyword) or (
                child.type in self.rules.keyword_unpacking and not isinstance(item, Many)
            )
            (keywords if named else positional).append(item)
        is_open = any(isinstance(item, Many) for item in positional)
        return Arguments(tuple(positional), tuple(keywords), is_open)

    def _keyword(self, node: Node) -> Shape | None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return None
        shaped = self.shape(value)
        return Keyword(self._leaf(name), Hole(None) if isinstance(shaped, Many) else shaped)

    def _leaf(self, node: Node) -> Leaf | Hole:
        """Return a name that is compared as it is written."""
        mark = self._mark(node)
        if isinstance(mark, Many):
            raise self._problem(node, "`...` can't stand for a name here", "write `$_`")
        if isinstance(mark, Hole):
            return mark
        if self.letter in _text(node):
            raise self._problem(node, "a name can't be part of another one")
        return Leaf(node.type, "".join(_text(node).split()).encode())

    def _parameter(self, node: Node) -> Shape:
        if node.type in ("identifier", "default_parameter", "typed_parameter", "typed_default_parameter"):
            mark = self._mark(node)
            if isinstance(mark, Many):
                return mark
            name, annotation, default = parameter_parts(node)
            return Parameter(
                self.shape(name, names=False),
                self.shape(annotation) if annotation is not None else None,
                self.shape(default) if default is not None else None,
            )
        if node.type in ("list_splat_pattern", "dictionary_splat_pattern"):
            return Parameter(self.shape(node, names=False), None, None)
        return self.shape(node)

    def _import(self, node: Node) -> Shape:
        origin = node.child_by_field_name("module_name")
        names: list[tuple[Hole | Leaf, Hole | Leaf | None]] = []
        for item in node.children_by_field_name("name"):
            if isinstance(self._mark(item), Many):
                continue
            name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
            if item.type == "aliased_import" and name is not None and alias is not None:
                names.append((self._leaf(name), self._leaf(alias)))
            else:
                names.append((self._leaf(item), None))
        names += [(Leaf(child.type, b"*"), None) for child in node.named_children if child.type == "wildcard_import"]
        module = None if origin is None or isinstance(self._mark(origin), Many) else self._leaf(origin)
        return Import(node.type, module, tuple(names))

    def _problem(self, node: Node, message: str, help: str = "") -> SyntaxProblem:
        return SyntaxProblem(message, self.prepared.offset(node), help or "write a `code` query for that")


def _among_others(
    items: list[Shape], labels: list[str | None], clauses: frozenset[str]
) -> tuple[list[Shape], list[str | None]]:
    """`items` with `...` around decorators and clauses, since a snippet needn't name all of them."""
    spread: list[tuple[Shape, str | None]] = []
    for item, label in zip(items, labels, strict=True):
        if isinstance(item, Branch) and item.kinds <= clauses | {"decorator"}:
            spread += [(_MANY, None), (item, label), (_MANY, None)]
        else:
            spread.append((item, label))
    if not any(isinstance(item, Branch) and "decorator" in item.kinds for item in items):
        # NOTE: a statement's own clauses come last, a definition under decorators stands last itself
        spread += [(_MANY, None)] if labels[-1] != "definition" else []
    remaining = [
        pair
        for index, pair in enumerate(spread)
        if not (isinstance(pair[0], Many) and index and isinstance(spread[index - 1][0], Many))
    ]
    return [item for item, _ in remaining], [label for _, label in remaining]


def _beside_others(
    items: list[Shape], labels: list[str | None], kinds: frozenset[str]
) -> tuple[list[Shape], list[str | None]]:
    """`items` with `...` before and after those of `kinds`, since others of their kind may stand beside them."""
    spread: list[tuple[Shape, str | None]] = []
    for item, label in zip(items, labels, strict=True):
        is_open = item.kinds <= kinds if isinstance(item, Branch) else isinstance(item, Leaf) and item.kind in kinds
        if is_open and not (spread and isinstance(spread[-1][0], Many)):
            spread.append((_MANY, None))
        spread += [(item, label), (_MANY, None)] if is_open else [(item, label)]
    return [item for item, _ in spread], [label for _, label in spread]


def _is_union(node: Node) -> bool:
    """Return whether a node is `a | b`."""
    return node.type == "union_type" or (
        node.type == "binary_operator" and any(child.type == "|" for child in node.children)
    )


def _of_type(node: Node) -> Node:
    """What stands in a node of an annotation that holds one thing."""
    inner = only_child(node) if node.type == "type" else None
    return inner if inner is not None else node


def _text(node: Node) -> str:
    return (node.text or b"").decode()
