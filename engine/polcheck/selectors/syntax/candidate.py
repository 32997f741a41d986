"""The tree-sitter query that finds where a snippet may match.

It says as much as a query can say truly: what it leaves open, the matcher compares. It is written for
people too, and snippets that differ only in a name give queries that differ only in a predicate, so that
they run as one.
"""

from __future__ import annotations

import re
from functools import cache

from polcheck.languages.language import Language
from polcheck.languages.registry import language as language_called
from polcheck.selectors.syntax.build import walk
from polcheck.selectors.syntax.query_patterns import compiled
from polcheck.selectors.syntax.shape import (
    Branch,
    Formatted,
    Hole,
    Import,
    Leaf,
    Mapping,
    Name,
    Shape,
    Statements,
    Terminated,
    Word,
)
from polcheck.selectors.syntax.snippet import Quoted

ROOT = "_match"
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def candidates(shape: Shape, language: str, resolve: bool) -> list[str]:
    """Return the queries, with their predicates, that together find the nodes that `shape` may match.

    What is called may stand in parentheses: each further query finds those of one callee, which the grammar may demand.
    """
    while isinstance(shape, Statements | Terminated):
        shape = shape.items[0] if isinstance(shape, Statements) else shape.expression
    queries: list[str] = []
    levels = 0
    while len(queries) <= levels:
        writer = _Writer(language, resolve, wrapped=len(queries))
        pattern = writer.root(shape)
        levels = max(levels, writer.callees)
        query = "\n ".join([f"({pattern} @{ROOT}", *writer.predicates]) + ")"
        queries.append(query if writer.predicates else f"{pattern} @{ROOT}")
    return queries


class _Writer:
    """Writes one query; of the callees that are nodes, the one with the number `wrapped` is in parentheses."""

    def __init__(self, language: str, resolve: bool, wrapped: int) -> None:
        self.wrapped = wrapped
        self.callees = 0
        self.language = language_called(language)
        self.rules = self.language.snippet
        self.resolve = resolve and self.language.follows_imports
        self.predicates: list[str] = []
        self.names = 0

    def root(self, shape: Shape) -> str:
        """Return the outermost node, without its capture."""
        if isinstance(shape, Branch):
            return self.branch(shape)
        if isinstance(shape, Name):
            self.predicate(shape.text, ROOT)
            chain = self.rules.chain
            assert chain is not None  # INVARIANT: no other language's snippets have names
            return _one_of(sorted(chain.kinds)) if "." in shape.text else f"({chain.identifier})"
        if isinstance(shape, Leaf):
            self.predicate_of_leaf(shape, ROOT)
            return f"({shape.kind})"
        if isinstance(shape, Mapping):
            return _one_of(sorted(self.rules.mappings))
        if isinstance(shape, Import):
            future = ["future_import_statement"] if shape.kind == "import_from_statement" else []
            return _one_of([*future, shape.kind])
        if isinstance(shape, Formatted):
            return "(string)"
        kinds = sorted(self.language.strings) if isinstance(shape, Quoted) else ["_"]
        return _one_of(kinds)

    def branch(self, shape: Branch) -> str:
        """Return a node with those of its fields that a query can tell."""
        if len(shape.kinds) > 1:
            return _one_of(sorted(shape.kinds))
        kind = next(iter(shape.kinds))
        labels = [label for label in shape.fields if label is not None]
        inside = [
            self.field(kind, label, item)
            for item, label in zip(shape.items, shape.fields, strict=True)
            if label is not None and labels.count(label) == 1
        ]
        return f"({' '.join([kind, *filter(None, inside)])})"

    def field(self, kind: str, label: str, item: Shape) -> str:
        """Return one field of a node; empty when nothing can be said of it."""
        if isinstance(item, Word):
            return "" if item.text in self.rules.alike_words else f"{label}: {_string(item.text)}"
        if isinstance(item, Name) and (kind, label) in self.rules.named_fields:
            name = self.capture()
            self.predicate(item.text, name)
            return f"{label}: (_) @{name}"
        if isinstance(item, Branch | Leaf) and (kind, label) in self.rules.named_fields and self.rules.grouping:
            if label not in self.rules.called:
                return ""
            self.callees += 1
            if self.callees == self.wrapped:
                kinds = sorted({*self.rules.grouping, *self.rules.erased})
                around = [each for each in kinds if _may_be(kind, label, each, self.language.name)]
                return f"{label}: {_one_of(around)}"
            return f"{label}: {self.branch(item)}" if isinstance(item, Branch) else self.leaf(label, item)
        if isinstance(item, Leaf) and (label in self.rules.exact_leaves or not self.rules.grouping):
            return self.leaf(label, item)
        if isinstance(item, Branch) and (label in self.rules.exact_branches or not self.rules.grouping):
            return f"{label}: {self.branch(item)}"
        return ""

    def leaf(self, label: str, item: Leaf) -> str:
        """Return a field that holds a word, with what its text has to be."""
        name = self.capture()
        self.predicate_of_leaf(item, name)
        form = f"({item.kind}) @{name}"
        typed = [f"({kind} . {form})" for kind, named in sorted(self.rules.typed_names.items()) if named == item.kind]
        return f"{label}: [{' '.join([form, *typed])}]" if typed else f"{label}: {form}"

    def predicate_of_leaf(self, item: Leaf, capture: str) -> None:
        """Add what a word asks of `capture`."""
        text = item.text.decode()
        if self.rules.ignores_case is not None and self.rules.ignores_case(item.kind):
            self.predicates.append(f"(#match? @{capture} {_string('(?i)^' + re.escape(text) + '$')})")
        else:
            self.predicates.append(f"(#eq? @{capture} {_string(text)})")

    def capture(self) -> str:
        """Return a private name for a capture."""
        self.names += 1
        return "_name" if self.names == 1 else f"_name{self.names}"

    def predicate(self, text: str, capture: str) -> None:
        """Adds what the name `text` asks of `capture`."""
        if "." in text and self.resolve:
            self.predicates.append(f"(#resolves-to? @{capture} {_string(text)})")
        elif "." in text:
            if self.rules.erased:
                return  # NOTE: types may stand between the names; the matcher compares them
            separator = self.rules.chain.separator if self.rules.chain is not None else r"\."
            names = [r"[^\s().:]+" if part == "*" else re.escape(part) for part in text.split(".")]
            spelled = rf"[\s()]*(?:{separator})[\s()]*".join(names)
            self.predicates.append(f'(#match? @{capture} "^[\\s(]*{spelled}[\\s)]*$")')
        else:
            self.predicates.append(f"(#eq? @{capture} {_string(text)})")


