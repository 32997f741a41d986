"""Constants of Python code: names that are assigned once, in a module or a class, and modules as imports find them.

A name is a constant where its scope has one binding of it, an assignment that runs whenever the scope does: not in a
loop, a branch or a `try`, and nothing else binds it: no `global`, `del`, augmented assignment, `setattr` or star
import. The tests compare what follows with a reading of Python's own `ast`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from polcheck.languages.constants import (
    MAX_DEPTH,
    Cell,
    ConstantRules,
    Dynamic,
    FileConstants,
    Imported,
    Member,
    Name,
    Owner,
    OwnerFacts,
    ProjectFiles,
    Value,
    Write,
    joined,
    negated,
    no_literal,
    number,
)
from polcheck.languages.grammars import Tree, captures
from polcheck.languages.names import Binding, Scope, parts_of, text_of, unwrapped
from polcheck.languages.python_names import (
    GROUPS,
    IMPORTS,
    SPLATS,
    aligned,
    dotted,
    imported_names,
    is_one,
    names_in,
)
from polcheck.languages.registry import language

if TYPE_CHECKING:
    from tree_sitter import Node

_NODES = f"""
{IMPORTS} (class_definition) @class (function_definition) @function
(assignment) @assignment (assignment left: (_) @target) (augmented_assignment left: (_) @target)
(delete_statement (_) @target) (for_statement left: (_) @target) (for_in_clause left: (_) @target)
(as_pattern_target (_) @target) (call function: (identifier)) @call (call function: (attribute)) @method
"""
_TRY = ("try_statement", "except_clause", "except_group_clause", "finally_clause")
_LOOPS = ("for_statement", "while_statement")
_BRANCHES = ("if_statement", "elif_clause", "else_clause", "match_statement", "case_clause")
_BLOCKS = dict.fromkeys(_TRY, "`try`") | dict.fromkeys(_LOOPS, "a loop") | dict.fromkeys(_BRANCHES, "a branch")
_BOUND_BY = {
    "for_statement": "is bound by a loop", "for_in_clause": "is bound by a loop",
    "function_definition": "is a function", "augmented_assignment": "is changed by an augmented assignment",
    "delete_statement": "is deleted",
    "as_pattern_target": "is bound by `as`", "type": "is an alias of a type",
}  # fmt: skip
# in which a walrus is worked out whenever its statement runs
_EAGER = ("parenthesized_expression", "argument_list", "call", "keyword_argument", "subscript", "binary_operator")
_SAME_CLASS = frozenset(
    {"dataclass", "final", "unique", "total_ordering", "runtime_checkable", "verify", "define", "frozen", "attrs", "s",
     "dataclass_transform", "deprecated"}
)  # fmt: skip
"""Decorators, by their last segment, after which the name of a class is still that class."""
_SETTERS = ("setattr", "delattr")
_NAMESPACES = ("globals", "vars", "locals")
_MUTATORS = frozenset({"update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__"})
_MODULES = ("sys.modules", "import_module", "__import__")  # expressions that give a module
_ANY = "*"


class _File:
    """The names of one file, and how each of them is bound."""

    def __init__(self, tree: Tree) -> None:
        self.language = language(tree.language)
        self.root = tree.tree.root_node
        self.nodes = captures(_NODES, tree)
        self.imports = self.nodes.get("import", [])
        names = names_in(tree, self.imports)
        self.table, self.unclear = names.table, names.unclear or tree.misread
        self.has_stars = bool(names.stars)
        bodies = [*self.nodes.get("class", ()), *self.nodes.get("function", ())]
        self._definitions = {body.start_byte: node for node in bodies if (body := node.child_by_field_name("body"))}
        bare = {
            left.start_byte
            for node in self.nodes.get("assignment", ())
            if node.child_by_field_name("right") is None and (left := node.child_by_field_name("left")) is not None
        }
        self.bindings: dict[tuple[int, str], list[Binding]] = {}
        for binding in names.bindings:
            if binding.place not in bare:
                self.bindings.setdefault((binding.scope.number, binding.name), []).append(binding)
        self._owners: dict[int, str] = {}
        self.written: Counter[tuple[int, str]] = Counter()
        self.writes: list[Write] = []
        self.class_writes: dict[str, dict[str, None]] = {}
        self._read_writes()

    def owner(self, scope: Scope) -> str:
        """Return the dotted name of a class whose body a scope is; empty where no module-wide name leads to it."""
        if scope.form != "class":
            return ""
        if scope.number not in self._owners:
            node = self._definitions.get(scope.start)
            name = node.child_by_field_name("name") if node is not None else None
            text = text_of(name) if name is not None else ""
            around = scope.around
            outer = self.owner(around)
            self._owners[scope.number] = text if not around.depth else f"{outer}.{text}" if outer and text else ""
        return self._owners[scope.number]

    def constants(self) -> FileConstants:
        """Return what the file defines, and what it assigns in others."""
        names: dict[str, Cell] = {}
        owners: dict[str, OwnerFacts] = {}
        for (_, name), bindings in self.bindings.items():
            scope = bindings[0].scope
            owner = self.owner(scope)
            if scope.depth and not owner:
                continue
            qualified = f"{owner}.{name}" if owner else name
            names[qualified] = self.defined(bindings)
        for node in self.nodes.get("class", ()):
            body = node.child_by_field_name("body")
            if body is not None and (owner := self.owner(self.table.at(body.start_byte))):
                owners[owner] = self._facts(node, owner, self.table.at(body.start_byte))
        return FileConstants(names, owners, tuple(self.writes), stars=("*",) if self.has_stars else ())

    def _facts(self, node: Node, owner: str, scope: Scope) -> OwnerFacts:
        bases: list[Cell] = []
        given = node.child_by_field_name("superclasses")
        for base in parts_of(given) if given is not None else ():
            if base.type == "keyword_argument":
                value = base.child_by_field_name("value")
                if text_of(base).startswith("metaclass") and not (value and dotted(value).endswith("ABCMeta")):
                    bases.append(Dynamic("a metaclass"))
            else:
                bases.append(self.base(base))
        return OwnerFacts(tuple(bases), tuple(sorted(scope.binds)), tuple(self.class_writes.get(owner, ())))

    def base(self, node: Node) -> Cell:
        """Return what a base of a class stands for; one of Python's own is a name of the module `builtins`."""
        chain = dotted(unwrapped(node))
        if chain and self.table.bound_in(chain.partition(".")[0], self.table.at(node.start_byte)) is None:
            return Imported("builtins", chain)
        return self.cell(node)

    def defined(self, bindings: Sequence[Binding]) -> Cell:
        """Return what a name of a module or class stands for, of which these are all bindings."""
        name, scope = bindings[0].name, bindings[0].scope
        if self.unclear:
            return Dynamic(self.unclear)
        if len(bindings) > 1:
            return Dynamic(f"`{name}` is bound {len(bindings)} times")
        if not scope.depth and self.has_stars:
            return Dynamic(f"`{name}` may come from a star import")
        if not scope.depth and (self.written[0, name] or self.written[0, _ANY]):
            return Dynamic(f"`{name}` may be set by a name that is worked out")
        return self._bound(bindings[0])

    def _bound(self, binding: Binding) -> Cell:
        """Return what the only binding of a name gives it."""
        name = binding.name
        node = self._leaf(binding.place)
        if node.type != "identifier":
            return self._import(binding, node)
        target = node
        while target.parent is not None and (target.parent.type in GROUPS or target.parent.type in SPLATS):
            target = target.parent
        parent = target.parent
        if parent is None:
            return Dynamic(f"`{name}` is not assigned")
        if parent.type == "assignment" and _is_field(parent, "left", target):
            return self._assigned(binding, node, target, parent)
        if parent.type == "named_expression" and _is_field(parent, "name", target):
            value = parent.child_by_field_name("value")
            statement: Node = parent
            while statement.parent is not None and statement.parent.type in _EAGER:
                statement = statement.parent
            if statement.parent is not None and statement.parent.type == "assignment":
                statement = statement.parent
            if statement.parent is None or statement.parent.type != "expression_statement":
                return Dynamic(f"`{name}` is assigned within an expression")
            problem = self._conditional(statement.parent, binding.scope)
            return Dynamic(f"`{name}` {problem}") if problem or value is None else self.cell(value)
        if parent.type == "class_definition":
            return self._class(binding, parent)
        return Dynamic(f"`{name}` {_BOUND_BY.get(parent.type, 'is bound otherwise than by an assignment')}")

    def _leaf(self, place: int) -> Node:
        """Return the name that begins at a byte, or the import statement."""
        node = self.root.descendant_for_byte_range(place, place + 1) or self.root
        while (
            node.type != "identifier"
            and not node.type.endswith("import_statement")
            and node.type != ("import_from_statement")
        ):
            if node.parent is None:
                break
            node = node.parent
        return node

    def _assigned(self, binding: Binding, node: Node, target: Node, assignment: Node) -> Cell:
        """Return what an assignment, maybe one of several names at once, gives a name."""
        name = binding.name
        value = assignment.child_by_field_name("right")
        while value is not None and value.type == "assignment":
            value = value.child_by_field_name("right")
        statement = assignment
        while statement.parent is not None and statement.parent.type == "assignment":
            statement = statement.parent
        problem = self._conditional(statement.parent, binding.scope) if statement.parent is not None else ""
        if problem:
            return Dynamic(f"`{name}` {problem}")
        annotation = assignment.child_by_field_name("type")
        if annotation is not None and binding.scope.depth and self._is_field_default(binding.scope, annotation):
            return Dynamic(f"`{name}` is the default of a field")
        pairs: list[tuple[Node, Node | None]] = [(target, value)]
        while pairs:
            each, given = pairs.pop()
            if each == node:
                return self.cell(given) if given is not None else Dynamic(f"`{name}` is one of several values")
            if each.type == "parenthesized_expression" or is_one(each):
                pairs += [(part, given) for part in parts_of(each)]
            elif each.type in GROUPS:
                pairs += aligned(parts_of(each), given)
        return Dynamic(f"`{name}` is one of several values")

    def _is_field_default(self, scope: Scope, annotation: Node) -> bool:
        """Return whether an annotated name of a class may be a field, whose value each instance is given."""
        node = self._definitions.get(scope.start)
        if node is None:
            return True
        decorated = node.parent is not None and node.parent.type == "decorated_definition"
        text = text_of(annotation)
        if "ClassVar" in text or ("Final" in text and not decorated):
            return False
        bases = node.child_by_field_name("superclasses")
        return decorated or (bases is not None and bool(parts_of(bases)))

    def _class(self, binding: Binding, node: Node) -> Cell:
        """Return a class, which has constants of its own."""
        statement: Node = node
        if node.parent is not None and node.parent.type == "decorated_definition":
            statement = node.parent
            for decorator in parts_of(statement):
                called = decorator.named_child(0) if decorator.type == "decorator" else None
                if called is not None and called.type == "call":
                    called = called.child_by_field_name("function")
                if called is not None and dotted(called).rpartition(".")[2] not in _SAME_CLASS:
                    return Dynamic(f"`{binding.name}` is what a decorator makes of a class")
        problem = self._conditional(statement, binding.scope)
        body = node.child_by_field_name("body")
        owner = self.owner(self.table.at(body.start_byte)) if body is not None else ""
        if problem or not owner:
            return Dynamic(f"`{binding.name}` {problem or 'is a class in a function'}")
        return Owner(owner)

    def _import(self, binding: Binding, statement: Node) -> Cell:
        """Return what an import statement binds a name to."""
        problem = self._conditional(statement, binding.scope)
        if problem:
            return Dynamic(f"`{binding.name}` {problem.replace('assigned', 'imported')}")
        sources = [(module, member) for name, module, member in imported_names(statement) if name == binding.name]
        if len(sources) != 1:
            return Dynamic(f"`{binding.name}` is imported twice")
        return Imported(*sources[0])

    def _conditional(self, statement: Node, scope: Scope) -> str:
        """Return why a statement need not run whenever its scope does; empty when it does."""
        block = statement.parent
        while block is not None:
            if block.type == "module":
                return "" if not scope.depth else "is not assigned in its scope"
            around = block.parent
            if block.type != "block" or around is None:
                return "is not assigned by a statement"
            if block.start_byte == scope.start and scope.depth:
                return ""
            if around.type != "with_statement":
                return f"is assigned in {_BLOCKS.get(around.type, 'a function')}"
            block = around.parent
        return "is not assigned by a statement"

    def cell(self, node: Node, depth: int = 0) -> Cell:
        """Return what an expression stands for; `depth` is that of expressions around it that have been read."""
        node = unwrapped(node)
        if depth > MAX_DEPTH:
            return no_literal(node)
        kind = node.type
        if kind == "string":
            return self._string(node, depth)
        if kind == "concatenated_string":
            return joined([self._string(part, depth) for part in node.named_children if part.type == "string"])
        if kind in ("integer", "float"):
            return _number(text_of(node))
        if kind in ("true", "false", "none"):
            return Value({"true": True, "false": False}.get(kind))
        if kind == "unary_operator" and (operand := node.child_by_field_name("argument")) is not None:
            sign = node.children[0].type
            cell = self.cell(operand, depth + 1)
            return negated(cell) if sign == "-" else negated(negated(cell)) if sign == "+" else no_literal(node)
        if kind == "binary_operator" and node.child_by_field_name("operator") is not None:
            return self._sum(node, depth)
        if kind == "named_expression" and (value := node.child_by_field_name("value")) is not None:
            return self.cell(value, depth + 1)
        if kind in ("identifier", "attribute"):
            chain = dotted(node)
            return self._reference(chain, node.start_byte) if chain else no_literal(node)
        return no_literal(node)

    def _sum(self, node: Node, depth: int) -> Cell:
        """Return strings that are put together by `+`."""
        parts: list[Cell] = []
        here: Node | None = node
        while here is not None and here.type == "binary_operator":
            operator, right = here.child_by_field_name("operator"), here.child_by_field_name("right")
            if operator is None or right is None or operator.type != "+" or len(parts) > 50:
                return no_literal(node)
            parts.append(
                no_literal(node) if unwrapped(right).type == "binary_operator" else self.cell(right, depth + 1)
            )
            here = here.child_by_field_name("left")
            here = unwrapped(here) if here is not None else None
        return joined([*([self.cell(here, depth + 1)] if here is not None else []), *reversed(parts)])

    def _string(self, node: Node, depth: int = 0) -> Cell:
        prefix = text_of(node)[:3].lower().split('"')[0].split("'")[0]
        if "t" in prefix:
            return Dynamic("a template string")
        literal = self.language.literal(node)
        if literal is None:
            return no_literal(node)
        if literal.plain:
            return Value(literal.value)
        parts: list[Cell] = []
        for part in self.language.formatted(node) if self.language.formatted is not None else ():
            if isinstance(part, str):
                parts.append(Value(part))
            elif part.form or part.expression is None:
                return no_literal(node)
            else:
                cell = self.cell(part.expression, depth + 1)
                is_integer = isinstance(cell, Value) and type(cell.value) is int
                parts.append(Value(str(cell.value)) if isinstance(cell, Value) and is_integer else cell)
        return joined(parts)

    def _reference(self, chain: str, place: int) -> Cell:
        """Return what a dotted name that is used at a byte stands for, as far as this file tells."""
        head, _, rest = chain.partition(".")
        scope = self.table.at(place)
        bound = self.table.bound_in(head, scope)
        if self.unclear:
            return Dynamic(self.unclear)
        if bound is None:
            star = "may come from a star import" if self.has_stars else "is not bound in this file"
            return Dynamic(f"`{head}` {star}")
        if not bound.depth:
            return Name(chain)
        bindings = self.bindings.get((bound.number, head), [])
        if bound.form == "class":
            owner = self.owner(bound)
            first = min((binding.place for binding in bindings), default=0)
            return Name(f"{owner}.{chain}") if owner and first <= place else Dynamic(f"`{head}` is not bound yet")
        if bound.form != "function" or len(bindings) != 1:
            return Dynamic(f"`{head}` is bound by a loop" if bound.form == "comprehension" else _local(head, bindings))
        leaf = self._leaf(bindings[0].place)
        if leaf.type.endswith(("import_statement", "import_from_statement")):
            source = self._import(bindings[0], leaf)
            return _with_rest(source, tuple(filter(None, rest.split("."))))
        owner = self._instance_of(head, bound)
        if owner and rest:
            attributes = rest.removeprefix("__class__.").split(".")
            return Member(owner, attributes[0]) if len(attributes) == 1 else Dynamic(f"`{chain}` is more than a name")
        return Dynamic(f"`{head}` is a parameter" if _is_parameter(leaf) else _local(head, bindings))

    def _instance_of(self, name: str, scope: Scope) -> str:
        """Return the class of which a parameter is an instance, or that it is: `self` and `cls` of its methods."""
        function = self._definitions.get(scope.start)
        if function is None or function.type != "function_definition":
            return ""
        parameters = function.child_by_field_name("parameters")
        first = parts_of(parameters)[:1] if parameters is not None else []
        if not first or text_of(first[0]) != name:
            return ""
        around = function.parent
        decorators = parts_of(around) if around is not None and around.type == "decorated_definition" else []
        if any(text_of(part).startswith("@staticmethod") for part in decorators):
            return ""
        return self.owner(scope.around) if scope.around.form == "class" else ""

    def _read_writes(self) -> None:
        """Read what is assigned to attributes: of modules and classes, of instances, and of what `globals()` gives."""
        waiting = list(self.nodes.get("target", ()))
        while waiting:
            node = unwrapped(waiting.pop())
            if node.type in GROUPS or node.type in SPLATS:
                waiting += parts_of(node)
            elif node.type == "attribute":
                base, attribute = node.child_by_field_name("object"), node.child_by_field_name("attribute")
                if base is not None and attribute is not None:
                    self._write(base, text_of(attribute))
            elif node.type == "subscript":
                self._read_item(node)
        for call in self.nodes.get("call", ()):
            function, given = call.child_by_field_name("function"), call.child_by_field_name("arguments")
            arguments = parts_of(given) if given is not None else []
            name = text_of(function) if function is not None else ""
            if name in _SETTERS and len(arguments) >= 2:
                self._set(arguments[0], self._text(arguments[1]))
            elif name == "exec" and len(arguments) == 1:
                self.written[0, _ANY] += 1
        for call in self.nodes.get("method", ()):
            function = call.child_by_field_name("function")
            base = function.child_by_field_name("object") if function is not None else None
            attribute = function.child_by_field_name("attribute") if function is not None else None
            if base is not None and attribute is not None and text_of(attribute) in _MUTATORS:
                self.written[0, _ANY] += self._is_namespace(base)

    def _read_item(self, node: Node) -> None:
        """Read an assignment to `globals()["NAME"]` or `module.__dict__["NAME"]`."""
        value, keys = node.child_by_field_name("value"), node.children_by_field_name("subscript")
        name = self._text(keys[0]) if len(keys) == 1 else _ANY
        if value is not None and self._is_namespace(value):
            self.written[0, name] += 1
        elif value is not None and value.type == "attribute" and text_of(value).endswith(".__dict__"):
            base = value.child_by_field_name("object")
            if base is not None:
                self._write(base, name)

    def _is_namespace(self, node: Node) -> bool:
        """Return whether a node is `globals()`, or `vars()` or `locals()` of the module."""
        function = node.child_by_field_name("function") if node.type == "call" else None
        given = node.child_by_field_name("arguments") if node.type == "call" else None
        if function is None or given is None or parts_of(given):
            return False
        name = text_of(function)
        return name in _NAMESPACES and (name == "globals" or not self.table.at(node.start_byte).depth)

    def _text(self, node: Node) -> str:
        """Return the string that a node is; `*` for anything else."""
        cell = self._string(node) if node.type == "string" else None
        return cell.value if isinstance(cell, Value) and isinstance(cell.value, str) else _ANY

    def _set(self, base: Node, name: str) -> None:
        """Take in `setattr(base, name, …)`: what `base` is isn't always known, and it may be this module."""
        chain = dotted(base)
        if not (chain and isinstance(self._reference_of_base(chain, base.start_byte), Owner)):
            bindings = self.bindings.get((0, chain), ())
            value = self._leaf(bindings[0].place).parent if len(bindings) == 1 else None
            if name != _ANY or (value is not None and any(word in text_of(value) for word in _MODULES)):
                self.written[0, name] += 1
        self._write(base, name)

    def _write(self, base: Node, name: str) -> None:
        """Take in an assignment to an attribute."""
        if text_of(base).replace(" ", "") == "sys.modules[__name__]":
            self.written[0, name] += 1
            return
        chain = dotted(base)
        if not chain:
            return
        of = self._reference_of_base(chain, base.start_byte)
        if isinstance(of, Owner):
            self.class_writes.setdefault(of.name, {})[name] = None
        elif not isinstance(of, Dynamic):
            self.writes.append(Write(of, name))

    def _reference_of_base(self, chain: str, place: int) -> Cell:
        """Return what is assigned to, `Owner` for `self` and `cls` of a class."""
        bound = self.table.bound_in(chain, self.table.at(place)) if "." not in chain else None
        if bound is not None and bound.form == "function" and (owner := self._instance_of(chain, bound)):
            return Owner(owner)
        return self._reference(chain, place)


