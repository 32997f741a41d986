"""Edits of formats that are rows: requirements, Dockerfiles, CODEOWNERS; and go.mod, whose lists are such."""

from __future__ import annotations

import json
from collections.abc import Sequence

from polcheck.edits.brackets import own_comments
from polcheck.edits.document import Change, Document, Member, same_value, with_value
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.edits.whole_lines import cut_lines
from polcheck.formats.values import Json, Pointer, text_of

_COMMENTS = ("#",)
_DIRECTIVES = {"Require": "require", "Exclude": "exclude", "Tool": "tool", "Ignore": "ignore"}
_PATH = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


class RowEditor(Editor):
    """Edits of an array of rows, an object each, of which several members may be read from the same text."""

    whole: frozenset[str] = frozenset()
    """The members whose change may change any other of their row."""
    lists: frozenset[str] = frozenset()
    """The members that are lists of words with blanks between them."""

    def normal(self, value: Json, depth: int) -> Json:
        """Return a new value as a file of this format says it."""
        if depth <= 1:
            return self.row(value)
        if isinstance(value, dict | list):
            raise EditRefused("a part of a row is replaced by a string")
        return text_of(value)

    def row(self, value: Json) -> Json:
        """Return what is asked of a new row. Raises EditRefused."""
        raise NotImplementedError

    def line(self, document: Document, row: Json) -> str:
        """Return a new row as a line."""
        raise NotImplementedError

    def written(self, document: Document, pointer: Pointer, value: str) -> str:
        """Return the new string at `pointer` as the file writes it."""
        return value

    def says(self, value: Json, wanted: Json) -> bool:
        """Return whether a row that a file has is what was asked for: in each member that was."""
        if not isinstance(value, dict) or not isinstance(wanted, dict):
            return same_value(value, wanted)
        return all(key in value and same_value(value[key], item) for key, item in wanted.items())

    def agrees(
        self, document: Document, edited: Document, pointer: Pointer, value: Json, changes: Sequence[Change]
    ) -> bool:
        """Return whether an edited document differs from what it was in nothing but `value` at `pointer`.

        In the row of the value, what is read from the text that was changed may differ, too.
        """
        old, new = document.value, edited.value
        if not isinstance(old, list) or not isinstance(new, list):
            return False
        if not pointer:
            wanted = value if isinstance(value, list) else []
            mine = {id(row) for row in old}
            pairs = list(zip(new, wanted, strict=False))
            fits = all(same_value(*pair) if id(pair[1]) in mine else self.says(*pair) for pair in pairs)
            return len(new) == len(wanted) and fits
        number = int(pointer[0])
        replaced = with_value(old, pointer, value)
        if len(new) != len(old) or not isinstance(replaced, list):
            return False
        if any(not same_value(*pair) for at, pair in enumerate(zip(old, new, strict=True)) if at != number):
            return False
        return len(pointer) > 1 and self._row_agrees(
            document, old[number], new[number], replaced[number], pointer, changes
        )

    def _row_agrees(
        self, document: Document, old: Json, new: Json, wanted: Json, pointer: Pointer, changes: Sequence[Change]
    ) -> bool:
        if not isinstance(old, dict) or not isinstance(new, dict) or not isinstance(wanted, dict):
            return False
        name = str(pointer[1])
        if name not in new or not same_value(new[name], wanted[name]):
            return False
        for key in old.keys() | new.keys():
            if key == name or (key in old and key in new and same_value(old[key], new[key])):
                continue
            if name in self.whole:
                continue
            if key not in old or not self._touches(document, (pointer[0], key), changes):
                return False
        return True

    def _touches(self, document: Document, pointer: Pointer, changes: Sequence[Change]) -> bool:
        span = document.where(pointer).value
        return any(change.start <= span.end and change.end >= span.start for change in changes)

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        if len(pointer) < 2 or not isinstance(document.at(pointer), str) or not isinstance(value, str):
            raise EditRefused("only a string in a row is replaced in such a file")
        span = document.where(pointer).value
        if span.start == span.end:
            raise EditRefused("the value stands nowhere by itself")
        return [Change(span.start, span.end, self.written(document, pointer, value))]

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        members = document.members(pointer)
        if pointer:
            if len(pointer) != 2 or pointer[1] not in self.lists or position == "first" or not members:
                raise EditRefused("such a list in a row can't be added to")
            at = members[-1].end
            return [Change(at, at, f" {value}")]
        line = self.line(document, value)
        if not members:
            text = document.text
            ended = "" if not text or text[-1] in "\r\n" else document.newline
            return [Change(len(text), len(text), ended + line + document.newline)]
        if position == "first":
            at = document.line_start(members[0].start)
            return [Change(at, at, line + document.newline)]
        at = document.line_end(members[-1].end)
        return [Change(at, at, document.newline + line)]

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        where = document.where(pointer)
        if len(pointer) == 1:
            return [_cut(document, document.members(()), int(pointer[0]))]
        if len(pointer) != 3 or pointer[1] not in self.lists:
            raise EditRefused("a part of a row can't be deleted: delete the row, or replace the part")
        start = where.value.start
        while document.text[start - 1] in " \t":
            start -= 1
        return [Change(start, where.value.end, "")]