@cache
def _may_be(kind: str, field: str, inner: str, language: str) -> bool:
    """Return whether a node of a kind may have one of the kind `inner` in a field: the grammar refuses others."""
    try:
        compiled(f"({kind} {field}: ({inner}))", language)
    except ValueError:
        return False
    return True


def literals(shape: Shape, language: str, resolve: bool) -> tuple[frozenset[str], ...]:
    """Words that stand in every file in which `shape` matches, or in its path, each set being alternatives.

    A word that ends in `(` is one that is called, with no more than white space, comments and `)` in between.
    NOTE: texts of strings are left out: `"\\x61"` and `"a" "b"` don't hold the words of their values.
    """
    clauses: set[frozenset[str]] = set()
    skipped: set[int] = set()
    record = language_called(language)
    calls = {kind for kind, field in record.snippet.named_fields if field == "function" and not _is_typed(record, kind)}
    for part in walk(shape):
        if isinstance(part, Import) and isinstance(part.module, Leaf):
            skipped.add(id(part.module))  # a relative import may stand for it
        if isinstance(part, Branch) and not calls.isdisjoint(part.kinds):
            clauses |= {frozenset({word}) for word in _called(part.items[0], resolve)}
        if isinstance(part, Name):
            clauses |= {frozenset({word}) for word in _words_of_name(part.text)}
        elif isinstance(part, Leaf) and id(part) not in skipped:
            word = part.text.decode().rpartition(".")[2]
            ignores_case = record.snippet.ignores_case
            if part.kind in record.snippet.words or (ignores_case is not None and ignores_case(part.kind)):
                continue  # NOTE: `c"ur"l` is the word `curl`
            sure = not record.split_strings or part.kind.endswith(("identifier", "name", "word"))
            if sure and _IDENTIFIER.fullmatch(word) and not part.kind.startswith(("string", "escape")):
                clauses.add(frozenset({word}))
        elif isinstance(part, Word) and part.text in record.snippet.separate_words:
            clauses.add(frozenset({part.text}))
    implied = {frozenset({word.removesuffix("(")}) for words in clauses for word in words if word.endswith("(")}
    return tuple(sorted(clauses - implied, key=sorted))


def _is_typed(record: Language, call: str) -> bool:
    """Return whether type arguments may stand between what a call names and its parentheses."""
    return bool(record.snippet.erased or record.left_out) or "type_arguments" in record.snippet.optional.get(call, {})


def _called(shape: Shape, resolve: bool) -> list[str]:
    """What is called by its own name; none where an import may have given it another one."""
    if not isinstance(shape, Name) or (resolve and "." in shape.text):
        return []
    word = shape.text.rpartition(".")[2]
    return [] if word == "*" else [f"{word}("]


def _words_of_name(text: str) -> list[str]:
    return [segment for segment in text.split(".") if segment != "*"]


def binds_of(shape: Shape) -> tuple[str, ...]:
    """Return the names that every match of `shape` binds, in the order of the snippet."""
    names: list[str] = []
    for part in walk(shape):
        if isinstance(part, Hole) and part.name is not None:
            names.append(part.name)
        elif isinstance(part, Name):
            names += [name for _, name in part.holes]
        elif isinstance(part, Quoted):
            names += [name for name in part.names if name is not None]
    return tuple(dict.fromkeys(names))


def _one_of(kinds: list[str]) -> str:
    nodes = " ".join("(_)" if kind == "_" else f"({kind})" for kind in kinds)
    return nodes if len(kinds) == 1 else f"[{nodes}]"


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
