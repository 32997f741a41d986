"""A pattern's text made into one that its language parses, and the tree of that.

`$name` becomes an identifier and `...` a word that stands where any item may. Where a grammar wants more than a word
there (a parameter with its type, a statement with its semicolon), the record of the language has further forms of both.
"""

from __future__ import annotations

import itertools
import math
import re
import sys
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import re2
from msgspec import Struct

from polcheck.base.spans import Source
from polcheck.languages import registry as languages
from polcheck.languages.grammars import first_error, parse
from polcheck.languages.language import MARK, Context, Language
from polcheck.selectors.syntax.predicates import regex
from polcheck.selectors.syntax.problem import SyntaxProblem
from polcheck.selectors.syntax.snippet_advice import advice

if TYPE_CHECKING:
    from tree_sitter import Node


_IN_STRING = re.compile(r"\$(?=[A-Za-z_])")
_PART = re.compile(r"\$\$|\$(?P<name>[A-Za-z_]\w*)", re.ASCII)


class Quoted(Struct, frozen=True):
    """The texts between the parts that bind, one more than `names`; a name is None for `$_`."""

    texts: tuple[str, ...]
    names: tuple[str | None, ...]

    def parts(self, value: str) -> tuple[str, ...] | None:
        """What each name stands for in `value`, in linear time; None when it doesn't match."""
        if not self.names:
            return () if value == self.texts[0] else None
        if self.texts == ("", ""):
            return (value,)
        pattern = "(?s)" + "(.*?)".join(re2.escape(text) for text in self.texts)
        found = regex(pattern).fullmatch(value)
        return tuple(found.groups()) if found is not None else None


def quoted(value: str, offset: int) -> Quoted:
    """Return the shape of a decoded `value`; `$$` is a dollar sign. Raises SyntaxProblem for a repeated name."""
    texts, names, done = [""], [], 0
    for found in _PART.finditer(value):
        texts[-1] += value[done : found.start()]
        done = found.end()
        name = found["name"]
        if name is None:
            texts[-1] += "$"
            continue
        if name != "_" and name in names:
            raise SyntaxProblem(f"`${name}` stands twice in one string", offset, "use two names and compare them")
        names.append(None if name == "_" else name)
        texts.append("")
    texts[-1] += value[done:]
    if any(not text for text in texts[1:-1]):
        raise SyntaxProblem("two names in a string need some characters between them", offset)
    return Quoted(tuple(texts), tuple(names))


def parameter_parts(node: Node) -> tuple[Node, Node | None, Node | None]:
    """Return the name, annotation and default of a Python parameter."""
    name = node.child_by_field_name("name")
    if name is None:
        name = node.named_children[0] if node.type == "typed_parameter" else node
    return name, node.child_by_field_name("type"), node.child_by_field_name("value")


_BEFORE_ANY = re.compile(r"(?:^|[\s(\[{,:;@=<>|!])$")
_AFTER_ANY = re.compile(r"[\s)\]},:;|<>]|$")
_RELATIVE_IMPORT = re.compile(r"\bfrom\s*$")
_LETTERS = "ZQXJKVWYGHUBPFMDLCRNOSITAE"
_MOST_COMBINATIONS = 100  # of the forms of names and `...` in one context, all of which are tried
_MOST_PARSES = 60  # of one snippet in one context


class Marks(Struct, frozen=True, eq=False):
    """What stands for `$name` and `...` in a snippet: words that begin with a letter that nothing else in it has."""

    letter: str
    any_texts: frozenset[str]  # what `...` may have become
    hole: re.Pattern[str]  # what `$name` may have become

    @property
    def any(self) -> str:
        """Return the usual word for `...`."""
        return self.letter * 3


