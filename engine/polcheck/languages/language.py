"""The record that describes a programming language to polcheck: one file a language, in `supported`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from polcheck.base.spans import Source
from polcheck.languages.literals import Quoting

if TYPE_CHECKING:
    import tree_sitter
    from tree_sitter import Node

    from polcheck.languages.constants import ConstantRules
    from polcheck.languages.names import NameRules
    from polcheck.languages.readings import Embeds

MARK = "ꙮ"
"""A letter for every language's identifiers that no program is expected to use; snippets have it in place of `$`."""


class Literal(NamedTuple):
    """The value of a string literal, each interpolated part as `{}`; `plain` says that it has none."""

    value: str
    plain: bool


class ParsedCode(NamedTuple):
    """The tree of a file; `misread` says what in it the grammar reads otherwise than the language does, or is empty."""

    tree: tree_sitter.Tree
    misread: str = ""


class Interpolation(NamedTuple):
    """An interpolated part of a string: its expression, and how that is converted and formatted."""

    expression: Node | None
    form: bytes


class Context(NamedTuple):
    """Code around a snippet in which it means something; `edit` changes no length.

    A snippet has a meaning in each context in which it parses; in one that is a `fallback` only if it has none before,
    in one with `kinds` only if it is one node of these kinds, in one with `needs` only if it has one of these texts.
    """

    before: str = ""
    after: str = ""
    edit: Callable[[str], str] = str
    fallback: bool = False
    kinds: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()


class Chain(NamedTuple):
    """How a dotted name such as `os.path.join` is parsed: kinds of nodes, and the fields of a member access.

    `separator` is a regular expression for what stands between its names. Nodes of a kind in `whole` are names whose
    parts are told by their text, such as types; `roots` are words with which a name may begin. `single`: whether a name
    without a dot is one.
    """

    identifier: str
    member: str
    base: str
    attribute: str
    separator: str = r"\."
    whole: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    single: bool = True

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of nodes that are names."""
        return self.whole | {self.identifier, self.member}


class SnippetRules(Struct, frozen=True, eq=False):
    """Node kinds that mean more in a snippet than one node after another; empty for what a language hasn't.

    Fields are named for what the nodes are; selectors/syntax says what is made of each.
    """

    punctuation: frozenset[str] = frozenset()  # kinds that say nothing more than the tree does
    grouping: frozenset[str] = frozenset()  # parentheses around one expression: it is the same without them
    erased: Mapping[str, int] = {}
    """Kinds that only give an expression or a name a type (`f::<u8>`, `x as T`), and which of their parts that is.

    A snippet that doesn't write the type finds them as if they were the part alone."""
    typed_names: Mapping[str, str] = {}  # those of `erased` that stand for a name, and the kind of that
    chain: Chain | None = None
    arguments: frozenset[str] = frozenset()  # of calls that may have keywords, in any order
    keyword_arguments: frozenset[str] = frozenset()
    keyword_unpacking: frozenset[str] = frozenset()
    bare_arguments: frozenset[tuple[str, str]] = frozenset()  # call and kind: arguments without parentheses
    parameters: frozenset[str] = frozenset()
    mappings: frozenset[str] = frozenset()  # pairs in any order
    any_pair: str = ""  # what makes an item of a mapping out of a word
    imports: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()  # around an annotation
    generic_types: frozenset[str] = frozenset()  # a type and its arguments
    clauses: frozenset[str] = frozenset()  # parts of a statement of which a snippet names some
    with_clauses: frozenset[str] = frozenset()
    listed_clauses: frozenset[str] = frozenset()  # those of `clauses` that stand in a list of nothing else
    scope_statements: frozenset[str] = frozenset()  # a list of names of which a snippet names some
    open_ended: frozenset[str] = frozenset()  # statements that may go on after what a snippet says of them
    open_bases: frozenset[str] = frozenset()  # definitions that take `(...)` for none, too
    bare_lists: frozenset[str] = frozenset()  # of arguments, which need no parentheses: `$x` is one of them
    open_lists: frozenset[str] = frozenset()  # such as modifiers, of which a snippet names some
    bodies: frozenset[str] = frozenset()  # which aren't there where nothing is in them
    bare_parts: frozenset[tuple[str, str]] = frozenset()
    """Kind and kind of a part: which may be missing where a snippet has only `...` in it, as in `new F(...)`."""
    open_parts: frozenset[str] = frozenset()  # such as a modifier: a snippet that names one lets others stand beside it
    expression_words: frozenset[str] = frozenset()  # words that are an expression, though no named node
    value_left_out: frozenset[tuple[str, str]] = frozenset()  # kind and field: may be there though the snippet ends
    alike: Mapping[str, frozenset[str]] = {}
    optional: Mapping[str, Mapping[str, frozenset[str]]] = {}
    """For kinds with optional parts: the part that a snippet may leave out, and what is then not looked at."""
    optional_fields: Mapping[str, Mapping[str, frozenset[str]]] = {}
    """For kinds with optional fields: the field that a snippet may leave out, and which words with it."""
    optional_words: frozenset[str] = frozenset({"async"})  # left out, the snippet is the same with them
    definitions: frozenset[tuple[str, str]] = frozenset()  # kind and field of a name that is defined, not used
    name_lists: frozenset[str] = frozenset()  # whose names are defined or declared, not used
    alike_words: Mapping[str, frozenset[str]] = {}  # what may stand for an operator of a snippet
    exact_leaves: frozenset[str] = frozenset()  # fields whose name no parentheses surround
    exact_branches: frozenset[str] = frozenset()  # fields whose node no parentheses surround
    lists_of_one: frozenset[str] = frozenset()  # which are what they hold when that is one thing
    ignores_case: Callable[[str], bool] | None = None  # of a leaf of such a kind
    keeps_case: Callable[[Node], bool] | None = None  # of a leaf of such a kind that doesn't where it stands
    expression_statements: frozenset[str] = frozenset({"expression_statement"})  # nothing more than the expression
    words: frozenset[str] = frozenset()  # compared by what `word_value` gives for a node, however it is quoted
    word_prefixes: Mapping[tuple[str, str], str] = {}
    """For kind and first word of what is followed by the word that is run: options between them, a `:` after those
    that take a value. With another option nothing is run."""
    named_fields: frozenset[tuple[str, str]] = frozenset()  # kind and field: where a name is looked for by its text
    called: frozenset[str] = frozenset()  # fields of what is called
    separate_words: frozenset[str] = frozenset()  # keywords that stand apart from what is before and after them


