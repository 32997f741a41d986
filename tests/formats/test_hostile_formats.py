"""No text makes a format hang or crash: it is read or refused in time that grows with its length."""

from __future__ import annotations

import time
from importlib import import_module

import pytest

from polcheck.base.spans import Source, Unreadable
from polcheck.formats import formats, parse_config
from polcheck.formats.limits import DEFAULT_DOCUMENT_LIMITS, DocumentLimits
from polcheck.formats.values import LimitExceeded, Unparsable

LENGTH = 8_000
SECONDS = 1.0  # a linear reader takes a tenth of it on a busy machine; a quadratic one many times that
PIECES = (
    "[", "{", "(", "<a>", "<a b='c'>", '"', "'", "`", "\\", "\n", "\r", " ", "\t", "#", ";", "a", "a ", "a\n",
    "a=", "a=b\n", "<<", "<<A\n", "${", "%{", "$${", "- ", "> ", "|", "|-", "\\\n", "\\\r\n", ",", ":", "a:",
    "//", "/*", "*/", "-", "--a ", "=>", '"a', "a'", "[a]\n", "a = [", "a {\n", 'a "b" {\n', "a = {\n", "a?b:",
    "RUN <<A\n", "RUN a\\\n", "ENV a='", "--a='", "1", "1.", "&a;", "<![CDATA[", "<!--", "<a/>",
    "| a | b |\n|--|--|\n", "> - 1. ", "    ", "* ", "a[", "a[b]==1,", "é", "a;b\\\n", "\u2028", "require (\n",
    "require a v1 // indirect\n", "replace a => b\n", "@a ", "[a][1] ", "a,b\n", '""', '"\n', '{"a":', "[1,",
    "[],", "{a:[", "-e ", "\\u00",
)  # fmt: skip


def read(name: str, text: str) -> None:
    """Reads a text; refusing it is fine, anything else isn't."""
    try:
        config = parse_config(Source("x", text.encode()), name)
    except (Unparsable, Unreadable) as error:
        assert str(error)
        return
    for index, value in enumerate(config.values):
        config.locate(index, ())
        if isinstance(value, dict):
            for key in list(value)[:3]:
                config.locate(index, (key,))


@pytest.mark.parametrize("name", sorted(formats()))
def test_repeated_pieces_are_read_in_linear_time(name: str) -> None:
    """Each piece of any format, thousands of times, alone and behind a beginning that lets it go on."""
    slow = list[str]()
    for piece in PIECES:
        for before in ("", "a = "):
            text = before + piece * (LENGTH // len(piece))
            start = time.process_time()
            read(name, text)
            took = time.process_time() - start
            if took > SECONDS:
                slow.append(f"{before!r} and {piece!r}: {took:.1f} s")
    assert not slow


@pytest.mark.parametrize(
    ("name", "opening", "closing"),
    [
        ("json5", "[", "]"),
        ("json5", "{a:", "}"),
        ("jsonc", "[", "]"),
        ("jsonl", '{"a":', "}"),
        ("hcl", "a {\n", "}\n"),
        ("xml", "<a>", "</a>"),
        ("notebook", '{"nbformat":', "}"),
    ],
)
def test_nesting_has_a_limit(name: str, opening: str, closing: str) -> None:
    """What nests deeper than the limit is refused with its number, whatever the depth."""
    for depth in (DEFAULT_DOCUMENT_LIMITS.depth + 1, 5_000):
        text = opening * depth + ("1" if opening != "a {\n" else "") + closing * depth
        with pytest.raises(LimitExceeded, match=f"nested more than {DEFAULT_DOCUMENT_LIMITS.depth} levels"):
            parse_config(Source("x", text.encode()), name)


@pytest.mark.parametrize(
    "inner",
    [
        "[" * 300 + "]" * 300,
        "(" * 300 + "1" + ")" * 300,
        '"' + '${"' * 300 + '"}' * 300 + '"',
        "{a=" * 300 + "1" + "}" * 300,
    ],
)
def test_expressions_of_hcl_nest_as_far_as_documents(inner: str) -> None:
    """Tuples, parentheses, templates and objects inside one another."""
    with pytest.raises(LimitExceeded, match="nested more than"):
        parse_config(Source("x", f"a = {inner}\n".encode()), "hcl")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://localhost/x">%b;]><a/>',
        '<!DOCTYPE a SYSTEM "http://localhost/x"><a>&nbsp;</a>',
    ],
)
def test_entities_of_xml_are_not_expanded(text: str) -> None:
    """Neither those of the document nor those of another file: the document is refused."""
    with pytest.raises(Unparsable, match="entit"):
        parse_config(Source("x", text.encode()), "xml")


def test_a_document_type_without_entities_is_read() -> None:
    """A reference to a document type elsewhere is no harm, and nothing is fetched."""
    config = parse_config(Source("x", b'<!DOCTYPE a PUBLIC "-//X" "http://localhost/x"><a>b</a>'), "xml")
    assert config.values == ({"a": "b"},)


@pytest.mark.parametrize(
    "name",
    [
        *("csv", "requirements", "codeowners", "jsonl", "systemd", "hcl", "dockerfile", "xml", "gomod", "json5"),
        *("markdown", "dotenv", "properties"),
    ],
)
def test_the_number_of_values_has_a_limit(name: str) -> None:
    """A file of more values than the limit is refused, not cut off."""
    limits = DocumentLimits(values=500)
    texts = {
        "csv": "a\n" + "1\n" * 500,
        "requirements": "-r a\n" * 500,
        "codeowners": "* @a\n" * 500,
        "jsonl": "1\n" * 501,
        "systemd": "[a]\n" + "a=1\n" * 500,
        "hcl": "a {\n}\n" * 501,
        "dockerfile": "RUN a\n" * 500,
        "xml": "<a>" + "<b/>" * 500 + "</a>",
        "gomod": "require a v1\n" * 500,
        "json5": "[" + "1," * 500 + "]",
        "markdown": "|a|\n|-|\n" + "|b|\n" * 500,
        "dotenv": "".join(f"a{number}=1\n" for number in range(501)),
        "properties": "".join(f"a{number}=1\n" for number in range(501)),
    }
    with pytest.raises(LimitExceeded, match="values"):
        import_module(f"polcheck.formats.{name}").parse(Source("x", texts[name].encode()), limits)
