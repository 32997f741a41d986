"""What a name of one file that stands for a constant is in the whole project, by what each of its files defines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct, ValidationError

from polcheck.base.cached import cached_property
from polcheck.formats.values import Json
from polcheck.languages.constants import (
    Cell,
    ConstantRules,
    Dynamic,
    FileConstants,
    Imported,
    Joined,
    Member,
    Name,
    Owner,
    Value,
    decoded_cell,
    decoded_table,
)
from polcheck.languages.registry import language

MAX_STEPS = 60  # from a name to its value, through imports and other names
_ANY = "*"


class _Module(NamedTuple):
    """A module of the project: the path of a file, or of a folder with a `/` at its end."""

    id: str
    rules: ConstantRules


class _Class(NamedTuple):
    """A class, or an enumeration, of a file."""

    path: str
    name: str


class _Enumerated(NamedTuple):
    """A member of an enumeration, which isn't its value."""

    value: Value


_Target = Value | Dynamic | _Module | _Class | _Enumerated


class _Unresolved(Exception):
    """A name leads to no constant; the text says why."""


class Tree(Struct, frozen=True, dict=True):
    """The paths of a project, and the folders in which modules begin."""

    paths: Sequence[str]
    roots: Mapping[str, str]

    @cached_property
    def _files(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def _folders(self) -> Mapping[str, list[str]]:
        folders: dict[str, list[str]] = {}
        for path in self.paths:
            folder = path.rpartition("/")[0]
            folders.setdefault(folder, []).append(path)
            while folder:
                folder = folder.rpartition("/")[0]
                folders.setdefault(folder, [])
        return folders

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def has_folder(self, path: str) -> bool:
        """Return whether there is a file in a folder, or below it."""
        return path in self._folders

    def folder(self, path: str) -> Sequence[str]:
        """Return the paths of the files right in a folder, in order; none where there is no such folder."""
        return self._folders.get(path, ())


class Constants(Struct, dict=True):
    """What names stand for, by what each file defines (`tables`), each in its language.

    `unsearched` says of the files that could not be read, or not to their end, why not.
    """

    paths: Sequence[str]
    tables: Mapping[str, FileConstants]
    languages: Mapping[str, str]
    unsearched: Mapping[str, str] = {}

    @classmethod
    def of(
        cls, paths: Sequence[str], data: Mapping[str, Json], languages: Mapping[str, str], unsearched: Mapping[str, str]
    ) -> Constants:
        """Return the constants of a project from what the search gave for each file."""
        tables: dict[str, FileConstants] = {}
        broken = dict(unsearched)
        for path, each in data.items():
            try:
                tables[path] = decoded_table(each)
            except ValidationError as error:
                broken[path] = f"its constants can't be read: {error}"
        return cls(paths, tables, languages, broken)

    @cached_property
    def _files(self) -> Tree:
        roots = {path.rpartition("/")[0]: table.root for path, table in self.tables.items() if table.root}
        return Tree(self.paths, roots)

    def resolved(self, data: Json, path: str) -> Value | Dynamic:
        """Return the constant that an expression in the file at `path` stands for, or why it is none."""
        try:
            target = self._target(decoded_cell(data), path, _Steps())
        except _Unresolved as error:
            return Dynamic(str(error))
        if isinstance(target, Value | Dynamic):
            return target
        kind = {_Module: "a module", _Class: "a class", _Enumerated: "a member of an enumeration"}
        return Dynamic(f"it is {kind[type(target)]}")

    def _rules(self, path: str) -> ConstantRules:
        name = self.languages.get(path, "")
        rules = language(name).constants if name else None
        if rules is None:
            raise _Unresolved("names of its language aren't followed")
        return rules

    def _target(self, cell: Cell, path: str, steps: _Steps) -> _Target:
        """Return what a cell of the file at `path` stands for. Raises _Unresolved."""
        steps.take()
        match cell:
            case Value() | Dynamic():
                return cell
            case Owner(name):
                return _Class(path, name)
            case Name(name):
                return self._own(name.split("."), path, steps)
            case Imported(module, name, rest):
                target: _Target = self._located(path, module)
                for each in filter(None, (name, *rest)):
                    target = self._attribute(target, each, steps)
                return target
            case Member(owner, name):
                return self._member(_Class(path, owner), name, steps)
            case Joined(parts):
                texts: list[str] = []
                for part in parts:
                    value = self._target(part, path, steps)
                    if isinstance(value, Dynamic):
                        return value
                    if not isinstance(value, Value) or not isinstance(value.value, str):
                        return Dynamic("a sum of what isn't all strings")
                    texts.append(value.value)
                return Value("".join(texts))

    def _own(self, segments: Sequence[str], path: str, steps: _Steps) -> _Target:
        """Return what a dotted name means in the file that defines its first segments."""
        table = self._table(path)
        rules = self._rules(path)
        count = len(segments)
        while count > 1 and ".".join(segments[:count]) not in table.names:
            count -= 1
        target: _Target
        if count == 1:
            module = rules.module_of(path)
            target = self._attribute(_Module(module, rules), segments[0], steps, inside=path)
        else:
            owner = ".".join(segments[: count - 1])
            if isinstance(table.names.get(owner), Owner):
                target = self._attribute(_Class(path, owner), segments[count - 1], steps)
            else:
                target, count = self._own(segments[:1], path, steps), 1
        for each in segments[count:]:
            target = self._attribute(target, each, steps)
        return target

    def _table(self, path: str) -> FileConstants:
        if path in self.unsearched:
            raise _Unresolved(f"{path}: {self.unsearched[path]}")
        return self.tables.get(path) or FileConstants()

    def _located(self, importer: str, module: str) -> _Module:
        """Return the module that an import means. Raises _Unresolved where that is none of the project, or not sure."""
        rules = self._rules(importer)
        modules = rules.locate(importer, module, self._files)
        if not modules:
            raise _Unresolved(f"`{module}` is no module of the project")
        if len(modules) > 1:
            raise _Unresolved(f"`{module}` may be {' or '.join(one.rstrip('/') for one in modules[:3])}")
        return _Module(modules[0], rules)

    def _attribute(self, target: _Target, name: str, steps: _Steps, inside: str | None = None) -> _Target:
        """Return what a name is in a module or class. `inside`: it is asked for in this file of the module itself."""
        steps.take()
        if isinstance(target, _Module):
            return self._of_module(target, name, steps, inside)
        if isinstance(target, _Class):
            return self._of_class(target, name, steps)
        if isinstance(target, _Enumerated) and name in ("value", "_value_"):
            return target.value
        if isinstance(target, Dynamic):
            return target
        return Dynamic(f"`.{name}` of a value is worked out when the program runs")

    def _of_module(self, module: _Module, name: str, steps: _Steps, inside: str | None) -> _Target:
        files = tuple(module.rules.members(module.id, self._files))
        if inside is not None:
            files = self._of_package((*files, inside), inside)
        written = self._written.get(module.id, frozenset())
        if name in written or _ANY in written:
            return Dynamic(f"`{name}` is set from another module")
        defined = [
            (path, cell) for path in files if (cell := self._defined(path, name, inside is not None)) is not None
        ]
        if any(name in self._table(path).assigned for path in files):
            return Dynamic(f"`{name}` is assigned again")
        if len(defined) > 1:
            return Dynamic(f"`{name}` is defined in {defined[0][0]} and {defined[1][0]}")
        submodule = module.rules.below(module.id, name, self._files)
        if defined:
            path, cell = defined[0]
            is_submodule = (
                submodule
                and isinstance(cell, Imported)
                and cell.rest == ()
                and (cell.name == name and module.rules.locate(path, cell.module, self._files) == (module.id,))
            )
            return _Module(submodule, module.rules) if is_submodule else self._target(cell, path, steps)
        if submodule:
            return _Module(submodule, module.rules)
        for path in files:
            if self._table(path).stars:
                return self._starred(path, name, steps)
        return Dynamic(f"`{name}` is not defined in {module.id.rstrip('/') or 'the project'}")

    def _of_package(self, files: Sequence[str], path: str) -> tuple[str, ...]:
        """Return those of the files of a folder that are of the package of the file at `path`, each once."""
        package = self._table(path).package
        return tuple(each for each in dict.fromkeys(files) if each == path or self._table(each).package == package)

    def _defined(self, path: str, name: str, inside: bool) -> Cell | None:
        """Return the cell under which a file defines a name, for itself or for other files."""
        table = self._table(path)
        return table.names.get(name) if inside or table.exports is None else table.exports.get(name)

    def _starred(self, path: str, name: str, steps: _Steps) -> _Target:
        """Return what a name is that a module passes on from others whole; of two of them that have it, neither."""
        targets: list[_Target] = []
        for module in self._table(path).stars:
            if module == _ANY:
                return Dynamic(f"`{name}` may come from a star import")
            located = self._located(path, module)
            if any(self._has(member, name, steps) for member in located.rules.members(located.id, self._files)):
                targets.append(self._attribute(located, name, steps))
        if len(targets) == 1:
            return targets[0]
        return Dynamic(f"`{name}` is {'not defined in' if not targets else 'exported twice by'} {path}")

    def _has(self, path: str, name: str, steps: _Steps) -> bool:
        """Return whether a file exports a name, itself or from others whole."""
        steps.take()
        table = self._table(path)
        if self._defined(path, name, inside=False) is not None:
            return True
        located = (self._located(path, module) for module in table.stars if module != _ANY)
        return any(
            self._has(member, name, steps)
            for module in located
            for member in module.rules.members(module.id, self._files)
        )

    def _of_class(self, owner: _Class, name: str, steps: _Steps) -> _Target:
        """Return an attribute of a class, or of the one class that it derives from."""
        table = self._table(owner.path)
        cell = table.names.get(f"{owner.name}.{name}")
        facts = table.owners.get(owner.name)
        written = self._written.get(owner, frozenset())
        if name in written or _ANY in written or (facts and (name in facts.written or _ANY in facts.written)):
            return Dynamic(f"`{name}` of `{owner.name}` is set again")
        if cell is not None:
            target = self._target(cell, owner.path, steps)
            return self._as_member(owner, target, steps) if isinstance(target, Value) else target
        bases = facts.bases if facts else ()
        if len(bases) != 1:
            return Dynamic(f"`{name}` is not assigned in `{owner.name}`")
        base = self._target(bases[0], owner.path, steps)
        return self._attribute(base, name, steps) if isinstance(base, _Class) else Dynamic(f"`{name}` is inherited")

    def _as_member(self, owner: _Class, value: Value, steps: _Steps) -> _Target:
        """Return a value of a class as its attribute: an enumeration makes a member of it."""
        bound, bases = self._lineage(owner, steps)
        rules = self._rules(owner.path)
        if None in bases:
            return Dynamic(f"`{owner.name}` has a metaclass, or a base that isn't known")
        if not bases & rules.enumerations:
            return value
        if makers := rules.member_makers & bound:
            return Dynamic(f"`{owner.name}` makes its members by its own `{min(makers)}`")
        types = {kind for base, kind in rules.plain_types.items() if base in bases}
        kind = type(value.value).__name__
        if types - {kind}:
            return Dynamic(f"`{owner.name}` makes another type of its {kind}")
        return value if types else _Enumerated(value)

    def _lineage(self, owner: _Class, steps: _Steps) -> tuple[frozenset[str], frozenset[str | None]]:
        """Return the names that a class and those of the project that it derives from bind, and its other bases.

        These are dotted names; None is a base that isn't known.
        """
        steps.take()
        facts = self._table(owner.path).owners.get(owner.name)
        bound = frozenset(facts.binds if facts else ())
        bases = frozenset[str | None]()
        for base in facts.bases if facts else ():
            try:
                target = self._target(base, owner.path, steps)
            except _Unresolved:
                target = Dynamic("")
            if isinstance(target, _Class):
                more, others = self._lineage(target, steps)
                bound, bases = bound | more, bases | others
            else:
                bases |= {self._dotted(base, owner.path)}
        return bound, bases

    def _dotted(self, cell: Cell, path: str) -> str | None:
        """Return the dotted name of something imported from outside of the project; None where it isn't that."""
        if isinstance(cell, Name):
            head, *rest = cell.name.split(".")
            cell = self._table(path).names.get(head, cell)
            if isinstance(cell, Imported):
                cell = Imported(cell.module, cell.name, (*cell.rest, *rest))
        return ".".join(filter(None, (cell.module, cell.name, *cell.rest))) if isinstance(cell, Imported) else None

    def _member(self, owner: _Class, name: str, steps: _Steps) -> _Target:
        """Return an attribute of an instance of a class, which may be of any class that derives from it."""
        for each in (owner, *self._derived(owner, steps)):
            facts = self._table(each.path).owners.get(each.name)
            if facts is not None and (name in facts.written or _ANY in facts.written):
                return Dynamic(f"`{name}` is set on instances of `{each.name}`")
            if facts is not None and each != owner and name in facts.binds:
                return Dynamic(f"`{each.name}`, which derives from `{owner.name}`, has a `{name}` of its own")
        return self._of_class(owner, name, steps)

    def _derived(self, owner: _Class, steps: _Steps) -> list[_Class]:
        found: dict[_Class, None] = {}
        waiting = list(self._children.get(owner, ()))
        while waiting:
            steps.take()
            each = waiting.pop()
            if each not in found:
                found[each] = None
                waiting += self._children.get(each, ())
        return list(found)

    @cached_property
    def _children(self) -> Mapping[_Class, list[_Class]]:
        """For each class, those that derive from it."""
        children: dict[_Class, list[_Class]] = {}
        for path, table in self.tables.items():
            for name, facts in table.owners.items():
                for base in facts.bases:
                    try:
                        target = self._target(base, path, _Steps())
                    except _Unresolved:
                        continue
                    if isinstance(target, _Class):
                        children.setdefault(target, []).append(_Class(path, name))
        return children

    @cached_property
    def _written(self) -> Mapping[str | _Class, frozenset[str]]:
        """For each module and class, the names that are assigned in it from elsewhere."""
        self.__dict__["_written"] = {}  # NOTE: what is assigned to is found without what is assigned
        written: dict[str | _Class, set[str]] = {}
        for path, table in self.tables.items():
            for write in table.writes:
                try:
                    target = self._target(write.of, path, _Steps())
                except _Unresolved:
                    continue
                if isinstance(target, _Module):
                    written.setdefault(target.id, set()).add(write.name)
                elif isinstance(target, _Class):
                    written.setdefault(target, set()).add(write.name)
        return {key: frozenset(names) for key, names in written.items()}


class _Steps:
    """The steps that may still be taken from a name to its value."""

    def __init__(self) -> None:
        self.left = MAX_STEPS

    def take(self) -> None:
        """Count a step. Raises _Unresolved when there are too many, as where imports go in a circle."""
        self.left -= 1
        if self.left < 0:
            raise _Unresolved("its imports lead in a circle, or too far")
