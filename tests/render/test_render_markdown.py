"""The Markdown page, templates, and what neither lets through."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from polcheck.findings.report import Report
from polcheck.policy.templates import TemplateFault
from polcheck.render import Options, output_format, output_formats
from polcheck.render.escape import code, fence, markdown, markdown_html, uri
from polcheck.render.github import job_summary

_OWN_HTML = re.compile(r"(</?details( open)?>|</?summary>|</?b>|<!-- -->|[^<>])*")


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        found += [token, *(token.children or [])]
    return found


def _markdown(report: Report, **options: bool) -> str:
    return output_format("markdown").render(report, replace(Options(), **options))


def test_the_whole_page(report: Report, snapshot: SnapshotAssertion) -> None:
    """Verdict, requirements, findings with places and source, and the folded lists below."""
    assert _markdown(report) == snapshot


def test_a_pass_is_short(passing: Report, snapshot: SnapshotAssertion) -> None:
    """Without findings there is the verdict, the requirements and the packs."""
    assert _markdown(passing) == snapshot


@pytest.mark.parametrize("outlet", ["comment", "summary"])
def test_hostile_texts_stay_texts(hostile: Report, outlet: str) -> None:
    """Neither HTML nor links, images or mentions of a pack's or a submission's making come through."""
    page = _markdown(hostile) if outlet == "comment" else job_summary(hostile)
    tokens = _tokens(page)
    assert not [token for token in tokens if token.type in ("link_open", "image", "s_open", "em_open")]
    html = [token.content for token in tokens if token.type in ("html_inline", "html_block")]
    assert not [part for part in html if not _OWN_HTML.fullmatch(part)]
    said = "".join(token.content for token in tokens if token.type in ("text", "html_inline", "html_block"))
    assert not re.search(r"@\w|https?://|#[0-9]", said.replace("&#", ""))


def test_a_page_fits_into_a_comment(report: Report) -> None:
    """However many policies fail, the page stays within what GitHub takes and counts what it left out."""
    many = tuple(replace(report.findings[1], policy=f"p{number}") for number in range(2000))
    page = _markdown(replace(report, findings=many), all=True)
    assert len(page) < 65_536
    shown = page.count("<b>error</b>")
    assert f"{2000 - shown:,} findings more did not fit here" in page


def test_lists_that_alone_are_too_long_leave_the_verdict(report: Report) -> None:
    """With 50 huge notices only the verdict and the counts are left."""
    notices = tuple(replace(report.notices[0], message=f"{number} {'&' * 600}") for number in range(50))
    page = _markdown(replace(report, notices=notices))
    assert len(page) < 1000 and page.startswith("## polcheck: fail") and "did not fit" in page


def test_findings_of_a_policy_are_capped(report: Report) -> None:
    """Ten findings of a policy are shown, with the number of the others."""
    many = replace(report, findings=report.findings[1:2] * 40)
    assert "- … and 30 more" in _markdown(many)
    assert "more" not in _markdown(many, all=True)


@given(st.text(alphabet=st.sampled_from("ab1 `*_[]()<>&#@|~\\$:/.-+=!\n\t\x1bw"), max_size=30))
def test_escaped_markdown_shows_the_text_itself(text: str) -> None:
    """A parser gives back the very text (code spans apart), in one paragraph, with nothing marked up."""
    shown = markdown(text)
    tokens = _tokens(shown)
    assert {token.type for token in tokens} <= {
        "paragraph_open", "inline", "paragraph_close", "text", "code_inline", "html_inline", "text_special",
    }  # fmt: skip
    assert {token.content for token in tokens if token.type == "html_inline"} <= {"<!-- -->"}
    if "`" not in text and "\n" not in text:
        said = "".join(token.content for token in tokens if token.type in ("text", "text_special"))
        assert said == text.strip().replace("\t", "\\t").replace("\x1b", "\\x1b").replace("##[", "\\x23#[")


@given(st.text(alphabet="a`| \n~", max_size=20))
def test_nothing_ends_a_code_span_or_a_fence(text: str) -> None:
    """Back quotes in the text make the marks around it longer."""
    spans = [token for token in _tokens("x " + code(text)) if token.type == "code_inline"]
    assert len(spans) == 1 and spans[0].content.strip(" ") == text.replace("\n", "\\n").strip(" ")
    blocks = [token for token in _tokens("\n".join(fence(text.split("\n"), "py"))) if token.type == "fence"]
    assert len(blocks) == 1 and blocks[0].content == text + "\n"


def test_a_cell_keeps_its_bar() -> None:
    """A bar in a table's cell doesn't begin another one, within code or without."""
    table = f"| a |\n| --- |\n| {markdown('x | `y | z`', cell=True)} |"
    cells = [token.content for token in _tokens(table) if token.type == "inline"]
    assert len(cells) == 2


def test_text_in_a_tag_is_escaped() -> None:
    """A policy's title can't leave the summary of a folded list."""
    assert markdown_html("</summary> @a & \n") == "&lt;/summary&gt; @<!-- -->a &amp; \\n"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/a b.py", "src/a%20b.py"),
        ("c:/x", "c%3A/x"),
        ("端.py", "%E7%AB%AF.py"),
        ("\udcff.py", "%FF.py"),
        ("\ud800", "%ED%A0%80"),
        ("a?b#c%", "a%3Fb%23c%25"),
    ],
)
def test_paths_become_uris(path: str, expected: str) -> None:
    """Every path of a submission is a relative reference, undecodable bytes included."""
    assert uri(path) == expected


def test_a_template_sees_the_report(report: Report) -> None:
    """Requirements with their policies and findings, parameters by pack, and the JSON form."""
    template = (
        "{% for r in requirements if r.findings %}{{ r.id }}:{{ r.findings[0].path }};{% endfor %}"
        " {{ params.web.contract }} {{ verdict }} {{ report.findings | length }}"
    )
    text = output_format("template").render(report, Options(template=template))
    places = "W1.keys:src/app.py;W1.values:config/app.yaml;W2.seed:null;W2.safety:src/app.py;W4.tone:src/app.py;"
    assert text == f"{places} v2 fail 8"


def test_a_template_is_bounded(report: Report) -> None:
    """A template that doesn't end is stopped."""
    endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}"
    with pytest.raises(TemplateFault):
        output_format("template").render(report, Options(template=endless))


@pytest.mark.parametrize("name", sorted(output_formats()))
def test_every_format_takes_every_report(
    name: str, report: Report, passing: Report, hostile: Report, plain: Options
) -> None:
    """All formats end in a line break and can be written as UTF-8, whatever the report holds."""
    for each in (report, passing, hostile):
        text = output_format(name).render(each, replace(plain, template="{{ findings[0].message | default('') }}\n"))
        assert text.endswith("\n") and text.encode("utf-8", "surrogateescape" if name == "template" else "strict")
