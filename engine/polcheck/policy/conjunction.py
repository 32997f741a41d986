"""Compiling conjunctions: items become steps, names are proven bound, selectors become probes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from polcheck.documents.config import Json, Pointer
from polcheck.policy import plan
from polcheck.policy.itemcheck import KINDS, SEARCHES, WORDS, check_keys, check_role
from polcheck.policy.members import FILE, PLACE, members, unknown
from polcheck.policy.origin import Origin
from polcheck.policy.probes import MAX_USES, Made, Probes, Selectors
from polcheck.policy.scope import Scope
from polcheck.policy.written import Item
from polcheck.records import record
from polcheck.selectors.files import FilePatterns, FilesProblem, compile_files
from polcheck.selectors.jmes import Expression, ExpressionError, compile_expression

_ROW_NAMES = frozenset({"path", "line", "column", "file", "params", "tables", "subject"})
_OWN_NAMES = _ROW_NAMES - {"subject"}


@record(frozen=True)
class Compiler:
    """Compiles the conjunctions of one pack. `origin` is where the current ones are written."""

    probes: Probes
    selectors: Selectors
    params: Mapping[str, Json] = field(default_factory=dict)
    tables: Mapping[str, Json] = field(default_factory=dict)
    origin: Origin | None = None
    inherited: tuple[str, ...] = ()  # `files` of the item that uses the selector being compiled
    language: str = ""  # of the item that uses the selector being compiled, or is related to it
    using: tuple[str, ...] = ()  # the selectors being compiled, outermost first

    def at(self, origin: Origin) -> Compiler:
        """The same compiler for what is written at `origin`."""
        return replace(self, origin=origin)

    def error(self, at: Pointer, message: str, help: str = "", offset: int | None = None) -> None:
        """Notes an error at the current origin."""
        assert self.origin is not None
        self.origin.error(at, message, help, offset)

    def suggest(self, name: str, known: Iterable[str]) -> str:
        """`did you mean` the closest known name, or nothing."""
        close = difflib.get_close_matches(name, sorted(known), n=1)
        return f"did you mean `{close[0]}`?" if close else ""

    def unbound(self, name: str, scope: Scope, at: Pointer, offset: int | None = None) -> None:
        """Notes that `name` is used and nothing binds it."""
        if scope.broken:
            return
        place = offset if offset is None or offset >= 0 else None
        self.error(at, f"`{name}` is never bound", scope.meant(name), place)

    @property
    def known(self) -> Mapping[str, Iterable[str]]:
        """The members of what polcheck sets."""
        return {"params": self.params, "tables": self.tables, "file": FILE, "subject": PLACE}

    def unknown(self, text: str, read: Mapping[str, frozenset[str]], at: Pointer) -> None:
        """Notes what `text` reads of parameters, tables or facts that aren't there: null, and silently so."""
        for place, message, help in unknown(read, self.known):
            offset = text.find(place)
            self.error(at, message, help, offset if offset >= 0 else None)

    def conjunction(self, items: tuple[Item, ...], scope: Scope, role: str = "") -> tuple[plan.Conjunction, Scope]:
        """The steps of a list of items, and the scope after it."""
        steps: list[plan.Step] = []
        for index, item in enumerate(items):
            last = index == len(items) - 1
            check_role(item, role, last, self.error)
            made, scope = self._item(item, scope)
            steps += made
        return tuple(steps), scope

    def _item(self, item: Item, scope: Scope) -> tuple[list[plan.Step], Scope]:
        """The steps of one item: its selector, then what is said of its row."""
        kinds = [kind for kind in KINDS if getattr(item, kind) not in ((), "", None)]
        if len(kinds) > 1:
            words = " and ".join(f"`{WORDS.get(kind, kind)}`" for kind in kinds)
            self.error(item.at, f"an item has one selector, not {words}", "make them two items of a list")
            return [], replace(scope, broken=True)
        kind = kinds[0] if kinds else "files" if item.files else ""
        check_keys(item, kind, self.error)
        if kind == "negated":
            what, _ = self.conjunction(item.negated, scope)
            return self._said(item, [plan.Absence(item.at, what)], scope)
        if kind == "any":
            return self._any(item, scope)
        if not kind:
            return self._said(item, [], scope)
        if item.within:
            return self._within(item, scope)
        made = self._source(item, kind)
        if made is None:
            return [], replace(scope, broken=True)
        return self._join(item, made, scope)

    def _any(self, item: Item, scope: Scope) -> tuple[list[plan.Step], Scope]:
        branches = item.any
        if isinstance(item.rename, str) and item.rename and all(_renamable(branch) for branch in branches):
            branches = tuple((replace(branch[0], rename=item.rename),) for branch in branches)
            item = replace(item, rename="")
        compiled = [self.conjunction(branch, scope) for branch in branches]
        shared = frozenset.intersection(*(after.names for _, after in compiled))
        renames = self._renames(item, shared - scope.names)
        bound = frozenset(renames.get(name, name) for name in shared - scope.names)
        step = plan.Union(item.at, tuple(steps for steps, _ in compiled), bound | scope.names, tuple(renames.items()))
        return self._said(item, [step], scope.after_any((after for _, after in compiled), bound), bound)

    def _source(self, item: Item, kind: str) -> tuple[plan.Find | plan.Listing | plan.Values | plan.Used, Made] | None:
        """Where the item's rows come from, and what they bind."""
        if kind == "use":
            return self._use(item)
        if kind == "values":
            return self._values(item)
        files = self._files(item)
        if kind == "files":
            if files is None:
                return None
            made = Made(binds=files.binds)
            path_as = item.rename if isinstance(item.rename, str) else ""
            return plan.Listing(files, path_as), replace(made, path_as=path_as)
        made_probe = self.probes.of(item, kind, files, self.origin, self.language)
        if made_probe is None:
            return None
        index, made = made_probe
        captures = files.binds if files else frozenset()
        return plan.Find(index, files), replace(made, binds=made.binds | captures)

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
                f"`{name}` is a name that polcheck sets itself",
                "call the capture otherwise",
            )
        return files

    def _values(self, item: Item) -> tuple[plan.Values, Made] | None:
        at = (*item.at, "values")
        rows: tuple[Json, ...]
        if isinstance(item.values, str):
            expression = self._expression(item.values, at)
            if expression is None:
                return None
            for name in sorted(expression.names - {"params", "tables"}):
                self.error(at, f"`values` sees only `params` and `tables`, not `{name}`")
            rows = tuple(expression.rows({"params": dict(self.params), "tables": dict(self.tables)}))
        else:
            rows = item.values or ()
        hashes = [frozenset(row) for row in rows if isinstance(row, dict)]
        if hashes and len(hashes) < len(rows):
            self.error(at, "some rows are mappings and some are not", "make all of them the same")
        binds = frozenset.intersection(*hashes) if hashes else frozenset()
        optional = frozenset.union(*hashes) - binds if hashes else frozenset()
        value_as = "" if hashes or not isinstance(item.rename, str) else item.rename
        return plan.Values(rows), Made(binds, optional, value_as, single=not hashes)

    def _use(self, item: Item) -> tuple[plan.Used, Made] | None:
        at = (*item.at, "use")
        found = self.selectors.find(item.use)
        if found is None:
            self.error(at, f"there is no selector `{item.use}`", self.suggest(item.use, self.selectors.names))
            return None
        if item.use in self.using:
            self.error(at, f"the selector `{item.use}` uses itself")
            return None
        if self.selectors.is_used_up():
            if self.selectors.uses == MAX_USES + 1:
                self.error(at, f"selectors are used more than {MAX_USES:,} times, counting those that use others")
            return None
        if item.files and self._files(item) is None:
            return None
        items, origin = found
        inner = replace(
            self,
            origin=origin,
            inherited=item.files or self.inherited,
            language=self._language(item),
            using=(*self.using, item.use),
        )
        steps, after = inner.conjunction(items, Scope())
        anchored = not (item.files or self.inherited) and any(_roams(step) for step in steps)
        return plan.Used(f"{item.use}\0{item.files or self.inherited}", steps, anchored), Made(after.names)

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
        source: tuple[plan.Find | plan.Listing | plan.Values | plan.Used, Made],
        scope: Scope,
    ) -> tuple[list[plan.Step], Scope]:
        self._check_tie(item, scope)
        origin, made = source
        captures = origin.files.binds if isinstance(origin, plan.Find) and origin.files else frozenset()
        whole = made.value_as or made.path_as
        renames = {} if whole else self._renames(item, (made.binds | made.optional) - captures)
        binds = frozenset(renames.get(name, name) for name in made.binds)
        if whole:
            binds |= {whole}
        own, rest = self._own(item, binds | made.optional)
        lets = frozenset(name for let in own if isinstance(let, plan.Let) for name, _ in let.names)
        optional = frozenset(renames.get(name, name) for name in made.optional)
        step = plan.Join(
            item.at,
            origin,
            binds | lets,
            optional,
            renames,
            made.value_as,
            item.scope,
            item.near,
            own,
            item.name,
        )
        placed = not isinstance(origin, plan.Values)
        after = scope.plus(binds | lets, item.name, placed)
        return self._said(rest, [step], after, binds)

    def _check_tie(self, item: Item, scope: Scope) -> None:
        """Notes `scope` and `near` where no match is before, which they would be about."""
        for key, given in (("scope", item.scope), ("near", item.near is not None)):
            if given and not scope.placed:
                message = f"`{key}` speaks of the subject, or of the first match before, and here is none"
                self.error((*item.at, key), message, "drop it, or say in `for` what the subjects are")

    def _own(self, item: Item, binds: frozenset[str]) -> tuple[tuple[plan.Where | plan.Let, ...], Item]:
        """The `let` and `where` that see the item's row alone, and the item without them."""
        own: list[plan.Where | plan.Let] = []
        seen = binds | _OWN_NAMES
        left: dict[str, str] = {}
        for name, text in item.let.items():
            expression = self._expression(text, (*item.at, "let", name))
            if expression is not None and expression.names <= seen and name not in _ROW_NAMES:
                own.append(plan.Let((*item.at, "let"), ((name, expression),)))
                seen |= {name}
            else:
                left[name] = text
        where = item.where
        if where:
            condition = self._expression(where, (*item.at, "where"))
            if condition is not None and condition.names <= seen:
                own.append(plan.Where((*item.at, "where"), condition))
                where = ""
        return tuple(own), replace(item, let=left, where=where)

    def _within(self, item: Item, scope: Scope) -> tuple[list[plan.Step], Scope]:
        if item.within not in scope.names:
            self.unbound(item.within, scope, (*item.at, "in"))
        kind = next(kind for kind in SEARCHES if getattr(item, kind) not in ((), "", None))
        found = self.probes.of(item, kind, None, self.origin, self.language)
        if found is None:
            return [], replace(scope, broken=True)
        index, made = found
        renames = {} if made.value_as else self._renames(item, made.binds | made.optional)
        binds = frozenset(renames.get(name, name) for name in made.binds) | (
            {made.value_as} if made.value_as else set()
        )
        step = plan.Within(item.at, index, item.within, item.language, binds, renames, made.value_as, item.name)
        return self._said(item, [step], scope.plus(binds, item.name, True), binds)

    def _said(
        self, item: Item, steps: list[plan.Step], scope: Scope, bound: frozenset[str] = frozenset()
    ) -> tuple[list[plan.Step], Scope]:
        """`steps`, then the item's `let`, relations and `where`."""
        del bound
        lets: list[tuple[str, Expression]] = []
        for name, text in item.let.items():
            expression = self._checked(text, (*item.at, "let", name), scope)
            if name in _ROW_NAMES:
                self.error((*item.at, "let", name), f"`{name}` is a name that polcheck sets itself", "choose another")
            if expression is not None:
                lets.append((name, expression))
            scope = scope.plus([name])
        if lets:
            steps.append(plan.Let((*item.at, "let"), tuple(lets)))
        for relation in ("inside", "has", "after"):
            for target in getattr(item, relation):
                step, scope = self._relate(item, relation, target, scope)
                steps += step
        if item.where:
            condition = self._checked(item.where, (*item.at, "where"), scope)
            if condition is not None:
                steps.append(plan.Where((*item.at, "where"), condition))
        return steps, scope

    def _relate(
        self, item: Item, relation: plan.Relation, target: Item | str, scope: Scope
    ) -> tuple[list[plan.Step], Scope]:
        at = (*item.at, relation)
        if isinstance(target, str):
            if target != "subject" and target not in scope.names:
                help = "write `{code: …}` for a query" if target.startswith("(") else ""
                if help:
                    self.error(at, f"`{relation}` takes a target or the name of a capture", help)
                else:
                    self.unbound(target, scope, at)
            return [plan.Relate(item.at, relation, target)], scope
        language = target.language or self._language(item)
        inner = replace(self, language=language)
        steps, after = inner.conjunction((replace(target, until=()),), scope)
        until = [inner._until(entry, target) for entry in target.until]
        joins = tuple(step for step in until if step is not None)
        return [plan.Relate(item.at, relation, steps, joins)], after

    def _until(self, entry: Item | str, holder: Item) -> plan.Join | None:
        item = Item(at=(*holder.at, "until"), code=(entry,)) if isinstance(entry, str) else entry
        steps, _ = self.conjunction((item,), Scope())
        first = steps[0] if steps else None
        return first if isinstance(first, plan.Join) else None

    def _language(self, item: Item) -> str:
        """The language of the item's files, where its patterns say so."""
        texts = item.files or self.inherited
        try:
            files = compile_files(texts) if texts else None
        except FilesProblem:
            files = None
        given = item.language or self.language
        return self.probes.language(files, given) if files or given else ""

    def _checked(self, text: str, at: Pointer, scope: Scope) -> Expression | None:
        """The expression, after proof that every name it reads is bound."""
        expression = self._expression(text, at)
        if expression is not None:
            for name in sorted(expression.names - scope.names - scope.aliases - _ROW_NAMES):
                self.unbound(name, replace(scope, names=scope.names | scope.aliases), at, text.find(name))
        return expression

    def _expression(self, text: str, at: Pointer) -> Expression | None:
        try:
            expression = compile_expression(text)
        except ExpressionError as error:
            self.error(at, error.message, error.help, error.position)
            return None
        read = {root: members(text, root) for root in sorted(self.known.keys() & expression.names)}
        self.unknown(text, read, at)
        return expression


def _renamable(branch: tuple[Item, ...]) -> bool:
    return len(branch) == 1 and not branch[0].rename and not branch[0].any and not branch[0].negated


def _roams(step: plan.Step) -> bool:
    """Whether a step looks in files that nothing names."""
    if isinstance(step, plan.Join):
        return isinstance(step.source, plan.Find) and step.source.files is None
    return isinstance(step, plan.Union) and any(_roams(inner) for branch in step.branches for inner in branch)