def _local(name: str, bindings: Sequence[Binding]) -> str:
    return f"`{name}` is a local variable" + (f", bound {len(bindings)} times" if len(bindings) > 1 else "")


def _is_field(parent: Node, field: str, node: Node) -> bool:
    return parent.child_by_field_name(field) == node


def _is_parameter(leaf: Node) -> bool:
    here: Node | None = leaf
    while here is not None and here.type not in ("block", "module"):
        if here.type in ("parameters", "lambda_parameters"):
            return True
        here = here.parent
    return False


def _with_rest(cell: Cell, rest: tuple[str, ...]) -> Cell:
    return Imported(cell.module, cell.name, rest) if isinstance(cell, Imported) else cell


def _number(text: str) -> Cell:
    plain = text.replace("_", "").lower()
    try:
        if plain.startswith(("0x", "0o", "0b")):
            return Value(int(plain, 0))
        return number(float(plain) if "." in plain or "e" in plain else int(plain))
    except ValueError:
        return Dynamic(f"`{text[:20]}` is no number that data can hold")


def locate(importer: str, module: str, files: ProjectFiles) -> tuple[str, ...]:
    """Return the modules of the project that an import in the file `importer` may mean.

    NOTE: where Python looks is not known: it may be any folder above the file that is no package, or `src` there.
    """
    folders = importer.split("/")[:-1]
    dots = len(module) - len(module.lstrip("."))
    parts = [part for part in module[dots:].split(".") if part]
    if dots:
        if dots - 1 > len(folders):
            return ()
        below = "/".join([*folders[: len(folders) - (dots - 1)], *parts])
        return tuple(filter(None, [_module_at(below, files)]))
    if not parts or parts[0] in sys.stdlib_module_names:
        return ()
    found: dict[str, None] = {}
    for count in range(len(folders), -1, -1):
        base = "/".join(folders[:count])
        if count and f"{base}/__init__.py" in files:
            continue
        for root in (base, f"{base}/src" if base else "src"):
            found.setdefault(_module_at("/".join(filter(None, [root, *parts])), files))
    whole = [one for one in found if one and (not one.endswith("/") or f"{one}__init__.py" in files)]
    return tuple(whole or filter(None, found))