class RequirementsEditor(RowEditor):
    """Edits of files of requirements."""

    whole = frozenset({"requirement"})

    def row(self, value: Json) -> Json:
        """Return what is asked of a new row. Raises EditRefused."""
        if isinstance(value, str):
            return {"requirement": value}
        if isinstance(value, dict) and value.keys() in ({"requirement"}, {"option", "value"}, {"option"}):
            return {key: text_of(item) for key, item in value.items()}
        raise EditRefused("a new row is the string of a requirement, or a mapping of `option` and `value`")

    def written(self, document: Document, pointer: Pointer, value: str) -> str:
        """Return the new string at `pointer` as the file writes it."""
        name, _, digest = value.partition(":")
        if pointer[1] == "hashes" and not (name.isalnum() and digest and set(digest) <= set("0123456789abcdef")):
            raise EditRefused("a hash is one such as sha256:0123abcd")
        return value

    def line(self, document: Document, row: Json) -> str:
        """Return a new row as a line."""
        assert isinstance(row, dict)
        return str(row["requirement"]) if "requirement" in row else " ".join(str(part) for part in row.values())


class DockerfileEditor(RowEditor):
    """Edits of Dockerfiles."""

    lists = frozenset({"flags"})

    def row(self, value: Json) -> Json:
        """Return what is asked of a new row. Raises EditRefused."""
        if isinstance(value, dict) and value.keys() == {"instruction", "arguments"}:
            arguments = value["arguments"]
            if isinstance(arguments, list) and arguments and all(isinstance(item, str) for item in arguments):
                return value
        raise EditRefused("a new row is a mapping of `instruction` and `arguments`, a list of strings")

    def line(self, document: Document, row: Json) -> str:
        """Return a new row as a line."""
        assert isinstance(row, dict) and isinstance(row["arguments"], list)
        return " ".join([str(row["instruction"]), *map(str, row["arguments"])])

    def written(self, document: Document, pointer: Pointer, value: str) -> str:
        """Return the new string at `pointer` as the file writes it."""
        span = document.where(pointer).value
        quoted = document.text[span.start] == '"'
        if pointer[1] == "variables":
            if "$" in value or "\\" in value:
                raise EditRefused("a value with `$` or a backslash would be expanded there")
            if quoted or not value or any(character in value for character in " \t'\"#"):
                return '"' + value.replace('"', '\\"') + '"'
        return json.dumps(value, ensure_ascii=False) if quoted else value


class CodeownersEditor(RowEditor):
    """Edits of CODEOWNERS."""

    lists = frozenset({"owners"})

    def row(self, value: Json) -> Json:
        """Return what is asked of a new row. Raises EditRefused."""
        if isinstance(value, dict) and value.keys() == {"pattern", "owners"} and isinstance(value["owners"], list):
            return value
        raise EditRefused("a new row is a mapping of `pattern` and `owners`, a list")

    def line(self, document: Document, row: Json) -> str:
        """Return a new row as a line."""
        assert isinstance(row, dict) and isinstance(row["owners"], list)
        return " ".join([str(row["pattern"]).replace(" ", "\\ "), *map(str, row["owners"])])

    def written(self, document: Document, pointer: Pointer, value: str) -> str:
        """Return the new string at `pointer` as the file writes it."""
        if pointer[1] == "section":
            raise EditRefused("the heading of a section is that of all its rows")
        return value.replace(" ", "\\ ") if pointer[1] == "pattern" else value


