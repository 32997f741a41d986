"""Which stretches of a file are comments, in each language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.spans import Source
from polcheck.languages.comments import comments, comments_of
from polcheck.project.waivers import waivers_in

YES = "polcheck: ignore[yes] because"
NO = "polcheck: ignore[no] because"

CASES = {
    "a.py": f"""\
        # {YES}
        x = "# {NO}"  # {YES}
        '''
        # {NO}
        '''
        print(x)  # noqa: T201  # {YES}
        """,
    "a.sh": f"""\
        #!/bin/sh
        echo "# {NO}"  # {YES}
        cat <<END
        # {NO}
        END
        echo a#{NO}
        """,
    "a.js": f"""\
        // {YES}
        const a = "// {NO}"; /* {YES} */
        const b = `
          // {NO}
        `;
        /*
          {YES}
        */
        """,
    "a.tsx": f"""\
        const a = <b>// {NO}</b>; // {YES}
        """,
    "a.go": f"""\
        package a // {YES}
        var b = `
        // {NO}
        `
        /* {YES} */
        """,
    "a.yaml": f"""\
        # {YES}
        a: "# {NO}"  # {YES}
        b: |
          # {NO}
          text # {NO}
        # {YES}
        c: x#polcheck:ignore[no]
        d: plain # {YES}
        e:
          - >-
            # {NO}
          # {YES}
          - 'in
            # {NO}
            quotes'
        """,
    "a.toml": f"""\
        # {YES}
        a = "# {NO}"  # {YES}
        b = '''
        # {NO}
        '''
        """,
    "a.ini": f"""\
        # {YES}
        [a]
        ; {YES}
        b = c # {NO}
        """,
    "a.md": f"""\
        <!-- {YES} -->
        # {NO}
        ```html
        <!-- {NO} -->
        ```
        text <!-- {YES} --> text
        """,
    "a.html": f"""\
        <!-- {YES} -->
        <p># {NO}</p>
        """,
    "Dockerfile": f"""\
        # {YES}
        RUN true  # {NO}
        RUN echo a#{NO}
        """,
    "a.sql": f"""\
        -- {YES}
        select 1; /* {YES} */
        """,
    "a.json": f"""\
        {{"a": "// {NO}"}}
        """,
}


@pytest.mark.parametrize("path", CASES)
def test_a_waiver_is_found_in_comments_only(path: str) -> None:
    """Each comment of the language holds its waiver; a text that looks like one holds none."""
    if path.endswith((".js", ".tsx", ".go")):
        pytest.importorskip("tree_sitter_go", reason="the grammars of polcheck[languages] are not installed")
    text = "\n".join(line[8:] if line.startswith("        ") else line for line in CASES[path].split("\n"))
    found = [name for waiver in waivers_in(Source(path, text.encode())) for name in waiver.policies]
    assert found == ["yes"] * text.count("ignore[yes]")


def test_offsets_count_characters() -> None:
    """Characters that take several bytes before a comment don't shift it."""
    text = 'x = "äöü – 😀"  # polcheck: ignore[a] ja\n'
    (waiver,) = waivers_in(Source("a.py", text.encode()))
    assert waiver.location.place is not None and waiver.location.place.column == text.index("polcheck") + 1


def test_a_byte_order_mark_and_windows_line_breaks_do_no_harm() -> None:
    """The reason ends before the line break."""
    (waiver,) = waivers_in(Source("a.py", b"\xef\xbb\xbfx = 1  # polcheck: ignore[a] ja\r\ny = 2\r\n"))
    assert waiver.reason == "ja" and (waiver.first, waiver.last, waiver.following) == (1, 1, 0)


def test_yaml_that_is_broken_later_is_read_as_far_as_it_goes() -> None:
    """A fault at the end of a file doesn't hide the strings before it."""
    text = "a: |\n  # polcheck: ignore[no] x\nb: 1 # polcheck: ignore[yes] x\nc: [\n"
    assert [w.policies for w in waivers_in(Source("a.yaml", text.encode()))] == [("yes",)]


def test_what_is_no_text_has_no_waivers() -> None:
    """Bytes in no encoding that could be found out are left alone."""
    assert list(waivers_in(Source("a.py", b"# polcheck: ignore[a] \xff\xfe\n"))) == []