class Prepared(Struct, frozen=True, eq=False):
    """One reading of a snippet: its text with marks in a context, and the statements that it is made of."""

    language: str
    marks: Marks
    statements: tuple[Node, ...]
    source: Source
    after: str  # what stands in `source` after the snippet
    moves: tuple[tuple[int, int], ...]  # pairs of an offset in `source` and the one in the snippet as given

    def offset(self, node: Node) -> int:
        """Return where `node` starts, in characters of the snippet as given."""
        return self.given(self.source.span_of_bytes(node.start_byte, node.end_byte).start)

    def given(self, offset: int) -> int:
        """Return where what stands at `offset` of the source stands in the snippet as given."""
        index = bisect_right(self.moves, (offset, sys.maxsize)) - 1
        return self.moves[index][1] + offset - self.moves[index][0] if index >= 0 else 0

    def hole(self, text: str) -> str | None:
        """Return the name of `$name` if that is what `text` stands for, otherwise None."""
        found = self.marks.hole.fullmatch(text)
        return next(name for name in found.groups() if name) if found else None

    def is_any(self, text: str) -> bool:
        """Return whether `text` stands for `...`."""
        return text.strip() in self.marks.any_texts


class _Slot(NamedTuple):
    """A `$name` or `...` of a snippet, which may be written in several forms; `length` is that of it as given."""

    forms: tuple[str, ...]
    length: int


class _Written(NamedTuple):
    """A snippet as it is parsed: its source, where it begins and ends in that, in bytes, and `Prepared.moves`.

    `forms` are the places, in bytes, of slots that have another form than the usual one.
    """

    source: Source
    root: Node
    first: int
    end: int
    moves: tuple[tuple[int, int], ...]
    forms: tuple[tuple[int, int], ...]

    @property
    def limit(self) -> int:
        """Return where the white space after the snippet ends: some nodes hold the end of their line."""
        rest = self.source.utf8[self.end :]
        return self.end + len(rest) - len(rest.lstrip())

    @property
    def is_valid(self) -> bool:
        """Return whether it parses, and each form of a slot is one thing."""
        return not self.root.has_error and all(map(self._is_one_node, self.forms))

    def _is_one_node(self, place: tuple[int, int]) -> bool:
        start, end = place
        node = self.root.descendant_for_byte_range(start, end)
        if node is not None and node.start_byte == start and node.end_byte in (end, end + 1):
            return True
        # NOTE: of statements of a shell, the `;` is no part
        return self.source.utf8[end - 1 : end] == b";" and self._is_one_node((start, end - 1))


def prepare(text: str, language: str) -> tuple[Prepared, ...]:
    """Return the readings of the snippet `text`: its tree in each context of its language in which it parses.

    Raises SyntaxProblem when it is empty or parses in none.
    """
    rules = languages.language(language)
    marks = _marks(_letter(text, rules), rules)
    if not text.strip():
        raise SyntaxProblem("the snippet is empty", 0, "write code, such as `torch.load(...)`")
    parts = _slotted(text, rules, marks)
    readings, only_comments = _readings(parts, rules, marks)
    if not readings and only_comments:
        raise SyntaxProblem("the snippet holds comments only", 0, "comments are ignored: write code")
    if not readings:
        written = _written(parts, [0] * len(parts), rules.contexts[0], rules)
        prepared = Prepared(language, marks, (), written.source, "", written.moves)
        raise _unparsed(text, prepared, written.root, _completion(text, rules, marks))
    return tuple(readings)


def _completion(text: str, rules: Language, marks: Marks) -> str:
    """Return what to add to a snippet that breaks off; empty where that is not what is wrong with it."""
    whole = ((advice, _slotted(text.rstrip() + rest, rules, marks)) for rest, advice in rules.completions)
    return next((advice for advice, parts in whole if _readings(parts, rules, marks)[0]), "")