class GoModEditor(Editor):
    """Edits of go.mod: of strings, and of the lines of its lists."""

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        if not isinstance(document.at(pointer), str) or not isinstance(value, str):
            raise EditRefused("only a string is replaced in go.mod")
        span = document.where(pointer).value
        first = value.split("/", 1)[0]
        if pointer[-1] == "Path" and (not set(value) <= _PATH or "." not in first or first[0] == "~"):
            raise EditRefused(
                "a module's path is made of letters, digits and `-._~/`, and begins with a domain or a dot"
            )
        beside = document.at(pointer[:-1])
        if isinstance(beside, dict):
            _check_module({**beside, str(pointer[-1]): value}, local=pointer[0] == "Replace")
        if pointer[-1] == "Go" and not (value[:1].isdigit() and set(value) <= set("0123456789.rcbeta")):
            raise EditRefused("a version of Go is one such as 1.25")
        return [Change(span.start, span.end, value)]

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        name = str(pointer[0])
        known = isinstance(value, dict) and value.keys() <= {"Path", "Version", "Indirect"} and "Path" in value
        if len(pointer) != 1 or name not in _DIRECTIVES or not known or not isinstance(value, dict):
            raise EditRefused("to `Require`, `Exclude`, `Tool` and `Ignore` a mapping of `Path` and `Version` is added")
        _check_module(value)
        words = [str(value["Path"]), *([str(value["Version"])] if "Version" in value else [])]
        line = " ".join(words) + (" // indirect" if value.get("Indirect") else "")
        members = document.members(pointer)
        if members and position == "last":
            last = members[-1]
            head = document.text[document.line_start(last.start) : last.start]
            at = document.line_end(last.end)
            return [Change(at, at, document.newline + head + line)]
        if members:
            raise EditRefused("in go.mod an item is added behind the others")
        text = document.text
        ended = "" if not text or text[-1] in "\r\n" else document.newline
        new = f"{ended}{document.newline}{_DIRECTIVES[name]} {line}{document.newline}"
        return [Change(len(text), len(text), new)]

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        if len(pointer) == 2 and isinstance(pointer[1], int):
            return [_cut(document, document.members(pointer[:1]), pointer[1], ("//",))]
        if len(pointer) == 1 and isinstance(document.at(pointer), str):
            where = document.where(pointer)
            return [cut_lines(document, where.value.start, where.value.end)]
        raise EditRefused("in go.mod an item of a list is deleted, or a directive")


def _check_module(module: dict[str, Json], *, local: bool = False) -> None:
    """Raise EditRefused for a version that the go command refuses for a path, or where it wants one."""
    path, version = str(module.get("Path", "")), str(module.get("Version", ""))
    if local and not version and not path.startswith(("./", "../", "/")):
        raise EditRefused("a module that replaces another is a folder, or has a version")
    major = version.removeprefix("v").partition(".")[0][:9]
    last = path.rpartition("/")[2]
    named = last.rpartition(".")[2] if path.startswith("gopkg.in/") else last
    named = named[1:] if named[:1] == "v" and named[1:].isdigit() and named != "v" else ""
    needs = version.partition("+")[2] != "incompatible" and major.isdigit() and (int(major) > 1 or bool(named))
    if needs and named != major:
        raise EditRefused(
            f"the version {version[:40]} doesn't fit the path of the module, in which its first number is"
        )


def _cut(document: Document, rows: Sequence[Member], number: int, signs: tuple[str, ...] = _COMMENTS) -> Change:
    """Return what cuts the lines of a row, with its own comments."""
    row = next(member for member in rows if member.step == number)
    at = rows.index(row)
    previous = rows[at - 1].end if at else 0
    following = rows[at + 1].start if at + 1 < len(rows) else -1
    begin = own_comments(document, row.start, previous, row.end, following, signs)
    return cut_lines(document, begin, row.end, first=at == 0, last=following < 0)


EDITORS: dict[str, Editor] = {
    "requirements": RequirementsEditor(),
    "dockerfile": DockerfileEditor(),
    "codeowners": CodeownersEditor(),
    "gomod": GoModEditor(),
}