def _module_at(path: str, files: ProjectFiles) -> str:
    """Return the module at a path without its ending: a package, a file or a folder of modules; empty for none."""
    if not path:
        return "/"
    if f"{path}/__init__.py" in files:
        return f"{path}/"
    if f"{path}.py" in files:
        return f"{path}.py"
    return f"{path}/" if files.has_folder(path) else ""


def below(module: str, name: str, files: ProjectFiles) -> str:
    """Return the module of that name in a package; empty where there is none."""
    return _module_at(f"{module}{name}" if module != "/" else name, files) if module.endswith("/") else ""


def members(module: str, files: ProjectFiles) -> Iterator[str]:
    """Yield the file that defines the names of a module, if there is one."""
    path = f"{module.lstrip('/')}__init__.py" if module.endswith("/") else module
    if path in files:
        yield path


RULES = ConstantRules(
    reader=_File,
    locate=locate,
    below=below,
    members=members,
    module_of=lambda path: f"{path.removesuffix('__init__.py')}" if path.endswith("/__init__.py") else path,
    enumerations=frozenset({"enum.Enum", "enum.Flag", "enum.StrEnum", "enum.IntEnum", "enum.IntFlag"}),
    plain_types={
        "enum.StrEnum": "str",
        "enum.IntEnum": "int",
        "enum.IntFlag": "int",
        "builtins.str": "str",
        "builtins.int": "int",
        "builtins.float": "float",
    },
    member_makers=frozenset({"__new__"}),
)
