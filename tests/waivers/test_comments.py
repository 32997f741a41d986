"""Which stretches of a file are comments, in each language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.spans import Source
from polcheck.languages.comments import comments
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
        RUN true  # {YES}
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
    assert waiver.reason == "ja" and waiver.lines == {1}


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
