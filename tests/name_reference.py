"""What the calls of a Python file may stand for, worked out with Python's own `ast` and `symtable`.

It shares no code with polcheck: scopes are CPython's, and what a name is bound to is read from CPython's tree.
"""

from __future__ import annotations

import ast
import symtable
from collections import defaultdict, deque
from collections.abc import Iterator

Place = tuple[int, int]
_Key = tuple[int, str]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = {
    ast.ListComp: "listcomp",
    ast.SetComp: "setcomp",
    ast.DictComp: "dictcomp",
    ast.GeneratorExp: "genexpr",
}


def chain_of(node: ast.AST) -> str:
    """The dotted name that an expression spells; empty when it is none."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.NamedExpr):
            node = node.value
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Name):
            return ".".join([node.id, *reversed(parts)])
        else:
            return ""


def choices(node: ast.AST | None) -> Iterator[ast.AST]:
    """The names of which a value is one."""
    if isinstance(node, ast.Name | ast.Attribute):
        yield node
    elif isinstance(node, ast.IfExp):
        yield from choices(node.body)
        yield from choices(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from choices(value)
    elif isinstance(node, ast.NamedExpr):
        yield from choices(node.value)


class Reference:
    """The names of one file: `calls` gives, for the place of each call, the names that what is called may stand for."""

    def __init__(self, text: str, package: tuple[str, ...] = ()) -> None:
        self.package = package  # the folders of the file
        self.calls: dict[Place, frozenset[str]] = {}
        self.mangled = False
        self.stars = False
        self._tables: list[symtable.SymbolTable] = []
        self._parents: list[int] = []
        self._imports: dict[_Key, set[str]] = defaultdict(set)
        self._values: list[tuple[_Key, str, int]] = []  # what is bound, to which chain, seen from which scope
        self._uses: list[tuple[Place, str, int]] = []
        self._waiting: list[dict[tuple[str, int], deque[symtable.SymbolTable]]] = []
        tree = ast.parse(text)
        self._enter(symtable.symtable(text, "a.py", "exec"), -1)
        self._of_module = {name for table in self._all(self._tables[0]) for name in self._bound_in_module(table)}
        for statement in tree.body:
            self._visit(statement, 0)
        self._follow()

    def _enter(self, table: symtable.SymbolTable, parent: int) -> int:
        self._tables.append(table)
        self._parents.append(parent)
        waiting: dict[tuple[str, int], deque[symtable.SymbolTable]] = defaultdict(deque)
        for child in table.get_children():
            waiting[child.get_name(), child.get_lineno()].append(child)
        self._waiting.append(waiting)
        return len(self._tables) - 1

    def _all(self, table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
        yield table
        for child in table.get_children():
            yield from self._all(child)

    def _bound_in_module(self, table: symtable.SymbolTable) -> Iterator[str]:
        """The names of the module that a block binds: its own, or those that it declares global."""
        for symbol in table.get_symbols():
            bound = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace() or symbol.is_annotated()
            if bound and (table is self._tables[0] or symbol.is_declared_global()):
                yield symbol.get_name()

    def _below(self, scope: int, name: str, line: int) -> int:
        return self._enter(self._waiting[scope][name, line].popleft(), scope)

    def owner(self, name: str, scope: int) -> int | None:
        """The scope that binds a name which is used in `scope`, by CPython's symbol tables."""
        if name not in self._tables[scope].get_identifiers():
            # NOTE: nothing in this block mentions it, as when it is asked what a default stands for outside
            return self.outer(name, scope) if scope else 0 if name in self._of_module else None
        symbol = self._tables[scope].lookup(name)
        if symbol.is_global() or scope == 0:
            return 0 if name in self._of_module else None
        if symbol.is_local():
            return scope
        return self.outer(name, scope)

    def outer(self, name: str, scope: int) -> int | None:
        """The scope around `scope` that binds a name; classes are passed over."""
        here = self._parents[scope]
        while here > 0 and (
            self._tables[here].get_type() == "class"
            or name not in self._tables[here].get_identifiers()
            or not self._tables[here].lookup(name).is_local()
        ):
            here = self._parents[here]
        return self.owner(name, 0) if here <= 0 else here

    def keys(self, name: str, scope: int) -> list[_Key]:
        """The bindings that a use sees; a class's own and those around it."""
        owner = self.owner(name, scope)
        if owner is None:
            return []
        if self._tables[owner].get_type() == "class" and owner == scope:
            outside = self.outer(name, scope)
            return [(owner, name), *([(outside, name)] if outside is not None else [])]
        return [(owner, name)]

    def _bind(self, target: ast.AST, value: ast.AST | None, scope: int, seen: int) -> None:
        if isinstance(target, ast.Name):
            self._bind_name(target.id, value, scope, seen)
        elif isinstance(target, ast.Tuple | ast.List):
            items: list[ast.AST | None] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List | ast.Set):
                items = self._aligned(target.elts, value.elts)
            for part, item in zip(target.elts, items, strict=True):
                self._bind(part, item, scope, seen)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, None, scope, seen)

    def _aligned(self, targets: list[ast.expr], values: list[ast.expr]) -> list[ast.AST | None]:
        found: list[ast.AST | None] = [None] * len(targets)
        star = next((n for n, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
        splat = next((n for n, v in enumerate(values) if isinstance(v, ast.Starred)), len(values))
        if star is None and splat == len(values) and len(values) != len(targets):
            return found
        if star is not None and splat == len(values) and len(values) < len(targets) - 1:
            return found
        for number in range(len(targets) if star is None else star):
            if number < splat:
                found[number] = values[number]
        if star is not None and splat == len(values):
            for back in range(1, len(targets) - star):
                found[-back] = values[-back]
        return found

    def _bind_name(self, name: str, value: ast.AST | None, scope: int, seen: int) -> None:
        owner = self.owner(name, scope)
        for choice in choices(value):
            chain = chain_of(choice)
            if chain and owner is not None:
                self._values.append(((owner, name), chain, seen))

    def _modules(self, node: ast.ImportFrom) -> list[str]:
        if not node.level:
            return [node.module or ""]
        kept = self.package[: max(len(self.package) - node.level + 1, 0)]
        forms = [kept]
        for number, folder in enumerate(kept[:-1]):
            if folder == "src" or not folder.isidentifier():
                forms.append(kept[number + 1 :])
        return [".".join([*form, *([node.module] if node.module else [])]) for form in forms]

    def _import(self, node: ast.Import | ast.ImportFrom, scope: int) -> None:
        modules = self._modules(node) if isinstance(node, ast.ImportFrom) else [""]
        for alias in node.names:
            if alias.name == "*":
                self.stars = True
                continue
            if isinstance(node, ast.ImportFrom):
                names = [f"{module}.{alias.name}" if module else alias.name for module in modules]
                bound = alias.asname or alias.name
            else:
                bound = alias.asname or alias.name.partition(".")[0]
                names = [alias.name if alias.asname else bound]
            owner = self.owner(bound, scope)
            if owner is not None:
                self._imports[owner, bound].update(names)

    def _arguments(self, arguments: ast.arguments, scope: int, inner: int | None) -> None:
        """The defaults of parameters: visited outside of the function, bound inside."""
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if inner is None and default is not None:
                self._visit(default, scope)
        if inner is None:
            return
        placed = [*arguments.posonlyargs, *arguments.args]
        with_defaults = list(zip(placed[len(placed) - len(arguments.defaults) :], arguments.defaults, strict=True))
        for parameter, value in [*with_defaults, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]:
            self._bind_name(parameter.arg, value, inner, scope)

    def _annotations(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: int) -> None:
        arguments = node.args
        for parameter in [
            *arguments.posonlyargs,
            *arguments.args,
            arguments.vararg,
            *arguments.kwonlyargs,
            arguments.kwarg,
        ]:
            if parameter is not None and parameter.annotation is not None:
                self._visit(parameter.annotation, scope)
        if node.returns is not None:
            self._visit(node.returns, scope)

    def _visit(self, node: ast.AST, scope: int) -> None:
        if isinstance(node, _FUNCTIONS):
            self._arguments(node.args, scope, None)
            if not isinstance(node, ast.Lambda):
                self._annotations(node, scope)
                for decorator in node.decorator_list:
                    self._visit(decorator, scope)
            name = "lambda" if isinstance(node, ast.Lambda) else node.name
            line = (
                node.lineno
                if isinstance(node, ast.Lambda)
                else min([node.lineno, *(d.lineno for d in node.decorator_list)])
            )
            inner = self._child(scope, name, node.lineno, line)
            self._arguments(node.args, scope, inner)
            body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
            for part in body:
                self._visit(part, inner)
        elif isinstance(node, ast.ClassDef):
            for outside in [*node.bases, *node.keywords, *node.decorator_list]:
                self._visit(outside, scope)
            line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            inner = self._child(scope, node.name, node.lineno, line)
            for statement in node.body:
                self._visit(statement, inner)
        elif type(node) in _COMPREHENSIONS:
            self._comprehension(node, scope)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node, scope)
        else:
            self._statement(node, scope)
            for child in ast.iter_child_nodes(node):
                self._visit(child, scope)

    def _child(self, scope: int, name: str, *lines: int) -> int:
        for line in lines:
            if self._waiting[scope].get((name, line)):
                return self._below(scope, name, line)
        raise LookupError(f"no table for {name} at {lines}")

    def _comprehension(self, node: ast.AST, scope: int) -> None:
        generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        self._visit(generators[0].iter, scope)
        inner = self._child(scope, _COMPREHENSIONS[type(node)], node.lineno)  # type: ignore[attr-defined]
        for number, generator in enumerate(generators):
            self._loop(generator.target, generator.iter, inner, scope if number == 0 else inner)
            self._visit(generator.target, inner)
            for test in generator.ifs if number == 0 else ():
                self._visit(test, inner)
        for generator in generators[1:]:
            self._visit(generator.iter, inner)
            for test in generator.ifs:
                self._visit(test, inner)
        if isinstance(node, ast.DictComp):
            parts: list[ast.AST] = [node.value, node.key]
            self._visit(parts[1], inner)
            self._visit(parts[0], inner)
        else:
            self._visit(node.elt, inner)  # type: ignore[attr-defined]

    def _loop(self, target: ast.AST, over: ast.AST, scope: int, seen: int) -> None:
        if isinstance(over, ast.Tuple | ast.List | ast.Set):
            for item in over.elts:
                self._bind(target, None if isinstance(item, ast.Starred) else item, scope, seen)

    def _statement(self, node: ast.AST, scope: int) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value, scope, scope)
        elif isinstance(node, ast.AnnAssign):
            self._bind(node.target, node.value, scope, scope)
        elif isinstance(node, ast.NamedExpr):
            # NOTE: in a comprehension the name is one of the block around it
            outer = scope
            while self._tables[outer].get_name() in _COMPREHENSIONS.values():
                outer = self._parents[outer]
            self._bind(node.target, node.value, outer, scope)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._loop(node.target, node.iter, scope, scope)
        elif isinstance(node, ast.Call):
            chain = chain_of(node.func)
            if chain:
                self._uses.append(((node.lineno, node.col_offset), chain, scope))

    def _follow(self) -> None:
        known: dict[_Key, set[str]] = defaultdict(set)
        for key, names in self._imports.items():
            known[key] |= names
        changed = True
        while changed:
            changed = False
            for key, chain, scope in self._values:
                head, dot, rest = chain.partition(".")
                for source in self.keys(head, scope):
                    new = {name + dot + rest for name in known.get(source, ())} - known[key]
                    new = {name for name in new if name.count(".") < 12}
                    changed = changed or bool(new)
                    known[key] |= new
        for place, chain, scope in self._uses:
            head, dot, rest = chain.partition(".")
            keys = self.keys(head, scope)
            names = {name + dot + rest for key in keys for name in known.get(key, ())}
            hidden = False
            if not names and keys and keys[0][0]:
                outside = self.outer(head, keys[0][0])
                hidden = outside is not None and bool(known.get((outside, head)))
            self.calls[place] = frozenset(() if hidden else {chain, *names})
