"""XML: the root element under its name; what is inside an element is an array under its name.

An element with neither attributes nor elements inside is its text, as a string. Any other is an object: an attribute is
a string under `@name`, the elements inside are arrays under their names, text that isn't white space is `#text`. Names
are as they are written, with their prefixes. That is the shape of xmltodict with `force_list`, but for an empty
element, which is an empty string.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct, field

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object
from polcheck.formats.values import Config, Unparsable

if TYPE_CHECKING:
    from pyexpat import XMLParserType

_SPACE = " \t\r\n"


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one document of a file.

    Raises Unparsable for what is not well-formed, and for what stands elsewhere or would have to be expanded: entities
    of its own; LimitExceeded, and Unreadable when the bytes aren't text.
    """
    return placed_config([_Reader(source, limits).run()])


class _Element(Struct):
    """An element that isn't closed yet: where its tag begins and ends, its attributes, its text and what is inside."""

    name: str
    start: int
    key: Span
    attributes: dict[str, Placed]
    empty: bool
    inner: dict[str, list[Placed]] = field(default_factory=dict)
    text: list[tuple[str, int, int]] = field(default_factory=list)


class _Reader:
    """Follows the events of expat; offsets are those of bytes in UTF-8 until the end: `run` is called once."""

    def __init__(self, source: Source, limits: DocumentLimits) -> None:
        self._source = source
        self._data = source.utf8
        self._limits = limits
        self._open: list[_Element] = []
        self._root: dict[str, Placed] = {}
        self._count = 1
        self._pending: tuple[str, int] | None = None

    def run(self) -> Placed:
        """Return the document. Raises Unparsable and LimitExceeded."""
        from pyexpat import ExpatError, ParserCreate
        from pyexpat.errors import messages

        parser = ParserCreate("utf-8")
        self._parser: XMLParserType = parser
        parser.buffer_text = False
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.XmlDeclHandler = self._declaration
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._skipped
        parser.DefaultHandler = self._other
        try:
            parser.Parse(self._data, True)
        except ExpatError as error:
            at = self._character(min(max(parser.ErrorByteIndex, 0), len(self._data)))
            raise Unparsable(messages[error.code], Span(at, min(at + 1, len(self._source.text)))) from error
        whole = next(iter(self._root.values())).span
        return placed_object(self._root, whole)

    def _character(self, at: int) -> int:
        return self._source.span_of_bytes(at, at).start

    def _span(self, start: int, end: int) -> Span:
        return self._source.span_of_bytes(start, end)

    def _refuse(self, reason: str) -> NoReturn:
        at = max(self._parser.CurrentByteIndex, 0)
        raise Unparsable(reason, self._span(at, min(at + 1, len(self._data))))

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        known = encoding is None or encoding.lower().startswith(("utf-8", "utf8", "us-ascii", "utf-16"))
        if not known and not self._data.isascii():
            self._refuse(f"the document says that it is in {encoding}, and is read as UTF-8")

    def _entity(self, name: str, *_: object) -> None:
        self._refuse(f"the document declares the entity `{name}`, and entities are not expanded")

    def _skipped(self, name: str, *_: object) -> None:
        self._refuse(f"the entity `{name}` is declared elsewhere")

    def _other(self, data: str) -> None:
        # NOTE: expat hands over a reference to an entity that it knows nothing of as it is written
        if self._open and data.startswith("&"):
            self._refuse(f"the entity `{data[1:].rstrip(';')[:40]}` is declared elsewhere")
        self._close_text()

    def _close_text(self) -> None:
        """End the last stretch of text where the event that comes next begins."""
        if self._pending is not None and self._open:
            text, start = self._pending
            self._open[-1].text.append((text, start, self._parser.CurrentByteIndex))
        self._pending = None

    def _start(self, name: str, attributes: list[str]) -> None:
        self._close_text()
        start = self._parser.CurrentByteIndex
        if len(self._open) >= self._limits.depth:
            self._limits.too_deep(self._span(start, start + 1))
        self._count += 1 + len(attributes) // 2
        if self._count > self._limits.values:
            self._limits.too_many(self._span(start, start + 1))
        places, end = self._attributes(start + 1 + len(name.encode("utf-8", "surrogatepass")))
        given = dict(zip(attributes[::2], attributes[1::2], strict=True))
        placed = {"@" + key: Placed(value, *places[key]) for key, value in given.items()}
        key = self._span(start + 1, start + 1 + len(name.encode("utf-8", "surrogatepass")))
        empty = self._data[end - 1 : end] == b"/"
        self._open.append(_Element(name, start, key, placed, empty))

    def _attributes(self, at: int) -> tuple[dict[str, tuple[Span, Span]], int]:
        """Return where the values and names of a tag's attributes stand, and where its `>` does."""
        data = self._data
        found: dict[str, tuple[Span, Span]] = {}
        while data[at] not in b">/":
            if data[at] in b" \t\r\n":
                at += 1
                continue
            start = at
            while data[at] not in b"= \t\r\n":
                at += 1
            name = data[start:at].decode("utf-8", "surrogatepass")
            stop = at
            while data[at] not in b"'\"":
                at += 1
            end = data.index(data[at : at + 1], at + 1)
            found[name] = (self._span(at + 1, end), self._span(start, stop))
            at = end + 1
        return found, at + (data[at] == ord("/"))

    def _characters(self, text: str) -> None:
        self._close_text()
        self._pending = (text, self._parser.CurrentByteIndex)

    def _end(self, name: str) -> None:
        self._close_text()
        element = self._open.pop()
        at = self._parser.CurrentByteIndex
        if not element.empty:
            end = self._data.index(b">", at) + 1
        else:
            end = self._attributes(element.start + 1 + len(name.encode("utf-8", "surrogatepass")))[1] + 1
        placed = self._placed(element, self._span(element.start, end))
        if self._open:
            self._open[-1].inner.setdefault(name, []).append(placed)
        else:
            self._root[name] = placed

    def _placed(self, element: _Element, whole: Span) -> Placed:
        text = "".join(part for part, _, _ in element.text)
        stretches = [part for part in element.text if part[0].strip(_SPACE)]
        place = self._trimmed(stretches[0], stretches[-1]) if stretches else Span(whole.end, whole.end)
        content = text.strip(_SPACE)
        if not element.attributes and not element.inner:
            return Placed(content, place if content else whole, element.key)
        members = dict(element.attributes)
        for name, items in element.inner.items():
            members[name] = placed_array(items, Span(items[0].span.start, items[-1].span.end), items[0].key)
        if content:
            members["#text"] = Placed(content, place)
        return placed_object(members, whole, element.key)

    def _trimmed(self, first: tuple[str, int, int], last: tuple[str, int, int]) -> Span:
        """Return from where to where the text of an element stands, without white space at its ends."""
        start, end = first[1], last[2]
        while start < end and self._data[start : start + 1] in (b" ", b"\t", b"\r", b"\n"):
            start += 1
        while end > start and self._data[end - 1 : end] in (b" ", b"\t", b"\r", b"\n"):
            end -= 1
        return self._span(start, end)


def escapes(data: bytes) -> bool:
    """Return whether names may be written otherwise than they are found; `@` and `#text` stand in no file."""
    return True


FORMAT = Format(
    name="xml",
    title="XML",
    parse=parse,
    suffixes=(".xml", ".csproj", ".props", ".targets", ".nuspec", ".xsd", ".wsdl", ".plist", ".svg"),
    names=("web.config", "app.config", "nuget.config", "NuGet.config", "packages.config", "pom.xml"),
    patterns=("web.*.config",),
    scattered=True,
    root="object",
    escapes=escapes,
)