@given(st.text(alphabet="#'\"\\ab:|>- \n[]{},", max_size=60), st.sampled_from(["py", "yaml", "toml", "md", "ini", "x"]))
def test_any_text_can_be_asked_for_comments(text: str, ending: str) -> None:
    """Whatever a file holds, the answer is a stretch that holds the offset, or none."""
    source = Source(f"a.{ending}", text.encode())
    comment_at = comments(source)
    for offset in range(len(text)):
        span = comment_at(offset)
        assert span is None or span.start <= offset < span.end


LEADING = {
    "a.py": [
        ("# {W}\nx = 1\n", True),
        ("#!/usr/bin/env python\n# other\n\n# {W}\nx = 1\n", True),
        ("x = 1  # {W}\n", False),
        ("x = 1\n# {W}\n", False),
        ('"""A module."""\n# {W}\n', False),
    ],
    "a.yaml": [
        ("# {W}\na: 1\n", True),
        ("---\n# {W}\na: 1\n", True),
        ("--- # {W}\na: 1\n", True),
        ("# other\n%YAML 1.2\n---\n\n# {W}\na: 1\n", True),
        ("a: 1  # {W}\n", False),
        ("--- x # {W}\n", False),
        ("---\na: 1\n---\n# {W}\n", False),
    ],
    "a.js": [("#!/usr/bin/env node\n// {W}\nf()\n", True), ("/* {W} */ f()\n", True), ("f() /* {W} */\n", False)],
    "a.xml": [('<?xml version="1.0"?>\n<!-- {W} -->\n<a/>\n', True), ("<a/><!-- {W} -->\n", False)],
    "a.ini": [("\n; {W}\n[a]\n", True), ("[a]\n; {W}\n", False)],
    "h.tpl": [("{{/* {W} */}}\nx\n", True), ("{{- /* {W} */ -}}\nx\n", True), ("x {{/* {W} */}}\n", False)],
}


@pytest.mark.parametrize(("path", "text", "leading"), [(p, *case) for p, cases in LEADING.items() for case in cases])
def test_at_the_top_is_what_only_comments_come_before(path: str, text: str, leading: bool) -> None:
    """On its own line, too; what says how a document begins is no content."""
    if path == "a.js":
        pytest.importorskip("tree_sitter_javascript", reason="the grammars of polcheck[languages] are not installed")
    (waiver,) = waivers_in(Source(path, text.replace("{W}", "polcheck: ignore[a] b").encode()))
    assert waiver.leading == leading and waiver.reason == "b"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: |  # {W}\n  text\n", 1),
        ("a: >-  # {W}\n  text\n", 1),
        ("a: |2-  # {W}\n   text\n", 1),
        ("a: !t &x |  # {W}\n  text\n", 1),
        ("- |  # {W}\n  # {W}\n", 1),
        ("- |\n  # {W}\n", 0),
        ("a: '|  # {W}'\n", 0),
        ("a: |  # {W}\n", 1),
    ],
)
def test_the_header_of_a_block_scalar_ends_with_a_comment(text: str, found: int) -> None:
    """The lines of the scalar are content."""
    waivers = list(waivers_in(Source("a.yaml", text.replace("{W}", "polcheck: ignore[a] b").encode())))
    assert len(waivers) == found and all(waiver.first == 1 for waiver in waivers)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("BAD {{/* {W} */}}", 1),
        ("BAD {{- /* {W} */ -}}", 1),
        ("BAD {{- /* {W} */}}", 1),
        ("BAD {{/*\n{W}\n*/}}", 1),
        ("BAD {{ /* {W} */}}", 0),
        ("BAD {{/* {W}", 0),
        ("BAD {{/* {W} */ }}", 0),
        ("BAD {# {W} #}", 1),
        ("BAD {# other #} {W}", 0),
    ],
)
def test_templates_have_comments_of_their_own(text: str, found: int) -> None:
    """Go's as text/template reads them, and Jinja's; the reason ends where the comment does."""
    waivers = list(waivers_in(Source("h.tpl", text.replace("{W}", "polcheck: ignore[a] b").encode())))
    assert [waiver.reason for waiver in waivers] == ["b"] * found


