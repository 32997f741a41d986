"""Edits of formats with an entry a line, under the headers of sections or not: INI and its kin, dotenv, properties."""

from __future__ import annotations

from collections.abc import Sequence

from polcheck.edits.brackets import own_comments
from polcheck.edits.document import Change, Document, Member
from polcheck.edits.edit import EditRefused
from polcheck.edits.editor import Editor, Position
from polcheck.edits.operations import entry_position, item_position
from polcheck.edits.whole_lines import cut_lines, separation
from polcheck.formats.values import Json, Pointer, text_of
from polcheck.languages.literals import utf16_units

_DEEPER = "    "


class SectionEditor(Editor):
    """Edits of a file of entries that are strings, each on a line of its own; `depth` is how many keys lead to one."""

    depth = 2
    outside = False
    """Whether entries may stand before the first section."""
    comments: tuple[str, ...] = ("#", ";")
    delimiter = " = "
    indent = ""
    prefixes: tuple[str, ...] = ("",)
    """What may stand before a key, besides white space."""

    def normal(self, value: Json, depth: int) -> Json:
        """Return a value as a file of this format says it: strings, where it has no other scalars."""
        if isinstance(value, dict):
            return {key: self.normal(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            raise EditRefused("the format has no lists")
        return self.scalar(value)

    def scalar(self, value: Json) -> Json:
        """Return a scalar as a file says it."""
        return value if value is None else text_of(value)

    def write(self, document: Document, value: Json, like: str) -> str:
        """Return a string as the file writes it; `like` is how one beside it, or in its place, is written."""
        raise NotImplementedError

    def write_key(self, key: str) -> str:
        """Return a key as the file writes it."""
        return key

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        old = document.at(pointer)
        where = document.where(pointer)
        if isinstance(old, dict | list) or isinstance(value, dict | list) or where.key is None:
            raise EditRefused("only a single value is replaced in such a file, not a whole section")
        if value is None:
            return [Change(where.key.end, where.value.end, "")]
        if not isinstance(old, str):
            delimiter = self._delimiter(document, document.members(pointer[:-1]), pointer[-1])
            return [Change(where.key.end, where.value.end, delimiter + self.write(document, value, ""))]
        span = where.value
        new = self.write(document, value, document.text[span.start : span.end])
        before = document.text[where.key.end : span.start]
        gap = " " if span.start == span.end and new[:1].strip() and before[:1] == " " and before[-1] != " " else ""
        return [Change(span.start, span.end, gap + new)]

    def insert(self, document: Document, pointer: Pointer, key: str, value: Json, position: Position) -> list[Change]:
        """Return what adds an entry with a new key to the mapping at `pointer`."""
        if document.value is None or (not pointer and not document.value):
            text = document.text
            ended = "" if not text or text[-1] in "\r\n" else document.newline
            return [Change(len(text), len(text), ended + self._block(document, pointer, key, value, ()))]
        members = document.members(pointer)
        if isinstance(value, dict):
            return self._insert_section(document, key, value, position, members)
        if len(pointer) + 1 < self.depth and not self.outside:
            raise EditRefused("the format has no entries outside of sections")
        entries = [member for member in members if not isinstance(member.value, dict)]
        number = entry_position(entries, key, position)
        lines = self._lines(document, key, value, entries)
        if number:
            at = document.line_end(entries[number - 1].end)
            gap = separation(document, [(entry.start, entry.end) for entry in entries])
            return [Change(at, at, gap + document.newline + lines)]
        if entries and pointer:
            at = document.line_start(entries[0].start)
            key_span = document.where(pointer).key
            header = document.line_end(key_span.end) if key_span else at
            if header < at:
                return [Change(header, header, document.newline + lines)]
        if not pointer:
            first = document.line_start((entries or members)[0].start)
            gap = "" if entries else document.newline
            return [Change(first, first, lines + document.newline + gap)]
        header_key = document.where(pointer).key
        assert header_key is not None
        at = document.line_end(header_key.end)
        return [Change(at, at, document.newline + lines)]

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        members = document.members(pointer[:-1])
        entry = next(member for member in members if member.step == pointer[-1])
        if isinstance(entry.value, dict):
            return self._delete_section(document, entry, members)
        return [self._cut(document, entry, [each for each in members if not isinstance(each.value, dict)])]

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        where = document.where(pointer)
        assert where.key is not None
        new = key if isinstance(document.at(pointer), dict) else self.write_key(key)
        return [Change(where.key.start, where.key.end, new)]

    def _cut(self, document: Document, entry: Member, entries: Sequence[Member]) -> Change:
        """Return what cuts the lines of an entry, with its own comments."""
        number = entries.index(entry)
        start = document.line_start(entry.start)
        before = document.text[start : entry.start].strip()
        if before not in self.prefixes:
            return Change(entry.start, entry.end, "")
        previous = entries[number - 1].end if number else 0
        following = entries[number + 1].start if number + 1 < len(entries) else -1
        begin = own_comments(document, entry.start, previous, entry.end, following, self.comments)
        return cut_lines(document, begin, entry.end, first=number == 0, last=following < 0)

    def _insert_section(
        self, document: Document, key: str, value: dict[str, Json], position: Position, members: Sequence[Member]
    ) -> list[Change]:
        if self.depth < 2:
            raise EditRefused("the format has no sections")
        sections = [member for member in members if isinstance(member.value, dict)]
        number = entry_position(sections, key, position)
        block = self._block(document, (), key, value, members)
        if number < len(sections):
            at = self._section_start(document, sections, number)
            return [Change(at, at, block + document.newline)]
        text = document.text
        ended = "" if not text or text[-1] in "\r\n" else document.newline
        close = len(sections) > 1 and not separation(document, [(each.start, each.end) for each in sections])
        blank = "" if close or not text.strip() or text.endswith(("\n\n", "\n\r\n")) else document.newline
        final = "" if ended else document.newline
        return [Change(len(text), len(text), ended + blank + block.removesuffix(document.newline) + final)]

    def _delete_section(self, document: Document, entry: Member, members: Sequence[Member]) -> list[Change]:
        sections = [member for member in members if isinstance(member.value, dict)]
        number = sections.index(entry)
        start = self._section_start(document, sections, number)
        if number + 1 < len(sections):
            return [Change(start, self._section_start(document, sections, number + 1), "")]
        while start > 0 and document.text[start - 1] in "\r\n" and document.begins_line(start - 1):
            start -= 1
        return [Change(document.line_start(start), len(document.text), "")]

    def _section_start(self, document: Document, sections: Sequence[Member], number: int) -> int:
        """Return where the lines of a section begin, with the comments right above its header."""
        section = sections[number]
        previous = sections[number - 1].end if number else 0
        return own_comments(document, section.start, previous, section.end, -1, self.comments)

    def _block(self, document: Document, pointer: Pointer, key: str, value: Json, members: Sequence[Member]) -> str:
        """Return the lines of an entry or of a section, each with its end."""
        if not isinstance(value, dict):
            return self._lines(document, key, value, ()) + document.newline
        if self.depth < 2:
            raise EditRefused("the format has no sections")
        siblings: Sequence[Member] = ()
        for member in members:
            if isinstance(member.value, dict) and not siblings:
                siblings = document.members((*pointer, member.step))
        lines = [f"[{key}]", *(self._lines(document, name, item, siblings) for name, item in value.items())]
        return "".join(line + document.newline for line in lines)

    def _lines(self, document: Document, key: str, value: Json, siblings: Sequence[Member]) -> str:
        """Return an entry as it stands beside others."""
        if isinstance(value, dict):
            raise EditRefused("the format has no sections in sections")
        head = self._prefix(document, siblings) + self.write_key(key)
        if value is None:
            return head
        like = siblings[-1] if siblings else None
        written = document.text[like.where.value.start : like.where.value.end] if like else ""
        text = self.write(document, value, written[:1] if written[:1] in ("'", '"') else "")
        delimiter = self._delimiter(document, siblings, None)
        return head + (delimiter if text[:1].strip() else delimiter.rstrip() or delimiter) + text

    def _prefix(self, document: Document, siblings: Sequence[Member]) -> str:
        """Return what stands before the key of the last of some entries."""
        if not siblings:
            return self.indent
        start = siblings[-1].start
        before = document.text[document.line_start(start) : start]
        return before if before.strip() in self.prefixes else self.indent

    def _delimiter(self, document: Document, siblings: Sequence[Member], but: str | int | None) -> str:
        """Return what stands between the key and the value of some other entry."""
        for sibling in reversed(siblings):
            key, span = sibling.where.key, sibling.where.value
            if sibling.step == but or key is None or sibling.value in (None, True, "") or span.start < key.end:
                continue
            between = document.text[key.end : span.start]
            if between.strip(" \t") in ("=", ":", ""):
                return between
        return self.delimiter


class IniEditor(SectionEditor):
    """Edits of INI files; a value may go on over indented lines."""

    def write(self, document: Document, value: Json, like: str) -> str:
        """Return a string as the file writes it."""
        first, *lines = _trimmed(value).split("\n")
        indent = next((line[: len(line) - len(line.lstrip())] for line in like.splitlines()[1:] if line.strip()), "")
        return first + "".join(document.newline + ((indent or _DEEPER) + line if line else "") for line in lines)


class EditorConfigEditor(SectionEditor):
    """Edits of EditorConfig files."""

    outside = True

    def scalar(self, value: Json) -> Json:
        """Return a scalar as a file says it."""
        return text_of(value)

    def write(self, document: Document, value: Json, like: str) -> str:
        """Return a string as the file writes it."""
        return _on_one_line(value)


class GitConfigEditor(SectionEditor):
    """Edits of git's configuration."""

    indent = "\t"

    def scalar(self, value: Json) -> Json:
        """Return a scalar as a file says it."""
        if value is None:
            raise EditRefused("git has no null")
        return text_of(value)

    def write(self, document: Document, value: Json, like: str) -> str:
        """Return a string as the file writes it."""
        text = str(value)
        escaped = text
        for character, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\b", "\\b")):
            escaped = escaped.replace(character, written)
        quotes = text != text.strip() or any(character in text for character in "#;") or like[:1] == '"'
        return f'"{escaped}"' if quotes else escaped


class DotenvEditor(SectionEditor):
    """Edits of files of environment variables."""

    depth = 1
    comments = ("#",)
    delimiter = "="
    prefixes = ("", "export")

    def write(self, document: Document, value: Json, like: str) -> str:
        """Return a string as the file writes it."""
        text = str(value)
        quote = like[:1] if like[:1] in ("'", '"') else ""
        if not quote and all(character.isalnum() or character in "_./:@%+,-=" for character in text):
            return text
        single = "\n" not in text and "\r" not in text and "'" not in text
        if single and (quote == "'" or (not quote and any(character in text for character in '$\\"'))):
            return "'" + text.replace("\\", "\\\\") + "'"
        for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
            text = text.replace(character, escape)
        return f'"{text}"'


class PropertiesEditor(SectionEditor):
    """Edits of Java properties."""

    depth = 1
    comments = ("#", "!")
    delimiter = "="

    def scalar(self, value: Json) -> Json:
        """Return a scalar as a file says it."""
        return text_of(value)

    def write(self, document: Document, value: Json, like: str) -> str:
        """Return a string as the file writes it."""
        text = _escaped(str(value), "")
        return "\\" + text if text.startswith(" ") else text

    def write_key(self, key: str) -> str:
        """Return a key as the file writes it."""
        return _escaped(key, " :=#!")


def _trimmed(value: Json) -> str:
    """Return a string. Raises EditRefused where a reader would take white space off it."""
    text = str(value)
    if text != text.rstrip() or text[:1] in (" ", "\t", "\r", "\f", "\v"):
        raise EditRefused("a value of this format can't begin or end in white space")
    return text


def _on_one_line(value: Json) -> str:
    """Return a string. Raises EditRefused where it is no line."""
    text = _trimmed(value)
    if "\n" in text or "\r" in text:
        raise EditRefused("a value of this format can't have a line break")
    return text


def _escaped(text: str, marks: str) -> str:
    """Return a string with the escapes of properties, also for `marks`."""
    escapes = {
        "\\": "\\\\",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\f": "\\f",
        **{mark: "\\" + mark for mark in marks},
    }
    ascii_text = (utf16_units(each) if not each.isascii() or ord(each) < 32 else each for each in text)
    return "".join(escapes.get(original, each) for original, each in zip(text, ascii_text, strict=True))


class SystemdEditor(SectionEditor):
    """Edits of units of systemd, in which each setting is a list of the values that it is given."""

    delimiter = "="

    def normal(self, value: Json, depth: int) -> Json:
        """Return a value as a file of this format says it: a setting is a list of strings."""
        if depth < self.depth:
            return super().normal(value, depth)
        return self._setting(value) if depth == self.depth else text_of(value)

    def _setting(self, value: Json) -> Json:
        if isinstance(value, dict):
            raise EditRefused("the format has no sections in sections")
        return [text_of(item) for item in value] if isinstance(value, list) else [text_of(value)]

    def vanishes(self, document: Document, pointer: Pointer) -> bool:
        """Return whether the container at `pointer` is gone when the last of its entries is: a setting is."""
        return len(pointer) == self.depth

    def write(self, document: Document, value: Json, like: str) -> str:
        """Return a string as the file writes it."""
        return _on_one_line(value)

    def replace(self, document: Document, pointer: Pointer, value: Json) -> list[Change]:
        """Return what puts `value` in the place of the value at `pointer`."""
        old = document.at(pointer)
        if not (isinstance(old, list) and isinstance(value, list) and value):
            return super().replace(document, pointer, value)
        items = document.members(pointer)
        changes: list[Change] = []
        for item, new in zip(items, value, strict=False):
            if item.value != new:
                changes += super().replace(document, (*pointer, item.step), new)
        for item in items[len(value) :]:
            changes.append(self._cut(document, item, items))
        at = document.line_end(items[-1].end)
        more = [document.newline + self._line(document, str(pointer[-1]), new, items) for new in value[len(items) :]]
        return [*changes, Change(at, at, "".join(more))]

    def append(self, document: Document, pointer: Pointer, value: Json, position: Position) -> list[Change]:
        """Return what adds an item to the list at `pointer`."""
        items = document.members(pointer)
        number = item_position([item.value for item in items], value, position)
        line = self._line(document, str(pointer[-1]), value, items)
        if number:
            at = document.line_end(items[number - 1].end)
            return [Change(at, at, document.newline + line)]
        at = document.line_start(items[0].start)
        return [Change(at, at, line + document.newline)]

    def delete(self, document: Document, pointer: Pointer) -> list[Change]:
        """Return what takes the entry at `pointer` out of the container that holds it."""
        value = document.at(pointer)
        if isinstance(pointer[-1], int):
            items = document.members(pointer[:-1])
            return [self._cut(document, items[pointer[-1]], items)]
        if isinstance(value, list):
            settings = document.members(pointer[:-1])
            items = [item for setting in settings for item in document.members((*pointer[:-1], setting.step))]
            entries = sorted(items, key=lambda item: item.start)
            mine = {item.start for item in document.members(pointer)}
            return [self._cut(document, entry, entries) for entry in entries if entry.start in mine]
        return super().delete(document, pointer)

    def rename(self, document: Document, pointer: Pointer, key: str) -> list[Change]:
        """Return what gives the entry at `pointer` another key."""
        if not isinstance(document.at(pointer), list):
            return super().rename(document, pointer, key)
        keys = [item.where.key for item in document.members(pointer)]
        return [Change(where.start, where.end, key) for where in keys if where is not None]

    def _lines(self, document: Document, key: str, value: Json, siblings: Sequence[Member]) -> str:
        values = value if isinstance(value, list) else [value]
        if not values:
            raise EditRefused("a setting without a value is none")
        return document.newline.join(self._line(document, key, item, siblings) for item in values)

    def _line(self, document: Document, key: str, value: Json, siblings: Sequence[Member]) -> str:
        return super()._lines(document, key, value, siblings)


EDITORS: dict[str, Editor] = {
    "ini": IniEditor(),
    "editorconfig": EditorConfigEditor(),
    "gitconfig": GitConfigEditor(),
    "dotenv": DotenvEditor(),
    "properties": PropertiesEditor(),
    "systemd": SystemdEditor(),
}
