"""Compiling conjunctions: items become steps, names are checked to be bound, selectors become probes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from polcheck.base.similar_names import did_you_mean
from polcheck.formats import formats
from polcheck.formats.values import Json, Pointer
from polcheck.policy.model import MODIFIED_BY, SEARCHES, Item
from polcheck.policy.name_usage import FILE, PLACE, members, unknown
from polcheck.policy.origin import SourceMap
from polcheck.policy.plan import (
    GROUP,
    PREVIOUS,
    RELATIONS,
    AntiJoin,
    Closure,
    Conjunction,
    Find,
    Join,
    Let,
    Listing,
    Modifiers,
    Names,
    Relation,
    SearchInValue,
    SelectorRef,
    Source,
    SpanFilter,
    Step,
    Union,
    Values,
    Where,
    exports_of,
)
from polcheck.policy.probes import (
    MAX_USES,
    Around,
    CompiledUse,
    Made,
    NamedSelector,
    Probes,
    Selectors,
    languages_of,
    refuse_newer,
)
from polcheck.policy.versions import SELECTORS, too_new
from polcheck.selectors.jmespath.expression import Expression, compile_expression
from polcheck.selectors.jmespath.values import ExpressionError
from polcheck.sources.changes import KINDS as KINDS_OF_CHANGE
from polcheck.sources.path_patterns import FilePatterns, FilesProblem, compile_files

BEFORE = ""


class Holder(NamedTuple):
    """A bound value in which an item looks, and in which language it reads the value."""

    name: str
    language: str


class Scope(Struct, frozen=True):
    """The names that are bound so far: captures and values in `names`, rows named by `name:` in `aliases`.

    `partial` are names that only some branches of an `any` bind. `holders` are the values in which matches, and what
    they bind, lie: by name, that of the match before under `BEFORE`, that of the subject under `subject`.
    """

    names: Names = frozenset()
    aliases: Names = frozenset()
    placed: bool = False
    broken: bool = False  # an item could not be compiled, so that more names may be meant to be bound
    partial: Names = frozenset()
    shown: Names = frozenset()  # what expressions and messages can read, and joins nothing
    revision: str = ""  # the tree of the match before, about which relations are: the project's, the base, or `MIXED`
    anchor: str = ""  # that of the first match, to which `scope` and `near` refer

    holders: Mapping[str, Holder] = field(default_factory=dict)
    first: Names = frozenset()  # what the match binds that is the subject, or the list's first item

    @property
    def readable(self) -> Names:
        """The names that expressions and messages can read."""
        return self.names | self.aliases | self.shown

    def plus(self, names: Iterable[str], alias: str = "", placed: bool = False) -> Scope:
        """Return the scope after an item that binds `names`; a match that has a place is `placed`."""
        aliases = self.aliases | {alias} if alias else self.aliases
        bound = frozenset(names)
        first = bound if placed and not self.placed else self.first
        return replace(self, names=self.names | bound, aliases=aliases, placed=self.placed or placed, first=first)

    def after_match(self, holder: Holder | None, names: Iterable[str], alias: str = "") -> Scope:
        """Return the scope after a match, which binds these names, in this value, or in a file where it is None."""
        ours = {BEFORE, *(set(names) - self.names), *([alias] if alias else ())}
        holders = {name: other for name, other in self.holders.items() if name not in ours}
        if holder is None:
            return replace(self, holders=holders)
        holders |= dict.fromkeys(ours, holder)
        if holder.name not in self.first:
            return replace(self, holders=holders)
        # NOTE: a match in a value takes the place of the match that bound the value
        return replace(self, holders={**holders, "subject": holder}, first=frozenset(names))

    def about(self, match: Holder | None) -> Scope:
        """Return the scope in which the match before lies in this value, or in a file where it is None."""
        holders = {name: holder for name, holder in self.holders.items() if name != BEFORE}
        return replace(self, holders={**holders, BEFORE: match} if match is not None else holders)

    def matched_in(self, revision: str) -> Scope:
        """Return the scope after a match in a tree."""
        return replace(self, revision=revision, anchor=self.anchor if self.placed else revision)

    def after_any(self, branches: Iterable[Scope], binds: Names) -> Scope:
        """Return the scope after an `any` whose branches end in these scopes and that binds `binds`."""
        branches = list(branches)
        trees = {branch.revision for branch in branches}
        tree = trees.pop() if len(trees) == 1 else MIXED
        return Scope(
            self.names | binds,
            self.aliases | frozenset.intersection(*(branch.aliases for branch in branches)),
            self.placed or all(branch.placed for branch in branches),
            self.broken or any(branch.broken for branch in branches),
            self.partial.union(*(branch.names | branch.partial for branch in branches)) - self.names - binds,
            self.shown | frozenset.intersection(*(branch.shown for branch in branches)),
            tree,
            self.anchor if self.placed else tree,
            {
                name: holder
                for name, holder in branches[0].holders.items()
                if all(branch.holders.get(name) == holder for branch in branches)
            },
            frozenset.intersection(*(branch.first for branch in branches)),
        )

    def hint_for(self, name: str) -> str:
        """Return the hint for `name`, which is not bound."""
        if name in self.partial:
            return "only some branches of `any` bind it: let each of them do so"
        bound = ", ".join(f"`{known}`" for known in sorted(self.names))
        return did_you_mean(name, self.names, f"bound here: {bound}" if bound else "nothing is bound here")


MIXED = "mixed"  # in place of a revision: the matches before are of several trees
KINDS = (*SEARCHES, "values", "use", "any", "negated")
_NOT_GIVEN: tuple[object, ...] = ("", None, {}, ())
WORDS = {"negated": "not", "within": "in", "rename": "as", "same": "is"}
KEYS_OF_RELATIONS = {"is": "same"}  # the field of an item where it isn't called as the relation


class Report(Protocol):
    """Notes an error at a pointer of the policy."""

    def __call__(self, at: Pointer, message: str, help: str = "") -> None:
        """Notes one error."""


def check_role(item: Item, role: str, last: bool, error: Report) -> None:
    """Notes keys that belong to another place in the policy."""
    if item.word and item.word != "subject":
        error(item.at, f"`{item.word}` is not an item", "an item is a mapping, or the word `subject`")
    if item.count is not None and (role != "require" or not last):
        help = "`forbid` wants no match at all" if role == "forbid" else "move it there"
        error((*item.at, "count"), "`count` belongs to the last item of a `require`", help)
    if item.count is not None and item.count[1] is not None and item.count[0] > item.count[1]:
        error((*item.at, "count"), "`min` is more than `max`", "no number is both: exchange them")
    if item.count == (0, None):
        error((*item.at, "count"), "there are always that many", "say how many there must be at least")
    if item.per and role != "for":
        error((*item.at, "per"), "`per` belongs to an item of `for`", "it says which rows are one subject")


def check_keys(item: Item, kind: str, error: Report) -> None:
    """Notes modifiers that have nothing to modify."""
    for key, kinds in MODIFIED_BY.items():
        provided = getattr(item, key)
        if provided is not False and provided not in _NOT_GIVEN and kind not in kinds:
            word = WORDS.get(key, key)
            error((*item.at, word), f"`{word}` does not apply here")
    if item.files and kind in ("values", "any", "negated"):
        error(
            (*item.at, "files"),
            f"`files` has no effect with `{WORDS.get(kind, kind)}`",
            "give it to the items inside",
        )
    if item.dynamic and not item.constant:
        error((*item.at, "dynamic"), "`dynamic` is about captures that `constant` names", "say which: `constant: name`")
    if not item.resolve and kind != "pattern":
        error((*item.at, "resolve"), "`resolve` does not apply here", "it is about the names of a `pattern`")
    if item.of and not any(_targets_of(item, relation) for relation in RELATIONS):
        error((*item.at, "of"), "`of` has nothing to be about", f"it belongs beside {_relations()}")
    if item.within and item.files:
        error((*item.at, "in"), "`in` searches inside a value, so `files` has no effect", "drop one of them")


def check_changes(item: Item, kind: str, error: Report) -> None:
    """Notes what `changed` and `revision` can't mean beside each other, or beside the item's selector."""
    if item.within and (item.revision or item.changed):
        word = "revision" if item.revision else "changed"
        error(
            (*item.at, word), f"`in` searches inside a value, so `{word}` has no effect", "give it to what binds that"
        )
        return
    if not item.changed:
        return
    at = (*item.at, "changed")
    for index, word in enumerate(item.changed):
        if word not in KINDS_OF_CHANGE:
            help = did_you_mean(word, KINDS_OF_CHANGE, f"one of {', '.join(KINDS_OF_CHANGE)}")
            error((*at, index) if len(item.changed) > 1 else at, f"`{word}` is no kind of change", help)
    if not item.files:
        error(at, "`changed` needs `files`, of which it keeps those that have changed", "say which are meant")
    if any(text.endswith("/") for text in item.files):
        error(at, "`changed` is about files, and a pattern that ends in `/` matches folders", "end it in `/**`")
    if item.revision and "added" in item.changed:
        error(at, "a file that was added is not at the base", "drop `added`, or `revision: base`")
    if kind != "files" and not item.revision and "deleted" in item.changed:
        help = "add `revision: base` to look in the files as they were"
        error(at, f"a file that was deleted is not there, so `{kind}` can't look in it", help)


def _targets_of(item: Item, relation: Relation) -> tuple[Item | str, ...]:
    """Return the targets of one relation of an item."""
    targets: tuple[Item | str, ...] = getattr(item, KEYS_OF_RELATIONS.get(relation, relation))
    return targets


def _relations() -> str:
    *most, last = (f"`{relation}`" for relation in RELATIONS)
    return f"{', '.join(most)} or {last}"


_ROW_NAMES = frozenset({"path", "line", "column", "file", "params", "tables", "subject"})
_HIDING = frozenset({"file", "params", "subject", "tables"})
_OWN_NAMES = _ROW_NAMES - {"subject"}


class Compiler(Struct, frozen=True):
    """Compiles the conjunctions of one pack. `origin` is where the current ones are written."""

    probes: Probes
    selectors: Selectors
    params: Mapping[str, Json] = field(default_factory=dict)
    tables: Mapping[str, Json] = field(default_factory=dict)
    origin: SourceMap | None = None
    inherited: tuple[str, ...] = ()  # `files` of the item that uses the selector being compiled
    around: Around = Around()  # how the item that uses the selector being compiled, or is related to it, reads files
    using: tuple[str, ...] = ()  # the selectors being compiled, outermost first
    revision: str = ""  # the tree in which the item that uses the selector being compiled, or is related to it, looks
    strict: bool = False  # whether a match that is left out could make a policy green: under `not`, in a `require`

    def at(self, origin: SourceMap) -> Compiler:
        """Return the same compiler for what is written at `origin`."""
        return replace(self, origin=origin)

    def error(self, at: Pointer, message: str, help: str = "", offset: int | None = None) -> None:
        """Notes an error at the current origin."""
        assert self.origin is not None
        self.origin.error(at, message, help, offset)

    def unbound(self, name: str, scope: Scope, at: Pointer, offset: int | None = None) -> None:
        """Notes that `name` is used and nothing binds it."""
        if scope.broken:
            return None
        place = offset if offset is None or offset >= 0 else None
        help = scope.hint_for(name)
        if name == GROUP and self.origin is not None:
            message, help = too_new(GROUP, 2, self.origin.version)
            if self.origin.version > 1:
                help = "it is the list of the rows of one subject, beside `per`"
            elif at[-1:] == ("where",) or "let" in at:
                return self.error(at, message, help, place)
        return self.error(at, f"`{name}` is never bound", help, place)

    @property
    def known(self) -> Mapping[str, Iterable[str]]:
        """The members of what polcheck sets."""
        return {"params": self.params, "tables": self.tables, "file": FILE, "subject": PLACE}

    def unknown(self, text: str, read: Mapping[str, frozenset[str]], at: Pointer) -> None:
        """Notes what `text` reads of parameters, tables or facts that aren't there: null, and silently so."""
        for place, message, help in unknown(read, self.known):
            offset = text.find(place)
            self.error(at, message, help, offset if offset >= 0 else None)

    def conjunction(self, items: tuple[Item, ...], scope: Scope, role: str = "") -> tuple[Conjunction, Scope]:
        """Return the steps of a list of items, and the scope after it."""
        steps: list[Step] = []
        for index, item in enumerate(items):
            last = index == len(items) - 1
            check_role(item, role, last, self.error)
            result, scope = self._item(item, scope)
            steps += result
        return tuple(steps), scope

    def _item(self, item: Item, scope: Scope) -> tuple[list[Step], Scope]:
        """Return the steps of one item: its selector, then what is said of its row."""
        kinds = [kind for kind in KINDS if getattr(item, kind) not in ((), "", None)]
        if len(kinds) > 1:
            words = " and ".join(f"`{WORDS.get(kind, kind)}`" for kind in kinds)
            self.error(item.at, f"an item has one selector, not {words}", "make them two items of a list")
            return [], replace(scope, broken=True)
        kind = kinds[0] if kinds else "files" if item.files else ""
        if item.closure and kind in MODIFIED_BY["closure"]:
            return self._closure(item, scope)
        check_keys(item, kind, self.error)
        check_changes(item, kind, self.error)
        if kind == "negated":
            what, _ = replace(self, strict=True).conjunction(item.negated, scope)
            return self._said(item, [AntiJoin(item.at, self.probes.number(), what)], scope)
        if kind == "any":
            return self._any(item, scope)
        if not kind:
            return self._said(item, [], scope)
        if item.within:
            return self._within(item, scope)
        result = self._source(item, kind)
        if result is None:
            return [], replace(scope, broken=True)
        return self._join(item, result, scope)

    def _any(self, item: Item, scope: Scope) -> tuple[list[Step], Scope]:
        branches = item.any
        if isinstance(item.rename, str) and item.rename and all(_renamable(branch) for branch in branches):
            branches = tuple((replace(branch[0], rename=item.rename),) for branch in branches)
            item = replace(item, rename="")
        compiled = [self.conjunction(branch, scope) for branch in branches]
        shared = frozenset.intersection(*(after.names for _, after in compiled))
        renames = self._renames(item, shared - scope.names)
        bound = frozenset(renames.get(name, name) for name in shared - scope.names)
        step = Union(
            item.at,
            self.probes.number(),
            tuple(steps for steps, _ in compiled),
            bound | scope.names,
            tuple(renames.items()),
        )
        return self._said(item, [step], scope.after_any((after for _, after in compiled), bound), bound)

    def _source(self, item: Item, kind: str) -> tuple[Source, Made] | None:
        """Return the source of an item's rows and the names that it binds."""
        if kind == "use":
            return self._use(item)
        if kind == "values":
            return self._values(item)
        files = self._files(item)
        if kind == "files":
            if files is None:
                return None
            result = self._with_previous(item, files, Made(binds=files.binds))
            path_as = item.rename if isinstance(item.rename, str) else ""
            return Listing(files, path_as), replace(result, path_as=path_as)
        made_probe = self.probes.of(item, kind, files, self.origin, self.around)
        if made_probe is None:
            return None
        index, result = made_probe
        captures = files.binds if files else frozenset()
        return Find(index, files), self._with_previous(item, files, replace(result, binds=result.binds | captures))

    def _with_previous(self, item: Item, files: FilePatterns | None, made: Made) -> Made:
        """Return what an item binds, with the name that `changed: renamed` binds."""
        if "renamed" not in item.changed:
            return made
        if PREVIOUS in made.binds | made.optional or (files and PREVIOUS in files.names):
            message = f"`{PREVIOUS}` is bound here, and `changed: renamed` binds it to the path at which a file was"
            self.error((*item.at, "changed"), message, "give the capture another name")
        if set(item.changed) == {"renamed"}:
            return replace(made, binds=made.binds | {PREVIOUS})
        return replace(made, optional=made.optional | {PREVIOUS})

    def _files(self, item: Item) -> FilePatterns | None:
        texts = item.files or self.inherited
        if not texts:
            return None
        for index, text in enumerate(item.files):
            try:
                compile_files([text])
            except FilesProblem as problem:
                at = (*item.at, "files", index)
                self.error(at, problem.message, problem.help, problem.offset)
                return None
        try:
            files = compile_files(texts)
        except FilesProblem as problem:
            self.error((*item.at, "files"), problem.message, problem.help)
            return None
        for name in sorted(files.binds & (_ROW_NAMES - {"subject"})):
            self.error(
                (*item.at, "files"),
                f"`{name}` is reserved: polcheck sets it",
                "rename the capture",
            )
        return files

    def _values(self, item: Item) -> tuple[Values, Made] | None:
        at = (*item.at, "values")
        rows: tuple[Json, ...]
        if isinstance(item.values, str):
            expression = self._expression(item.values, at)
            if expression is None:
                return None
            for name in sorted(expression.reads - {"params", "tables"}):
                help = "`values` beside `in` sees the names of the row" if name in expression.variables else ""
                self.error(at, f"`values` sees only `params` and `tables`, not `{name}`", help)
            roots: dict[str, Json] = {"params": dict(self.params), "tables": dict(self.tables)}
            rows = tuple(expression.rows(roots, roots))
        else:
            rows = item.values or ()
        hashes = [frozenset(row) for row in rows if isinstance(row, dict)]
        if hashes and len(hashes) < len(rows):
            self.error(at, "some rows are mappings and some are not", "make all of them the same")
        binds = frozenset.intersection(*hashes) if hashes else frozenset()
        optional = frozenset.union(*hashes) - binds if hashes else frozenset()
        value_as = "" if hashes or not isinstance(item.rename, str) else item.rename
        return Values(rows), Made(binds, optional, value_as, single=not hashes)

    def _use(self, item: Item) -> tuple[SelectorRef, Made] | None:
        at = (*item.at, "use")
        selector = self.selectors.find(item.use)
        if selector is None:
            self.error(at, *self._unknown_selector(item.use))
            return None
        if selector.key in self.using:
            self.error(at, f"the selector `{item.use}` uses itself")
            return None
        use = (
            item.use,
            item.files or self.inherited,
            self.around_of(item),
            item.revision or self.revision,
            self.strict,
        )
        known = self.selectors.compiled.get(use)
        if self.selectors.is_used_up(known.uses if known else 1):
            if not self.selectors.refused:
                self.selectors.refused = True
                self.error(at, f"selectors are used more than {MAX_USES:,} times, counting those that use others")
            return None
        if item.files and self._files(item) is None:
            return None
        assert self.origin is not None
        if SELECTORS.get(item.use, 1) > self.origin.version:
            self.error(at, *too_new(item.use, SELECTORS[item.use], self.origin.version))
        owner = selector.owner
        if owner is not None and self.origin.version < 2:
            self.error(at, *too_new(item.use, 2, self.origin.version))
        steps, bound = (known.steps, known.names) if known else self._compiled_use(item, selector, use)
        anchored = not (item.files or self.inherited) and any(_is_unanchored(step) for step in steps)
        strict = "\0strict" if self.strict else ""
        name = f"{selector.key}\0{item.files or self.inherited}\0{item.revision or self.revision}{strict}"
        names = bound if selector.only is None else bound & selector.only
        names = self._only(item, names)
        only = names if names != bound else None
        params, tables = (None, None) if owner is None else (owner.params, owner.tables)
        return SelectorRef(name, steps, anchored, only, params, tables), Made(names)

    def _compiled_use(self, item: Item, selector: NamedSelector, use: object) -> tuple[Conjunction, Names]:
        """Return the steps of a selector as an item uses it, and the names after them; remember them as those of `use`.

        NOTE: what has a problem, or uses what other packs export, is compiled again, so that all of it is counted.
        """
        selectors, owner = self.selectors, selector.owner
        inner = replace(
            self if owner is None else owner.compiler(self),
            origin=selector.origin,
            inherited=item.files or self.inherited,
            around=self.around_of(item),
            using=(*self.using, selector.key),
            revision=item.revision or self.revision,
        )
        selectors.exported_uses += owner is not None
        uses, exported = selectors.uses, selectors.exported_uses
        reported = selector.origin.problems.reported
        before = len(reported)
        steps, after = inner.conjunction(selector.items, Scope())
        if owner is None and selectors.exported_uses == exported and len(reported) == before and not after.broken:
            selectors.compiled[use] = CompiledUse(steps, after.names, 1 + selectors.uses - uses)
        return steps, after.names

    def _only(self, item: Item, names: Names) -> Names:
        """Return those of the names of a used selector that `only` lets out, before `as` renames them."""
        if not item.only:
            return names
        renames = item.rename if not isinstance(item.rename, str) else {}
        after = {renames.get(name, name): name for name in names}
        for index, name in enumerate(item.only):
            if name not in after:
                at = (*item.at, "only", index) if len(item.only) > 1 else (*item.at, "only")
                self.unbound(name, Scope(frozenset(after)), at)
        return frozenset(name for renamed, name in after.items() if renamed in item.only)

    def _unknown_selector(self, name: str) -> tuple[str, str]:
        """Return what is wrong with the name of a selector that there isn't, and what may be meant."""
        pack, slash, own = name.partition("/")
        exports = self.selectors.exports.get(pack) if slash else None
        if exports is None:
            hint = did_you_mean(name, self.selectors.names)
            help = hint or ("the packs whose selectors can be used stand under `uses` in pack.yaml" if slash else "")
            return f"there is no selector `{name}`", help
        hint = did_you_mean(own, exports, f"it exports {', '.join(f'`{each}`' for each in sorted(exports))}")
        return f"the pack `{pack}` exports no selector or table `{own}`", hint if exports else "it exports nothing"

    def _closure(self, item: Item, scope: Scope) -> tuple[list[Step], Scope]:
        """Return the steps of an item with `closure`: its rows are edges, and evaluated by themselves.

        `let` computes names of an edge; whatever else is beside the selector is about the pairs.
        """
        at = (*item.at, "closure")
        about = {"where", "name", "same", "inside", "has", "after", "of", "count", "per"}
        pair = Item(item.at, revision=item.revision, **{name: getattr(item, name) for name in about})
        for key, given in (("scope", item.scope), ("near", item.near is not None), ("in", item.within)):
            if given:
                self.error((*item.at, key), f"`{key}` has no effect beside `closure`", "edges are found everywhere")
                return [], replace(scope, broken=True)
        edge = replace(item, closure=(), **{name: getattr(Item(item.at), name) for name in about})
        edges, after = replace(self, around=self.around_of(item)).conjunction((edge,), Scope())
        if after.broken or not edges:
            return [], replace(scope, broken=True)
        start, end = item.closure
        for index, name in enumerate(item.closure):
            if name not in after.names:
                self.unbound(name, after, (*at, index))
        if start == end:
            self.error(at, "`closure` needs the names of two ends", "the first leads to the second")
        return self._join(pair, (Closure(edges, start, end), Made(frozenset(item.closure))), scope)

    def _renames(self, item: Item, binds: frozenset[str]) -> Mapping[str, str]:
        """Old names to new ones, as `as` says."""
        if not item.rename:
            return {}
        if isinstance(item.rename, str):
            if len(binds) == 1:
                return {next(iter(binds)): item.rename}
            names = ", ".join(f"`{name}`" for name in sorted(binds))
            self.error(
                (*item.at, "as"),
                f"this binds {names or 'nothing'}, so `as` must say which",
                "write `as: {old: new}`",
            )
            return {}
        for name in item.rename:
            if name not in binds:
                self.unbound(name, Scope(binds), (*item.at, "as", name))
        return item.rename

    def _join(
        self,
        item: Item,
        source: tuple[Source, Made],
        scope: Scope,
    ) -> tuple[list[Step], Scope]:
        self._check_tie(item, scope)
        origin, result = source
        captures = origin.search.files.binds if origin.search and origin.search.files else frozenset()
        captures |= {PREVIOUS} & (result.binds | result.optional) if item.changed else frozenset()
        whole = result.value_as or result.path_as
        renames = {} if whole else self._renames(item, (result.binds | result.optional) - captures)
        binds = frozenset(renames.get(name, name) for name in result.binds)
        if whole:
            binds |= {whole}
        self._check_hidden(item, binds)
        own, rest = self._own(item, binds | result.optional | origin.shown)
        lets = exports_of(own)
        optional = frozenset(renames.get(name, name) for name in result.optional)
        modifiers = self._modifiers(item, renames, result.value_as, optional, own)
        is_placed = origin.file_patterns is not None or origin.is_in_text
        if is_placed:
            modifiers = replace(modifiers, revision=item.revision or self.revision)
            scope = scope.matched_in(modifiers.revision)
        step = Join(item.at, self.probes.number(), origin, binds | lets, modifiers)
        after = scope.after_match(None, binds | lets, item.name).plus(binds | lets, item.name, is_placed)
        after = replace(after, shown=after.shown | origin.shown)
        return self._said(rest, [step], after, binds)

    def _check_hidden(self, item: Item, names: Names) -> None:
        """Note names that expressions and messages could never see, because polcheck sets something else there."""
        for name in sorted(names & _HIDING):
            self.error(
                (*item.at, "as") if item.rename else item.at, f"`{name}` is reserved: polcheck sets it", "rename it"
            )

    def _check_tie(self, item: Item, scope: Scope) -> None:
        """Notes `scope` and `near` where no match is before, which they would be about."""
        for key, provided in (("scope", item.scope), ("near", item.near is not None)):
            if provided and not scope.placed:
                message = f"`{key}` refers to the subject or to an earlier match, and there is none here"
                self.error((*item.at, key), message, "drop it, or say in `for` what the subjects are")
        tied = "near" if item.near is not None else "scope" if item.scope == "subject" else ""
        if tied and scope.placed and scope.anchor != (item.revision or self.revision):
            message = f"`{tied}` never holds: this looks in another tree than what it refers to"
            self.error((*item.at, tied), message, "`scope: file` keeps to the file at the same path")

    def _own(self, item: Item, binds: frozenset[str]) -> tuple[tuple[Where | Let, ...], Item]:
        """Return the `let` and `where` that see the item's row alone, and the item without them."""
        own: list[Where | Let] = []
        visited = binds | _OWN_NAMES
        left: dict[str, str] = {}
        for name, text in item.let.items():
            expression = self._expression(text, (*item.at, "let", name))
            if expression is not None and expression.reads <= visited and name not in _ROW_NAMES:
                own.append(Let((*item.at, "let"), self.probes.number(), ((name, expression),)))
                visited |= {name}
            else:
                left[name] = text
        where = item.where
        if where:
            condition = self._expression(where, (*item.at, "where"))
            if condition is not None and condition.reads <= visited:
                own.append(Where((*item.at, "where"), self.probes.number(), condition))
                where = ""
        return tuple(own), replace(item, let=left, where=where)

    def _within(self, item: Item, scope: Scope) -> tuple[list[Step], Scope]:
        if item.within not in scope.names:
            self.unbound(item.within, scope, (*item.at, "in"))
        kind = next(kind for kind in (*SEARCHES, "values") if getattr(item, kind) not in ((), "", None))
        result = self.probes.of(item, kind, None, self.origin, self.around)
        if result is None:
            return [], replace(scope, broken=True)
        index, built = result
        what = self.probes.made[index].what
        given = what.variables if isinstance(what, Expression) else frozenset()
        if isinstance(what, Expression):
            self._check_bound(what, (*item.at, kind), given, scope)
            read = {root: members(what.text, root) for root in sorted(self.known.keys() & given)}
            self.unknown(what.text, read, (*item.at, kind))
        renames = {} if built.value_as else self._renames(item, built.binds | built.optional)
        binds = frozenset(renames.get(name, name) for name in built.binds) | (
            {built.value_as} if built.value_as else set()
        )
        self._check_tie(item, scope)
        modifiers = self._modifiers(item, renames, built.value_as)
        number = self.probes.number()
        step = SearchInValue(item.at, number, index, item.within, item.language, binds, modifiers, given)
        # NOTE: a relation of a match in a text is about that text, that of a row of configuration about the file
        is_text = kind in ("text", "code", "pattern") or bool(item.language)
        holder = Holder(item.within, item.language) if is_text else None
        after = scope.after_match(holder, binds, item.name).plus(binds, item.name, True)
        return self._said(item, [step], after, binds)

    def without_groups(self, items: tuple[Item, ...]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
        """Return items of `for` without what is said of groups, and that: items with only such `let` and `where`.

        That is whatever reads `group` beside `per`, or a name that is computed from it.
        """
        assert self.origin is not None
        if self.origin.version < 2:
            return items, ()
        left: list[Item] = []
        grouped: list[Item] = []
        for item in items:
            names: set[str] = {GROUP} if item.per else set()
            own, let = {}, {}
            for name, text in item.let.items():
                if self._reads(text, names):
                    names.add(name)
                    let[name] = text
                else:
                    own[name] = text
            where = item.where if self._reads(item.where, names) else ""
            if let or where:
                grouped.append(Item(item.at, let=let, where=where))
            left.append(replace(item, let=own, where="" if where else item.where))
        return tuple(left), tuple(grouped)

    def _reads(self, text: str, names: Iterable[str]) -> bool:
        """Return whether an expression reads one of these names of the row."""
        try:
            return bool(text) and not compile_expression(text, self.probes.today).reads.isdisjoint(names)
        except ExpressionError:
            return False  # noted where it is compiled

    def groups(self, items: Iterable[Item], per: Iterable[str], scope: Scope) -> tuple[tuple[Where | Let, ...], Scope]:
        """Return the steps that are said of groups of rows which are equal in `per`, and the scope after them."""
        steps: list[Where | Let] = []
        inner = replace(scope, names=frozenset(per) | {GROUP}, aliases=frozenset(), partial=frozenset())
        for item in items:
            if GROUP in scope.names:
                message = f"`{GROUP}` beside `per` is the list of the group's rows, and something else is bound so, too"
                self.error(item.at, message, "give what is bound another name")
            for name, text in item.let.items():
                expression = self._of_group(text, (*item.at, "let", name), inner, scope)
                if name in _ROW_NAMES | {GROUP}:
                    self.error((*item.at, "let", name), f"`{name}` is reserved: polcheck sets it", "choose another")
                elif name in scope.names:
                    self.error((*item.at, "let", name), f"`{name}` is bound by the rows already", "choose another")
                elif expression is not None:
                    steps.append(Let((*item.at, "let"), self.probes.number(), ((name, expression),)))
                inner, scope = inner.plus([name]), scope.plus([name])
            if item.where:
                condition = self._of_group(item.where, (*item.at, "where"), inner, scope)
                if condition is not None:
                    steps.append(Where((*item.at, "where"), self.probes.number(), condition))
        return tuple(steps), scope

    def _of_group(self, text: str, at: Pointer, inner: Scope, rows: Scope) -> Expression | None:
        """Return an expression over a group, after proof that the group has one value for every name it reads."""
        expression = self._expression(text, at)
        for name in sorted(expression.reads - inner.names - {"params", "tables"}) if expression is not None else ():
            if name in rows.names | rows.aliases | _ROW_NAMES:
                help = f"read it from the rows, as `{GROUP}[].{name}`, or add it to `per`"
                self.error(at, f"`{name}` is not one value for a group", help, max(text.find(name), 0))
            else:
                self.unbound(name, rows, at, text.find(name))
        return expression

    def _said(
        self, item: Item, steps: list[Step], scope: Scope, bound: frozenset[str] = frozenset()
    ) -> tuple[list[Step], Scope]:
        """`steps`, then the item's `let`, relations and `where`."""
        del bound
        lets: list[tuple[str, Expression]] = []
        for name, text in item.let.items():
            expression = self._checked(text, (*item.at, "let", name), scope)
            if name in _ROW_NAMES:
                self.error((*item.at, "let", name), f"`{name}` is reserved: polcheck sets it", "choose another")
            if expression is not None:
                lets.append((name, expression))
            scope = scope.plus([name])
        if lets:
            steps.append(Let((*item.at, "let"), self.probes.number(), tuple(lets)))
        if item.of and item.of != "subject" and item.of not in scope.names | scope.aliases:
            self.unbound(item.of, replace(scope, names=scope.names | scope.aliases), (*item.at, "of"))
        if item.of == "subject" and not scope.placed and not scope.broken:
            self.error((*item.at, "of"), "there is no subject here", "write `for:` with a selector that finds it")
        for relation in RELATIONS:
            for target in _targets_of(item, relation):
                step, scope = self._relate(item, relation, target, scope)
                steps += step
        if item.where:
            condition = self._checked(item.where, (*item.at, "where"), scope)
            if condition is not None:
                steps.append(Where((*item.at, "where"), self.probes.number(), condition))
        return steps, scope

    def _relate(self, item: Item, relation: Relation, target: Item | str, scope: Scope) -> tuple[list[Step], Scope]:
        at = (*item.at, relation)
        if isinstance(target, str):
            if target != "subject" and target not in scope.names | scope.aliases:
                help = "write `{code: …}` for a query" if target.startswith("(") else ""
                if help:
                    self.error(at, f"`{relation}` takes a target or the name of a capture", help)
                else:
                    self.unbound(target, replace(scope, names=scope.names | scope.aliases), at)
            return [SpanFilter(item.at, self.probes.number(), relation, capture=target, of=item.of)], scope
        if relation == "is" and target.until:
            help = "both matches are at the same place: drop it"
            self.error((*target.at, "until"), "`until` ends nothing where a target is the match itself", help)
        holder = scope.holders.get(item.of or BEFORE)
        if holder is not None:
            return self._relate_in_value(item, relation, target, scope, holder)
        if scope.revision == MIXED:
            help = "write the relation into each branch of `any`"
            self.error(at, f"`{relation}` is about matches of the project and of its base at once", help)
        around = Around((target.language,), forced=True) if target.language else self.around_of(item)
        inner = replace(self, around=around, revision=scope.revision)
        steps, after = inner.conjunction((replace(target, until=()),), scope)
        first, rest = (steps[0].join if steps else None), steps[1:]
        if steps and first is not steps[0]:
            self.error(at, f"the target of `{relation}` has no selector", "write a `pattern` or `code`")
        until = tuple(stop for entry in _stops(target) if (stop := inner._until(entry)) is not None)
        number = self.probes.number()
        return [SpanFilter(item.at, number, relation, target=first, rest=rest, until=until, of=item.of)], after.about(
            scope.holders.get(BEFORE)
        )

    def _relate_in_value(
        self, item: Item, relation: Relation, target: Item, scope: Scope, holder: Holder
    ) -> tuple[list[Step], Scope]:
        """Return a relation of a match in a value: its target is looked for in the same value."""
        at = (*item.at, relation)
        if target.use or not any(getattr(target, kind) for kind in SEARCHES):
            self.error(at, f"the target of `{relation}` in a value is a `pattern`, `code` or `text`", "write one")
            return [], replace(scope, broken=True)
        steps, after = self.conjunction((self._held(target, holder),), scope)
        stops = [self._held(entry, holder) for entry in _stops(target)]
        until = [step for stop in stops for step in self.conjunction((stop,), scope)[0][:1]]
        first = steps[0].value_search if steps else None
        if first is None:
            return [], replace(scope, broken=True)
        number = self.probes.number()
        searches = tuple(search for step in until if (search := step.value_search) is not None)
        step = SpanFilter(item.at, number, relation, target=first, rest=steps[1:], until=searches, of=item.of)
        return [step], after.about(scope.holders.get(BEFORE))

    def _held(self, target: Item, holder: Holder) -> Item:
        """Return a target as an item that looks in a value, in the value's language unless it names another."""
        is_code = bool(target.code or target.pattern)
        language = target.language or (holder.language if is_code else "")
        return replace(target, within=holder.name, language=language, until=())

    def _until(self, item: Item) -> Join | None:
        steps, _ = self.conjunction((item,), Scope())
        return steps[0].join if steps else None

    def reading(self, subjects: Iterable[Item]) -> Compiler:
        """Return the same compiler for items that look in the files of `subjects` unless they name others."""
        languages = {name: None for item in subjects for name in self.around_of(item).languages}
        code = tuple(name for name in languages if name not in formats())
        return replace(self, around=Around(code)) if code else self

    def around_of(self, item: Item) -> Around:
        """Return the languages in which an item reads its files: the one it names, or those its files may have."""
        if item.language:
            return Around((item.language,), forced=True)
        texts = item.files or self.inherited
        try:
            files = compile_files(texts) if texts else None
        except FilesProblem:
            files = None
        return Around(languages_of(files)) if files else self.around

    def _modifiers(
        self,
        item: Item,
        renames: Mapping[str, str],
        value_as: str,
        optional: Names = frozenset(),
        own: tuple[Where | Let, ...] = (),
    ) -> Modifiers:
        """Return the modifiers of an item: its names as they were compiled, and every other one as it is written."""
        modifiers = Modifiers(renames, value_as, optional, own)
        written = {name: getattr(item, name) for name in modifiers.__struct_fields__ if hasattr(item, name)}
        if item.constant:
            written["dynamic"] = item.dynamic or ("undecided" if self.strict else "counted")
        return replace(modifiers, **written)

    def condition(self, text: str, at: Pointer, scope: Scope) -> Expression | None:
        """Return a condition over what a finding's message can read; None where it is refused (which is noted)."""
        return self._checked(text, at, scope)

    def _checked(self, text: str, at: Pointer, scope: Scope) -> Expression | None:
        """Return the expression, after proof that every name it reads is bound."""
        expression = self._expression(text, at)
        if expression is not None:
            self._check_bound(expression, at, expression.reads, scope)
        return expression

    def _check_bound(self, expression: Expression, at: Pointer, names: Names, scope: Scope) -> None:
        """Note the names that an expression reads and nothing binds."""
        for name in sorted(names - scope.readable - _ROW_NAMES):
            known = replace(scope, names=scope.readable)
            self.unbound(name, known, at, expression.text.find(name))

    def _expression(self, text: str, at: Pointer) -> Expression | None:
        try:
            expression = compile_expression(text, self.probes.today)
        except ExpressionError as error:
            self.error(at, error.message, error.help, error.position)
            return None
        assert self.origin is not None
        refuse_newer(expression, at, self.origin)
        read = {root: members(text, root) for root in sorted(self.known.keys() & expression.reads)}
        self.unknown(text, read, at)
        return expression


def _renamable(branch: tuple[Item, ...]) -> bool:
    return len(branch) == 1 and not branch[0].rename and not branch[0].any and not branch[0].negated


def _stops(target: Item) -> tuple[Item, ...]:
    """Return what ends the search for a target, as items: a bare string is a query."""
    at = (*target.at, "until")
    return tuple(Item(at=at, code=(entry,)) if isinstance(entry, str) else entry for entry in target.until)


def _is_unanchored(step: Step) -> bool:
    """Return whether a step, or one of a branch, looks in files that nothing names."""
    if step.search is not None:
        return step.search.files is None
    branches = (inner.steps for inner in step.nested if inner.role == "branch")
    return any(_is_unanchored(inner) for branch in branches for inner in branch)