def parts(*kinds: str) -> dict[str, frozenset[str]]:
    """Return parts of a node that a snippet may leave out, each a node of its own."""
    return {kind: frozenset({kind}) for kind in kinds}


def each(kinds: str, value: Mapping[str, frozenset[str]]) -> dict[str, Mapping[str, frozenset[str]]]:
    """Return `value` for each of `kinds`, which are separated by blanks."""
    return {kind: value for kind in kinds.split()}  # noqa: C420 - the value is a mapping that nothing writes to


class Language(Struct, frozen=True, eq=False):
    """A programming language: its grammar, its files, and how its code is read."""

    name: str
    title: str  # as people write it
    module: str  # the Python module of its grammar, and the function in it
    function: str = "language"
    suffixes: tuple[str, ...] = ()  # lowercase, with their dot
    file_names: tuple[str, ...] = ()
    general: bool = True  # whether a selector over files of any language looks in its files
    file_prefixes: tuple[str, ...] = ()  # of names without a known ending, with their dot: `Dockerfile.`
    interpreters: tuple[str, ...] = ()  # as a `#!` line names them, without their version
    extra: str = ""  # of polcheck's package, that brings the grammar; empty: it is always there

    strings: frozenset[str] = frozenset()
    string_value: Callable[[Node], Literal | None] | None = None  # of a node of one of `strings`
    quoting: tuple[Quoting, ...] = ()
    """The ways in which string literals are written, the usual one first; none where polcheck writes none."""
    word_value: Callable[[Node], str | None] | None = None
    """The text that a word of a shell stands for, whatever its quotes and escapes; None where it isn't known."""
    texts: frozenset[str] = frozenset()  # of `strings`: those without quotes, in which `...` is any text
    string_content: str = ""  # the kind of the text between the quotes
    split_strings: bool = True  # whether a text in a node may begin or end within a word, as at an escape
    formatted: Callable[[Node], list[str | Interpolation]] | None = None
    """The texts of a string literal that may have interpolated parts, and these between them; empty for others."""
    template_parts: Callable[[Node], list[str | Node]] | None = None
    """The texts of a string with interpolated parts, decoded, and the nodes of these parts between them."""
    comments: frozenset[str] = frozenset({"comment"})

    contexts: tuple[Context, ...] = (Context(),)  # of snippets
    completions: tuple[tuple[str, str], ...] = ((" { ... }", "a body is missing: add `{ ... }`"),)
    """What makes a whole of a snippet that breaks off, and what to say of that."""
    foreign: tuple[str, ...] = ()
    """What a snippet of another language often has and code of this one never: it may be read as the wrong one."""
    lists: frozenset[str] = frozenset()  # kinds that do nothing but hold the statements of a context
    name_forms: tuple[str, ...] = (MARK + "{}",)
    """How `$name` is written in a snippet, `{}` being the name; the first form with which the snippet parses counts."""
    statement_form: str = ""  # likewise, of one that stands where a statement does
    any_forms: tuple[str, ...] = (MARK * 3,)  # likewise how `...` is written
    any_forms_in_braces: tuple[str, ...] = ()  # likewise in braces, if it is otherwise there
    own_names: frozenset[str] = frozenset()  # which after a `$` are the language's own
    ascii_names: bool = False  # whether no other letters may stand in names
    comment_signs: tuple[str, ...] = ("#",)  # in snippets, to the end of the line
    quotes: tuple[str, ...] = ('"', "'")  # in snippets
    multiline_quotes: tuple[str, ...] = ()  # in snippets
    snippet: SnippetRules = SnippetRules()
    name_rules: Callable[[], NameRules] | None = None
    """How names are followed through imports; without it they are compared as they are written."""
    constant_rules: Callable[[], ConstantRules] | None = None
    """How names of constants are followed to their values; without it only literals are constants."""

    parse: Callable[[Source, tree_sitter.Parser], ParsedCode] | None = None  # where it isn't the parser alone
    embedded: Embeds | None = None
    """The code in a file that its tree holds as tokens only, such as the arguments of macros."""
    left_out: str = ""
    """A query: in place of what it captures as `@blank` snippets see blanks, too, and so what doesn't write it."""
    around: Callable[[str], tuple[str, str]] | None = None
    """What is put before and after a value in which `in` looks, so that it is a text of the language."""
    check: Callable[[Source], tuple[str, int] | None] | None = None
    """Why the language's own parser refuses a file, and the line (0: none); None if it takes it. Raises Unreadable."""
    spelled: Callable[[Source], bytes | None] | None = None
    """The text with its names as they mean where they are written otherwise. Raises Unreadable."""
    awaiting: frozenset[str] = frozenset()  # the kinds of `await`: to a relation, what is awaited is what counts
    carriage_returns: bool = True  # whether a line may end in a carriage return and a line feed

    @property
    def constants(self) -> ConstantRules | None:
        """How names of constants are followed; None where only literals are constants."""
        return self.constant_rules() if self.constant_rules is not None else None

    @property
    def wrappers(self) -> frozenset[str]:
        """The kinds of nodes around one expression that make no difference to which expression it is."""
        return self.snippet.grouping | self.awaiting

    @property
    def follows_imports(self) -> bool:
        """Whether names are followed through imports."""
        return self.name_rules is not None

    @property
    def names(self) -> NameRules | None:
        """How names are followed; None where they are compared as they are written."""
        return self.name_rules() if self.name_rules is not None else None

    def syntax_error(self, source: Source) -> tuple[str, int] | None:
        """Return what `check` says of a file, which it is asked once; None as well for a language without one.

        Raises Unreadable.
        """
        if self.check is None:
            return None
        known = source.syntax_errors
        if self.name not in known:
            known[self.name] = self.check(source)
        return known[self.name]

    def literal(self, node: Node) -> Literal | None:
        """Return the value of `node` if it is a string literal, otherwise None."""
        if node.type not in self.strings or self.string_value is None:
            return None
        return self.string_value(node)
