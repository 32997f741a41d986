"""HCL, as Terraform, OpenTofu and Packer write it, in the shape that hcl2json gives it.

A block is an item of an array under its type, or under its labels one inside the other. A literal is its value, a
string with interpolations is its text with each as `${source}`, any other expression is the string `${source}`.

NOTE: the scanner is our own: python-hcl2 has no exact places, and the syntax tree of tree-sitter-hcl has no values of
strings and heredocs, which are most of the work. Expressions need no grammar here, only their end.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import NoReturn

from msgspec import Struct

from polcheck.base.spans import Source, Span
from polcheck.formats.format import Format
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.placed import Placed, placed_array, placed_config, placed_object
from polcheck.formats.values import Config, Json, LimitExceeded, Unparsable

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}
_LONGEST_NUMBER = 4200


@cache
def _expressions() -> tuple[re.Pattern[str], ...]:
    """Return what identifiers, numbers, starts of heredocs and ordinary characters of both templates look like."""
    return (
        re.compile(r"[^\W\d][\w-]*+"),
        re.compile(r"[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"),
        re.compile(r"<<(-?+)([^\W\d][\w-]*+)\r?\n"),
        re.compile(r'[^"\\$%\n]*+'),
        re.compile(r"[^$%\n]*+\n?+"),
    )


def parse(source: Source, limits: DocumentLimits = DEFAULT_DOCUMENT_LIMITS) -> Config:
    """Return the one document of a file.

    Raises Unparsable for what isn't HCL, LimitExceeded, and Unreadable when the bytes aren't text.
    """
    scan = _Scan(source.text, limits)
    try:
        return placed_config([scan.run()], scan.repeated)
    except RecursionError:
        limits.too_deep()


class _Part(Struct):
    """One part of a template: a literal, or what stands between `${` or `%{` and `}`.

    `code` is where that code stands without what trims white space before and behind it, which `left` and `right` say.
    """

    text: str
    code: Span | None = None
    directive: bool = False
    left: bool = False
    right: bool = False


class _Expression(Struct):
    """An expression: where it stands, its value if it is a literal of some kind, and the marks of a conditional."""

    span: Span
    simple: Placed | None = None
    question: int = -1
    colon: int = -1
    last: str = ""
    """Its last token: `operand`, or `name` if it may be called; `operator`, or `point` before an attribute."""


class _Scan:
    """Reads a text from its beginning to its end: `run` is called once."""

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self.repeated: list[Span] = []
        self._text = text
        self._limits = limits
        self._at = 0
        self._end = len(text)  # of the part that is read; expressions are found first and some then read again
        self._depth = 0
        self._count = 0

    def run(self) -> Placed:
        """Return the body of the file. Raises Unparsable, LimitExceeded and RecursionError."""
        return self._body("")

    def _refuse(self, reason: str, at: int | None = None) -> NoReturn:
        at = min(self._at if at is None else at, len(self._text))
        raise Unparsable(reason, Span(at, min(at + 1, len(self._text))))

    def _tally(self, at: int) -> None:
        self._count += 1
        if self._count > self._limits.values:
            self._limits.too_many(Span(at, at))

    def _enter(self, at: int) -> None:
        self._depth += 1
        if self._depth > self._limits.depth:
            self._limits.too_deep(Span(at, min(at + 1, len(self._text))))

    def _space(self, lines: bool) -> str:
        """Goes on to what is neither white space nor comment (nor a line's end, with `lines`) and returns its start."""
        text = self._text
        while self._at < self._end:
            mark = text[self._at]
            if mark in " \t\r" or (lines and mark == "\n"):
                self._at += 1
            elif mark == "#" or text.startswith("//", self._at):
                end = text.find("\n", self._at)
                self._at = end if end >= 0 else len(text)
            elif text.startswith("/*", self._at):
                end = text.find("*/", self._at + 2)
                if end < 0:
                    self._refuse("a comment has no end")
                self._at = end + 2
            else:
                return mark
        return ""

    def _identifier(self) -> str:
        found = _expressions()[0].match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    # -- bodies and blocks ------------------------------------------------------------------------------------------

    def _body(self, closing: str, start: int = 0) -> Placed:
        """Return the body that begins here and ends before `closing`, or with the file if that is empty."""
        out = Placed({}, Span(start, start), None, {})
        attributes = dict[str, Placed]()
        first = -1
        while (mark := self._space(lines=True)) != closing:
            begin = self._at
            first = begin if first < 0 else first
            name = self._identifier()
            if not name:
                self._refuse(
                    f"unexpected `{mark}` where an argument or a block begins" if mark else "a block has no end"
                )
            key = Span(begin, self._at)
            if self._space(lines=False) == "=" and not self._text.startswith("==", self._at):
                if name in attributes:
                    self._refuse(f"the argument `{name}` is set twice", begin)
                self._at += 1
                attributes[name] = self._value(self._expression(lines=False, ends=closing), key)
            else:
                self._block(name, key, out)
            end = self._at
            mark = self._space(lines=False)
            if mark not in ("\n", "", closing):
                self._refuse(f"unexpected `{mark}` behind an argument or a block")
            out.span = Span(first if not closing else start, end)
        for name, attribute in attributes.items():
            _put(out, name, attribute)
        return out

    def _block(self, name: str, key: Span, out: Placed) -> None:
        names = [(name, key)]
        while (mark := self._space(lines=False)) != "{":
            begin = self._at
            if mark == '"':
                label = self._label()
            else:
                label = self._identifier()
                if not label:
                    self._refuse("a block takes labels and `{` on its own line")
            names.append((label, Span(begin, self._at)))
        self._tally(key.start)
        self._enter(self._at)
        opening = self._at
        self._at += 1
        body = self._body("}", opening)
        self._at += 1
        self._depth -= 1
        body.span = Span(key.start, self._at)
        for step, where in names[:-1]:
            if step not in (out.members or {}):
                self._tally(where.start)
                _put(out, step, Placed({}, body.span, where, {}))
            inner = (out.members or {})[step]
            if not isinstance(inner.value, dict):
                self._refuse(f"`{step}` is a block with labels and one without", where.start)
            out = inner
        last, where = names[-1]
        if last not in (out.members or {}):
            _put(out, last, Placed([], body.span, where, {}))
        blocks = (out.members or {})[last]
        if not isinstance(blocks.value, list) or blocks.members is None:
            self._refuse(f"`{last}` is a block with labels and one without", where.start)
        body.key = where
        blocks.members[len(blocks.value)] = body
        blocks.value.append(body.value)

    def _label(self) -> str:
        begin = self._at
        parts = self._template_parts(quoted=True)
        if any(part.code for part in parts):
            self._refuse("a label has no interpolation", begin)
        return "".join(part.text for part in parts).replace("$${", "${").replace("%%{", "%{")

    # -- expressions ------------------------------------------------------------------------------------------------

    def _expression(self, lines: bool, ends: str) -> _Expression:
        """Read the expression that begins here; with `lines` it goes on behind line breaks. `ends` closes it, too."""
        mark = self._space(lines)
        start = self._at
        self._tally(start)
        found = _Expression(Span(start, start))
        simple = self._simple(mark)
        if simple is not None:
            found.simple, found.last = simple, "operand"
        elif mark == "(":
            self._brackets()
            found.last = "operand"
        end = self._at
        while not self._over(mark := self._space(lines), lines, ends):
            # NOTE: more follows a literal, so the whole is an expression, whose source stays as it is
            found.simple = None
            self._follow(mark, found)
            self._token(mark, found)
            end = self._at
        if end == start:
            self._refuse("an expression is missing" if not mark else f"unexpected `{mark}` instead of an expression")
        if found.last in ("operator", "point"):
            self._refuse("an expression ends in an operator", end)
        found.span = Span(start, end)
        return found

    def _follow(self, mark: str, found: _Expression) -> None:
        """Note the token that begins here. Raises Unparsable where none such can follow the one before."""
        operand = found.last in ("operand", "name")
        is_name = _expressions()[0].match(self._text, self._at) is not None
        is_value = is_name or mark in '"[{(' or mark.isdigit() or self._text.startswith("<<", self._at)
        if operand:
            fits = not is_value or mark == "[" or (mark == "(" and found.last == "name")
        else:
            fits = is_value or mark in "-!" or (mark == "*" and found.last == "point")
        if not fits:
            self._refuse(f"unexpected `{mark}` in an expression")
        if is_value or (mark == "*" and found.last == "point"):
            found.last = "name" if is_name else "operand"
        elif mark == "." and not self._text.startswith("...", self._at):
            found.last = "point"
        else:
            found.last = "operand" if mark == "." else "operator"

    def _over(self, mark: str, lines: bool, ends: str) -> bool:
        if mark in ("", ",", ")", "]", "}") or (mark == "\n" and not lines):
            return True
        return mark == ends or (mark == "~" and self._text.startswith("~}", self._at))

    def _token(self, mark: str, within: _Expression | None) -> None:
        """Goes past one token of an expression; those of its outermost conditional are noted."""
        text, at = self._text, self._at
        if mark in _PAIRS:
            self._brackets()
        elif mark == '"':
            self._template_parts(quoted=True)
        elif heredoc := _expressions()[2].match(text, at):
            self._heredoc(heredoc)
        elif self._identifier():
            pass
        elif number := _expressions()[1].match(text, at):
            self._at = number.end()
        elif text.startswith("...", at):
            self._at += 3
        elif text.startswith(("::", "=>", "==", "!=", "<=", ">=", "&&", "||"), at):
            self._at += 2
        elif mark in "+-*/%<>=!?:.,&|" and (mark not in "=,&|" or within is None):
            self._at += 1
            if within is not None and mark == "?":
                within.question = at if within.question < 0 else within.question
                within.colon -= 1
            elif within is not None and mark == ":" and within.question >= 0 and within.colon < -1:
                within.colon = at if within.colon == -2 else within.colon + 1
        else:
            self._refuse(f"unexpected `{mark}` in an expression")

    def _brackets(self) -> None:
        """Goes past a bracket and all inside it."""
        opening = self._at
        closings = [_PAIRS[self._text[opening]]]
        depth = self._depth
        self._at += 1
        while closings:
            mark = self._space(lines=True)
            if not mark:
                self._refuse(f"`{self._text[opening]}` is not closed", opening)
            if mark in _PAIRS:
                closings.append(_PAIRS[mark])
                self._enter(self._at)
                self._at += 1
            elif mark in ")]}":
                if mark != closings.pop():
                    self._refuse(f"unexpected `{mark}`")
                self._at += 1
                self._depth -= bool(closings)
            else:
                self._token(mark, None)
        self._depth = depth

    def _value(self, expression: _Expression, key: Span | None = None) -> Placed:
        """Return the value of an expression under `key`."""
        if expression.simple is not None:
            return Placed(expression.simple.value, expression.simple.span, key, expression.simple.members)
        return Placed(self._wrapped(expression.span), expression.span, key)

    def _wrapped(self, span: Span) -> str:
        return "${" + self._text[span.start : span.end] + "}"

    def _simple(self, mark: str) -> Placed | None:
        """Read a literal, a template, a tuple or an object; None, with nothing read, where none begins."""
        text, start = self._text, self._at
        if mark == '"' or text.startswith("<<", start):
            return self._template()
        if mark == "[":
            return self._tuple(start)
        if mark == "{":
            return self._object(start)
        found = _expressions()[1].match(text, start)
        if mark == "-":
            self._at += 1
            self._space(lines=False)
            found = _expressions()[1].match(text, self._at)
        if found is not None:
            self._at = found.end()
            if not (text[self._at : self._at + 1].isalnum() or text.startswith("_", self._at)):
                return Placed(self._number(found[0], mark == "-", start), Span(start, self._at))
            self._refuse("letters follow a number")
        self._at = start
        word = self._identifier()
        if word in _WORDS:
            return Placed(_WORDS[word], Span(start, self._at))
        self._at = start
        return None

    def _number(self, written: str, negative: bool, at: int) -> Json:
        if len(written) > _LONGEST_NUMBER:
            raise LimitExceeded("a number of more than 4200 digits", Span(at, at))
        number: int | float = int(written) if written.isdigit() else float(written)
        if isinstance(number, float) and not math.isfinite(number):
            return ("-" if negative else "") + written
        if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
            number = int(number)
        return -number if negative else number

    def _is_for(self) -> bool:
        """Whether a `for` expression stands in the bracket that opens here."""
        opening = self._at
        self._at += 1
        self._space(lines=True)
        word = self._identifier()
        self._at = opening
        return word == "for"

    def _tuple(self, start: int) -> Placed | None:
        if self._is_for():
            return None
        self._enter(start)
        self._at += 1
        items = list[Placed]()
        while self._space(lines=True) != "]":
            items.append(self._value(self._expression(lines=True, ends="]")))
            if self._space(lines=True) == ",":
                self._at += 1
            elif self._space(lines=True) != "]":
                self._refuse("items of a tuple are divided by `,`")
        self._at += 1
        self._depth -= 1
        return placed_array(items, Span(start, self._at))

    def _object(self, start: int) -> Placed | None:
        if self._is_for():
            return None
        self._enter(start)
        self._at += 1
        members: dict[str, Placed] = {}
        while self._space(lines=True) != "}":
            begin = self._at
            name = self._object_key()
            key = Span(begin, self._at)
            if self._space(lines=False) not in ("=", ":"):
                self._refuse("a key of an object is followed by `=` or `:`")
            self._at += 1
            if name in members:
                self.repeated.append(key)
            members[name] = self._value(self._expression(lines=False, ends="}"), key)
            if self._space(lines=False) == ",":
                self._at += 1
            elif self._space(lines=False) not in ("\n", "}"):
                self._refuse("members of an object are divided by `,` or line breaks")
        self._at += 1
        self._depth -= 1
        return placed_object(members, Span(start, self._at))

    def _object_key(self) -> str:
        """Read the key of an object: a name or what begins with one as it is written, else what an expression gives."""
        start = end = self._at
        text = self._text
        while (mark := self._space(lines=False)) not in ("=", ":", "", "\n", "}", ",") or (
            text.startswith(("==", "::"), self._at)
        ):
            self._token(mark, None)
            end = self._at
        if end == start:
            self._refuse(f"unexpected `{mark}` instead of a key")
        if _expressions()[0].match(text, start):
            return text[start:end]
        name = self._string_part(Span(start, end))
        self._at = end
        return name

    # -- templates --------------------------------------------------------------------------------------------------

    def _template(self) -> Placed:
        """Read a string in quotes or a heredoc."""
        start = self._at
        heredoc = _expressions()[2].match(self._text, start)
        if self._text[start] == '"':
            parts = self._template_parts(quoted=True)
        elif heredoc is not None:
            parts = self._heredoc(heredoc)
        else:
            self._refuse("a heredoc begins with `<<` and its name, at the end of a line")
        span = Span(start, self._at)
        if len(parts) == 1 and parts[0].code is not None and not parts[0].directive:
            after = self._at
            inner = self._inside(parts[0].code)
            self._at = after
            return Placed(inner.value, span, None, inner.members)
        after = self._at
        text = self._joined(_trimmed(parts))
        self._at = after
        return Placed(text, span)

    def _inside(self, code: Span) -> Placed:
        """Return the value of an expression that stands alone in a string."""
        before, self._at, self._end = self._end, code.start, code.end
        found = self._expression(lines=True, ends="")
        self._end = before
        if found.span.end != code.end:
            self._refuse("an interpolation holds more than an expression", found.span.end)
        return self._value(found)

    def _joined(self, parts: list[_Part]) -> str:
        """Return the text of a template: literals as they are, what is computed by its source."""
        texts = list[str]()
        for part in parts:
            if part.code is None:
                texts.append(part.text)
            elif part.directive:
                texts.append("%{" + self._directive(part.code) + "}")
            else:
                texts.append(self._string_part(part.code))
        return "".join(texts).replace("%{else}%{endif}", "%{endif}")

    def _directive(self, code: Span) -> str:
        """Return the source of `if`, `else`, `endif`, `for` or `endfor` without superfluous white space."""
        words = self._text[code.start : code.end].split(None, 1)
        if not words or words[0] not in ("if", "else", "endif", "for", "endfor"):
            self._refuse("unknown directive in a template", code.start)
        if words[0] != "for" or len(words) == 1:
            return " ".join(words)
        names, _, rest = words[1].partition(" in ")
        return f"for {', '.join(name.strip() for name in names.split(','))} in {rest.strip()}"

    def _string_part(self, code: Span) -> str:
        """Return what an expression adds to a template that has more than it."""
        self._enter(code.start)
        before, self._at, self._end = self._end, code.start, code.end
        found = self._expression(lines=True, ends="")
        self._end = before
        span = found.span
        if span.end != code.end:
            self._refuse("an interpolation holds more than an expression", span.end)
        text = self._text
        if found.simple is not None:
            value = found.simple.value
            if isinstance(value, str) and text[span.start] in '"<':
                part = value
            elif value is None:
                self._refuse("`null` can't be part of a string", span.start)
            elif isinstance(value, dict | list) or text[span.start] == "-":
                part = self._wrapped(span)
            elif isinstance(value, bool):
                part = "true" if value else "false"
            else:
                part = f"{value:g}" if isinstance(value, float) else str(value)
        elif found.question >= 0:
            if found.colon < 0:
                self._refuse("`?` has no `:`", found.question)
            condition = self._without_space(Span(span.start, found.question))
            yes = self._string_part(self._without_space(Span(found.question + 1, found.colon)))
            no = self._string_part(self._without_space(Span(found.colon + 1, span.end)))
            part = "%{if " + text[condition.start : condition.end] + "}" + yes
            part += ("%{else}" + no if no else "") + "%{endif}"
        else:
            part = self._wrapped(span)
        self._depth -= 1
        return part

    def _without_space(self, span: Span) -> Span:
        text = self._text[span.start : span.end]
        start = span.start + len(text) - len(text.lstrip())
        return Span(start, max(start, span.start + len(text.rstrip())))

    def _template_parts(self, quoted: bool) -> list[_Part]:
        """Read a string in quotes; returns its parts."""
        text, start = self._text, self._at
        parts, literal = list[_Part](), list[str]()
        self._at += 1
        while True:
            if found := _expressions()[3].match(text, self._at):
                literal.append(found[0])
                self._at = found.end()
            mark = text[self._at : self._at + 1]
            if mark == '"':
                break
            if not mark or mark == "\n":
                self._refuse("a string in quotes ends on its own line", start)
            if mark == "\\":
                literal.append(self._escape())
            else:
                self._sequence(mark, parts, literal)
        self._at += 1
        if literal_text := "".join(literal):
            parts.append(_Part(literal_text))
        return parts

    def _sequence(self, mark: str, parts: list[_Part], literal: list[str]) -> None:
        """Read what begins with `$` or `%` in a template: an interpolation, a directive, or just that character."""
        text = self._text
        if text.startswith(mark + mark + "{", self._at):
            literal.append(mark + mark + "{")  # as it is written, apart from interpolations
            self._at += 3
        elif text.startswith(mark + "{", self._at):
            if literal and (before := "".join(literal)):
                parts.append(_Part(before))
            literal.clear()
            parts.append(self._code(mark == "%"))
        else:
            literal.append(mark)
            self._at += 1

    def _code(self, directive: bool) -> _Part:
        opening = self._at
        self._enter(opening)
        self._at += 2
        left = self._text.startswith("~", self._at)
        self._at += left
        self._space(lines=True)
        start = end = self._at
        while (mark := self._space(lines=True)) != "}" and not self._text.startswith("~}", self._at):
            if not mark or mark in ")]":
                self._refuse("an interpolation is not closed", opening)
            self._token(mark, None)
            end = self._at
        right = mark == "~"
        self._at += 1 + right
        self._depth -= 1
        if start == end:
            self._refuse("an interpolation is empty", opening)
        return _Part("", Span(start, end), directive, left, right)

    def _escape(self) -> str:
        text, at = self._text, self._at
        mark = text[at + 1 : at + 2]
        if mark in ("u", "U"):
            width = 4 if mark == "u" else 8
            digits = text[at + 2 : at + 2 + width]
            if len(digits) == width and all(digit in "0123456789abcdefABCDEF" for digit in digits):
                number = int(digits, 16)
                if number <= 0x10FFFF and not 0xD800 <= number < 0xE000:
                    self._at += 2 + width
                    return chr(number)
            self._refuse(f"`\\{mark}` takes {width} hexadecimal digits of a character")
        if not mark or mark not in _ESCAPES:
            self._refuse(f"`\\{mark}` is no escape of HCL's")
        self._at += 2
        return _ESCAPES[mark]

    def _heredoc(self, opening: re.Match[str]) -> list[_Part]:
        """Read a heredoc up to its closing name; returns its parts, one for each line and interpolation."""
        text = self._text
        flush, name = opening[1] == "-", opening[2]
        self._at = opening.end()
        parts, literal = list[_Part](), list[str]()
        fresh = True  # whether a line begins here
        while True:
            if fresh:
                end = text.find("\n", self._at)
                line = text[self._at : end if end >= 0 else len(text)]
                if line.strip(" \t\r") == name:
                    self._at += len(line.rstrip(" \t\r"))
                    break
                fresh = False
            if self._at >= len(text):
                self._refuse(f"a heredoc has no end: expecting `{name}` on a line of its own", opening.start())
            mark = text[self._at]
            if mark in "$%":
                self._sequence(mark, parts, literal)
                continue
            found = _expressions()[4].match(text, self._at)
            assert found is not None
            literal.append(found[0])
            self._at = found.end()
            if found[0].endswith("\n"):
                parts.append(_Part("".join(literal)))
                literal.clear()
                fresh = True
        if flush:
            _flush(parts)
        return parts


def _flush(parts: list[_Part]) -> None:
    """Remove the indentation that all lines of a heredoc share; a blank line has no say in that."""
    first, lines, least = True, list[_Part](), -1
    for part in parts:
        if first:
            inner = part.text.lstrip()
            blank = part.code is None and not inner and part.text.endswith("\n")
            if not blank:
                spaces = len(part.text) - len(inner) if part.code is None else 0
                least = spaces if least < 0 else min(least, spaces)
                lines.append(part)
        first = part.code is None and part.text.endswith("\n")
    for part in lines:
        part.text = part.text[max(least, 0) :]


def _trimmed(parts: list[_Part]) -> list[_Part]:
    """Return the parts of a template without the white space that `~` removes."""
    for index, part in enumerate(parts):
        if part.left and index and parts[index - 1].code is None:
            parts[index - 1].text = parts[index - 1].text.rstrip()
        if part.right and index + 1 < len(parts) and parts[index + 1].code is None:
            parts[index + 1].text = parts[index + 1].text.lstrip()
    return parts


def _put(out: Placed, name: str, inner: Placed) -> None:
    """Set a member of an object."""
    assert isinstance(out.value, dict) and out.members is not None
    out.value[name] = inner.value
    out.members[name] = inner


FORMAT = Format(
    name="hcl",
    title="HCL",
    parse=parse,
    suffixes=(".tf", ".tfvars", ".hcl", ".tofu", ".nomad"),
    names=(".terraform.lock.hcl",),
    scattered=True,
    root="object",
    escapes=lambda data: b"\\" in data or b"${" in data,  # keys of objects may be templates
)