@pytest.mark.parametrize(
    ("comment", "alike"),
    [
        ("polcheck:ignore [a] b", False),  # a waiver that names no policy
        ("polcheck ignore[a] b", True),
        ("polcheck-ignore[a] b", True),
        ("polcheck: ignored[a] b", True),
        ("polcheck: disable=a", True),
        ("Polcheck: ignore[a] b", True),
        ("POLCHECK: IGNORE[a] b", True),
        ("polcheck: noqa", True),
        ("polcheck: skip a", True),
        ("polcheck ignores what git does", False),
        ("what polcheck finds", False),
        ("mypolcheck: ignore[a] b", False),
        ("see polcheck: the manual", False),
    ],
)
def test_what_looks_like_a_waiver_is_told(comment: str, alike: bool) -> None:
    """Somebody thinks that it waives, and it doesn't."""
    waivers = list(waivers_in(Source("a.py", f"x = 1  # {comment}\n".encode())))
    assert any("looks like a waiver" in waiver.fault for waiver in waivers) == alike
    assert not any(not waiver.fault for waiver in waivers)


def test_several_waivers_of_one_comment_have_their_own_reasons() -> None:
    """A reason ends where the next waiver begins; the tool's own name in it ends nothing."""
    text = "# polcheck: ignore[a] polcheck-ignore misses it # polcheck: ignore[polcheck-own:b, c] two\n"
    found = [(waiver.policies, waiver.reason) for waiver in waivers_in(Source("a.py", text.encode()))]
    assert found == [(("a",), "polcheck-ignore misses it"), (("polcheck-own:b", "c"), "two")]


@pytest.mark.parametrize(
    ("path", "text", "number"),
    [
        ("a.yaml", "a: b\u2028# polcheck: ignore[p] r\n", 0),
        ("a.yaml", "a: b\x85# polcheck: ignore[p] r\n", 0),
        ("a.yaml", "a: b # polcheck: ignore[p] r\u2028\n", 1),
        (".env", 'A="\n# polcheck: ignore[p] r\n"\n', 0),
        (".env", "A=1\n# polcheck: ignore[p] r\n", 1),
        ("a.properties", "a=b\\\n# polcheck: ignore[p] r\n", 0),
        ("a.properties", "a=b\n# polcheck: ignore[p] r\n", 1),
        (".gitconfig", '[a]\n b = "x\\\n# polcheck: ignore[p] r"\n', 0),
        (".gitconfig", "[a]\n b = x\\\n# polcheck: ignore[p] r\n", 1),
        ("a.ini", "[a]\nb =\n  # polcheck: ignore[p] r\n  x\n", 1),
        ("a.jsonc", '{"a": "// polcheck: ignore[p] r"}\n', 0),
        ("a.jsonc", '{"a": 1} // polcheck: ignore[p] r\n', 1),
        ("a.json5", "{a: 'x\\\n// polcheck: ignore[p] r'}\n", 0),
    ],
)
def test_what_stands_in_a_value_is_no_comment(path: str, text: str, number: int) -> None:
    """A line of a value counts as its format's reader reads it, not as a line that begins like a comment."""
    assert len(comments_of(Source(path, text.encode())).spans) == number


def test_a_carriage_return_ends_a_comment_of_yaml() -> None:
    """Lines of YAML end at a carriage return, too, so that a waiver's reason is what its line says."""
    source = Source("a.yaml", b"a: b\r# polcheck: ignore[p] r\rc: d\r")
    assert [source.text[slice(*span)] for span in comments_of(source).spans] == ["# polcheck: ignore[p] r"]


@pytest.mark.parametrize("path", ["a.jsx", "a.tsx", "a.js"])
def test_a_comment_between_tags_stands_alone_in_its_braces(path: str) -> None:
    """JSX has no other way to write one; it waives the line below."""
    source = Source(path, b"x = <a>\n{/* polcheck: ignore[p] r */}\nb</a>\n")
    assert list(comments_of(source).following) == [3]


def test_a_fence_without_an_end_goes_on_to_the_end_of_the_text() -> None:
    """What Markdown shows as code has no comments (CommonMark, 4.5)."""
    assert comments_of(Source("a.md", b"```\n<!-- polcheck: ignore[p] r -->\nx\n")).spans == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("write `<!--` to begin one\n", 0),
        ("``a ` <!-- b``\n<!-- real -->\n", 1),
        ("a ` alone <!-- real -->\n", 1),
        ("`open\n\n<!-- real --> `\n", 1),
        ("<!-- `real` --> `<!-- shown -->`\n", 1),
        ("\\``<!-- shown -->``\n", 0),
        ("```sh\nls\n```\n\n`<!-- shown -->`\n", 0),
    ],
)
def test_a_code_span_holds_no_comment(text: str, count: int) -> None:
    """A span ends in its paragraph, at a run of as many backticks (CommonMark, 6.1)."""
    assert len(comments_of(Source("a.md", text.encode())).spans) == count