def _readings(parts: list[str | _Slot], rules: Language, marks: Marks) -> tuple[list[Prepared], bool]:
    """Return a snippet's tree in each context in which it parses, and whether it holds only comments in one."""
    readings: list[Prepared] = []
    only_comments = False
    text = "".join(part for part in parts if isinstance(part, str))
    for context in rules.contexts:
        if (context.fallback and readings) or (context.needs and not any(word in text for word in context.needs)):
            continue
        written = _parsable(parts, context, rules)
        nodes = _statements(written, rules) if written is not None else None
        if written is None or nodes is None:
            continue
        if (context.before or context.after) and not _is_whole(nodes, written, context):
            continue
        if context.kinds and (len(nodes) != 1 or nodes[0].type not in context.kinds):
            continue
        statements = tuple(node for node in nodes if node.type not in rules.comments | {"line_continuation"})
        only_comments = only_comments or not statements
        if statements:
            readings.append(Prepared(rules.name, marks, statements, written.source, context.after, written.moves))
    return readings, only_comments


def _letter(text: str, rules: Language) -> str:
    """Return a letter that a snippet doesn't have. Raises SyntaxProblem where there is none."""
    if not rules.ascii_names:
        if MARK in text:
            raise SyntaxProblem(f"`{MARK}` can't stand in a snippet", text.index(MARK))
        return MARK
    used = set(text.upper())
    letter = next((letter for letter in _LETTERS if letter not in used), "")
    if not letter:
        raise SyntaxProblem("the snippet has every letter of the alphabet", 0, "search for a part of it")
    return letter


@cache
def _marks(letter: str, rules: Language) -> Marks:
    forms = filter(None, (*rules.name_forms, rules.statement_form))
    names = "|".join(
        re.escape(form.replace(MARK, letter)).replace(re.escape("{}"), r"([A-Za-z_]\w*)") for form in forms
    )
    texts = {form.replace(MARK, letter) for form in (*rules.any_forms, *rules.any_forms_in_braces)}
    texts |= {text.rstrip(" ;,\n") for text in texts} | {letter * 3}
    if rules.snippet.any_pair:
        texts.add(rules.snippet.any_pair + letter)
    return Marks(letter, frozenset(texts), re.compile(names, re.ASCII))


def _parsable(parts: Sequence[str | _Slot], context: Context, rules: Language) -> _Written | None:
    """Return a snippet with such forms of its slots that it parses in a context; None where none are.

    All combinations are tried where they are few; of more, slot after slot gets the form with the fewest errors.
    """
    choices = [0] * len(parts)
    written = _written(parts, choices, context, rules)
    if written.is_valid:
        return written
    open_slots = [index for index, part in enumerate(parts) if _forms(part) > 1]
    counts = [_forms(parts[index]) for index in open_slots]
    if math.prod(counts) <= _MOST_COMBINATIONS:
        for numbers in itertools.islice(itertools.product(*map(range, counts)), 1, None):
            for index, number in zip(open_slots, numbers, strict=True):
                choices[index] = number
            written = _written(parts, choices, context, rules)
            if written.is_valid:
                return written
        return None
    best, parses = _errors(written.root), 0
    for index in open_slots * 2:
        for number in range(_forms(parts[index])):
            if parses == _MOST_PARSES:
                return None
            parses += 1
            other = [*choices[:index], number, *choices[index + 1 :]]
            written = _written(parts, other, context, rules)
            if written.is_valid:
                return written
            if (errors := _errors(written.root)) < best:
                best, choices = errors, other
    return None


def _forms(part: str | _Slot) -> int:
    return len(part.forms) if isinstance(part, _Slot) else 1


def _errors(root: Node) -> int:
    """Return how many bytes of a tree, and nodes that it lacks, are errors."""
    total, waiting = 0, [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            total += 1 + node.end_byte - node.start_byte
        elif node.has_error:
            waiting += node.children
    return total


def _written(parts: Sequence[str | _Slot], choices: Sequence[int], context: Context, rules: Language) -> _Written:
    """Return a snippet in a context, with the chosen form of each of its slots."""
    before, text = context.before, ""
    given = 0
    moves: list[tuple[int, int]] = [(len(before), 0)]
    forms: list[tuple[int, int]] = []
    for part, choice in zip(parts, choices, strict=True):
        if choice and isinstance(part, _Slot):
            start = len(before.encode()) + len(text.encode())
            forms.append((start, start + len(part.forms[choice].rstrip(" ,\n").encode())))
        text += part if isinstance(part, str) else part.forms[choice]
        given += len(part) if isinstance(part, str) else part.length
        moves.append((len(before) + len(text), given))
    text = context.edit(text)
    indent = len(text) - len(text.lstrip())
    if not before:
        # NOTE: white space before the code would be an indentation in Python; line breaks keep every offset
        text = "\n" * indent + text[indent:]
    source = Source("", f"{before}{text}{context.after}".encode())
    first = len(before.encode()) + indent
    end = len(before.encode()) + len(text.rstrip().encode())
    return _Written(source, parse(source, rules.name).tree.root_node, first, end, tuple(moves), tuple(forms))


def _statements(written: _Written, rules: Language) -> list[Node] | None:
    """Return the nodes that a snippet is made of; None where parts of what is around it belong to one of several."""
    node = written.root
    while True:
        inner = [child for child in node.named_children if _overlaps(child, written)]
        if any(not child.is_named and child.type.isalpha() and _overlaps(child, written) for child in node.children):
            return None  # NOTE: a word of a node that isn't the snippet's own would be left out, as `class` is
        if any(child.start_byte < written.first or child.end_byte > written.limit for child in inner):
            if len(inner) > 1:
                return None
        elif not (len(inner) == 1 and _is_list(inner[0], rules)):
            return inner
        node = inner[0]


def _is_list(node: Node, rules: Language) -> bool:
    """Return whether a node does nothing but hold others: it has no words or brackets, which a snippet would mean."""
    one = node.type in rules.snippet.lists_of_one and node.child_count == 1
    return node.child_count == node.named_child_count > 0 and (one or node.type in rules.lists)


def _is_whole(nodes: Sequence[Node], written: _Written, context: Context) -> bool:
    """Return whether nodes span a snippet from its beginning to its end, or to a last `;` that is of no node."""
    if not nodes or nodes[0].start_byte != written.first:
        return False
    rest = written.source.utf8[nodes[-1].end_byte : written.end].strip()
    return not rest or (rest == b";" and not context.before)


def _overlaps(node: Node, written: _Written) -> bool:
    return node.start_byte < written.end and node.end_byte > written.first


def closed_calls(prepared: Prepared) -> list[tuple[str, int]]:
    """Return the calls in a snippet with arguments but without `...`: their texts, and where each closes.

    None where arguments have no keywords: nobody can add one more.
    """
    found: list[tuple[str, int]] = []
    rules = languages.language(prepared.language).snippet
    waiting = list(prepared.statements) if rules.keyword_arguments else []
    while waiting:
        node = waiting.pop(0)
        waiting += node.named_children
        arguments = node.child_by_field_name("arguments")
        if arguments is None or arguments.type not in rules.arguments or not arguments.named_children:
            continue
        if not any(prepared.is_any((child.text or b"").decode()) for child in arguments.named_children):
            span = prepared.source.span_of_bytes(node.start_byte, node.end_byte)
            marks = prepared.marks
            text = prepared.source.text[span.start : span.end].replace(marks.any, "...").replace(marks.letter, "$")
            found.append((text, prepared.given(span.end - 1)))
    return found


def _unparsed(text: str, prepared: Prepared, root: Node, completion: str) -> SyntaxProblem:
    node = first_error(root)
    offset = min(prepared.offset(node), max(len(text.rstrip()) - 1, 0))
    help = completion or advice(text, languages.language(prepared.language), node.type if node.is_missing else "")
    if node.is_missing:
        return SyntaxProblem(f"the snippet lacks `{node.type}`", offset, help)
    return SyntaxProblem(f"the snippet is not valid {languages.language(prepared.language).title}", offset, help)


def _slotted(text: str, rules: Language, marks: Marks) -> list[str | _Slot]:
    """Return the parts of a snippet: texts that stay as they are, and slots for its `$name` and `...`."""
    any_pair = rules.snippet.any_pair
    forms = [form.replace(MARK, marks.letter) for form in rules.name_forms]
    statement = [rules.statement_form.replace(MARK, marks.letter)] if rules.statement_form else []
    in_braces = [form.replace(MARK, marks.letter) for form in rules.any_forms_in_braces or rules.any_forms]
    elsewhere = [form.replace(MARK, marks.letter) for form in rules.any_forms]
    parts: list[str | _Slot] = []
    braces: list[bool] = []  # for each open bracket whether it holds pairs
    brackets: list[str] = []
    for found in _parts(rules).finditer(text):
        part = found.group()
        if found.lastgroup == "open":
            braces.append(part == "{" and _is_mapping(text, found.end(), rules))
            brackets.append(part)
        elif found.lastgroup == "close" and braces:
            braces.pop()
            brackets.pop()
        elif found.lastgroup == "any" and _stands_alone(text, found.start(), found.end()):
            in_pairs = any_pair and braces and braces[-1]
            by_place = in_braces if brackets[-1:] == ["{"] else elsewhere
            if not brackets:
                after_statement = text[: found.start()].rstrip()[-1:] in (";", "}")
                by_place = in_braces + elsewhere if after_statement else elsewhere + in_braces
            parts.append(_Slot((any_pair + marks.letter,) if in_pairs else tuple(dict.fromkeys(by_place)), 3))
            continue
        elif found.lastgroup == "own":
            part = part[1:] if part.startswith("$$") else part
            parts += [_Slot((part,), len(found.group()))]
            continue
        elif found.lastgroup == "name":
            known = [*forms, *(statement if _is_statement(text, found.start(), found.end()) else ())]
            parts.append(_Slot(tuple(form.replace("{}", part[1:]) for form in known), len(part)))
            continue
        elif found.lastgroup in ("string", "comment"):
            part = _IN_STRING.sub(marks.letter, part)
        if parts and isinstance(before := parts[-1], str):
            parts[-1] = before + part
        else:
            parts.append(part)
    return parts


@cache
def _parts(rules: Language) -> re.Pattern[str]:
    """Return the parts of a snippet that tell where its `...` stand."""
    over_lines = rules.multiline_quotes
    strings = "|".join(
        [rf"{quote}(?:\\.|[^\\])*?{quote}" for quote in over_lines]
        + [rf"{quote}(?:\\.|[^{quote}\\\n])*{quote}" for quote in rules.quotes]
    )
    comment = "|".join(map(re.escape, rules.comment_signs)) or "(?!)"
    own = "|".join([rf"\${name}\b" for name in sorted(rules.own_names)] + [r"\$\$(?=[A-Za-z_])"])
    return re.compile(
        rf"(?P<string>{strings})|(?P<comment>(?:{comment})[^\n]*)|(?P<open>[(\[{{])|(?P<close>[)\]}}])"
        rf"|(?P<any>\.\.\.)|(?P<own>{own})|(?P<name>\$[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>\*\*|:)|(?P<other>.)",
        re.DOTALL,
    )


def _is_statement(text: str, start: int, end: int) -> bool:
    """Return whether a word may be a statement by what is before and after it."""
    return text[:start].rstrip()[-1:] in ("", "{", "}", ")", ";", ":") and text[end:].lstrip()[:1] in ("", "}")


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[max(start - 20, 0) : start]
    return bool(_BEFORE_ANY.search(before) and _AFTER_ANY.match(text[end:]) and not _RELATIVE_IMPORT.search(before))


def _is_mapping(text: str, start: int, rules: Language) -> bool:
    """Return whether the braces opened before `start` hold pairs: a colon or `**` of their own, or `...` alone."""
    depth = 0
    for found in _parts(rules).finditer(text, start):
        if found.lastgroup == "open":
            depth += 1
        elif found.lastgroup == "close":
            depth -= 1
            if depth < 0:
                return text[start : found.start()].strip() == "..."
        elif found.lastgroup == "sign" and depth == 0:
            return True
    return False
