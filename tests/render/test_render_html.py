"""The HTML page: what it holds, that nothing in a report can change what it does, and how it works in a browser."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from polcheck.base.spans import Place
from polcheck.findings.finding import Excerpt, Finding, Location
from polcheck.findings.report import Report
from polcheck.render import Options, output_format
from polcheck.render.html import figure, prose, tag
from typed import polcheck

_VOID = {"meta", "input", "br"}
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=3000"),
)


class _Elements(HTMLParser):
    """The elements and attributes of a page, and whether each that is opened is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]


def _page(report: Report) -> str:
    return output_format("html").render(report, Options())


@pytest.fixture(params=["report", "passing", "hostile"])
def elements(request: pytest.FixtureRequest) -> _Elements:
    """The parsed page of each sample report."""
    return _Elements(_page(request.getfixturevalue(request.param)))


def test_the_whole_body(report: Report, snapshot: SnapshotAssertion) -> None:
    """Everything of the page but its style and script, a line an element."""
    body = _page(report).split("</head>", 1)[1].rsplit("<script>", 1)[0]
    assert re.sub(r"(<(?!/))", r"\n\1", body) == snapshot


def test_a_page_is_well_formed(elements: _Elements) -> None:
    """Each element that is opened is closed, in order."""
    assert elements.open == []


def test_a_page_loads_nothing(elements: _Elements) -> None:
    """No element fetches anything; links lead to the page itself or, when clicked, to the web."""
    assert not {name for name, _ in elements.seen} & {"link", "img", "iframe", "object", "embed", "base", "svg"}
    assert not [attributes for _, attributes in elements.seen if "src" in attributes]
    assert all(re.match(r"#|https?://", a["href"] or "") for a in elements.named("a"))


def test_only_the_page_s_own_script_and_style_may_run(elements: _Elements) -> None:
    """One style and one script, both named by digest; no handlers, no inline styles."""
    (policy,) = [m["content"] for m in elements.named("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    for name in ("style", "script"):
        (text,) = elements.texts[name]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in (policy or "")
        assert len(elements.named(name)) == 1
    assert (policy or "").startswith("default-src 'none';") and "unsafe" not in (policy or "")
    assert not [key for _, attributes in elements.seen for key in attributes if key.startswith("on") or key == "style"]


def test_script_and_style_cannot_end_themselves() -> None:
    """What ships beside the page holds no end tag, which would spill it into the body."""
    folder = Path(__file__).resolve().parents[2] / "engine" / "polcheck" / "render"
    for name in ("report.css", "report.js"):
        assert "</" not in (folder / name).read_text("utf-8")


def test_a_report_s_addresses_become_links_only_on_the_web(report: Report) -> None:
    """A `javascript:` address is shown as text."""
    (finding,) = (replace(f, see="javascript:alert(1)") for f in report.findings[:1])
    page = _page(replace(report, findings=(finding,)))
    assert "javascript:alert(1)" in page and 'href="javascript' not in page


def test_places_lead_to_the_repository_s_host_where_it_is_known(report: Report) -> None:
    """To the line, at the commit; a file of the project that the report doesn't have from a folder leads nowhere."""
    source = "https://git.example.com/acme/shop/blob/0123abc/{path}#L{line}"
    page = output_format("html").render(report, Options(source=source))
    place = next(f.location for f in report.findings if f.location and f.location.line)
    assert f'href="{source.format(path=place.path, line=place.line)}"' in page
    of_archive = replace(report, submission=replace(report.submission, kind="archive"))
    assert "git.example.com" not in output_format("html").render(of_archive, Options(source=source))
    script = output_format("html").render(report, Options(source="javascript:alert(1)//{path}"))
    assert "javascript:alert" not in script


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        (
            {"GITHUB_SERVER_URL": "https://h", "GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": "c0"},
            "https://h/a/b/blob/c0/app.py#L1",
        ),
        ({"CI_PROJECT_URL": "https://h/a/b", "CI_COMMIT_SHA": "c0"}, "https://h/a/b/-/blob/c0/app.py#L1"),
    ],
    ids=["GitHub", "GitLab"],
)
def test_build_services_say_where_the_repository_is(
    environment: dict[str, str], address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variables that they set for every job."""
    for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA", "CI_PROJECT_URL", "CI_COMMIT_SHA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "pack" / "policies").mkdir(parents=True)
    (tmp_path / "pack" / "pack.yaml").write_text("name: p\nversion: 1.0.0\n")
    policy = "id: no-print\ntitle: No print\nforbid: {files: '*.py', pattern: print(...)}\nmessage: no\n"
    (tmp_path / "pack" / "policies" / "p.yaml").write_text(policy)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "app.py").write_text("print(1)\n")
    ran = polcheck("run", str(tmp_path / "project"), "--pack", str(tmp_path / "pack"), "-f", "html")
    assert f'href="{address}"' in ran.out


@given(st.text())
def test_text_in_an_element_or_attribute_comes_back(text: str) -> None:
    """Parsed again, a text is what it was, but for control characters that are spelled out."""
    parsed = _Elements(tag("p", text, title=text))
    assert len(parsed.seen) == 1
    if text.isprintable():
        assert "".join(parsed.texts.get("p", [])) == text == parsed.named("p")[0]["title"]


@given(st.text())
def test_prose_marks_code_and_nothing_else(text: str) -> None:
    """Back quotes become code, line breaks line breaks, and nothing else an element."""
    assert {name for name, _ in _Elements(tag("p", prose(text))).seen} <= {"p", "code", "br"}


def test_code_stands_left_and_configuration_right(report: Report) -> None:
    """In a join the sides are fixed, whichever of them the finding points at."""
    join = report.findings[1]
    assert join.location is not None
    swapped = replace(join, location=join.related[0], related=(join.location,), nearest=None)
    for finding in (join, swapped):
        page = _page(replace(report, findings=(finding,)))
        left, right = page.split('<div class="evidence pair">')[1].split('<div class="side">')[1:]
        assert "src/app.py:12:9" in left and "config/app.yaml:3:1" in right.split("</article>")[0]


def test_the_place_is_marked(report: Report) -> None:
    """The marked text is exactly what the place covers."""
    location = Location("a.py", Place("a.py", 2, 5, 2, 12), Excerpt(1, ("x = 1", "y = eval(x)", "")))
    assert _Elements(figure(location, "here", "")).texts["mark"] == ["eval(x)"]


@pytest.mark.parametrize("column", [1, 3, 300, 100_001, 250_000])
def test_a_long_line_is_shown_around_its_place(column: int) -> None:
    """A minified file doesn't make the page large, and its place is still marked."""
    location = Location("a.js", Place("a.js", 1, column, 1, column + 4), Excerpt(1, ("x" * 200_000,)))
    shown = figure(location, "here", "")
    assert len(shown) < 1500 and "<mark>" in shown


def _chromium(page: str, folder: Path, probe: str, *flags: str) -> Any:
    """What `probe`, the body of a function, returns when it runs in the page in a real browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's chromium")
    script = f"document.title = '';(async () => {{ {probe} }})().then(v => {{ document.title = JSON.stringify(v) }})"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
    command = [chromium, *_FLAGS, *flags, f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    title = re.search(r"<title>(.*?)</title>", done.stdout.decode(), re.DOTALL)
    assert title is not None
    return json.loads(html.unescape(title.group(1)))


def test_the_page_works_in_a_browser(report: Report, tmp_path: Path) -> None:
    """Filters by policy, file, severity and words, other groupings, a reset and the keyboard do what they say."""
    probe = """
      const form = document.getElementById("filters"), found = {visible: form.checkVisibility()};
      const shown = () => [...document.querySelectorAll("article")].filter(a => a.checkVisibility()).length;
      const heads = () => [...document.querySelectorAll("#list h3")].map(h => h.textContent);
      const set = (name, value) => {
        form.elements[name].value = value; form.dispatchEvent(new Event("input"));
      };
      const reset = async () => { form.reset(); await new Promise(done => setTimeout(done, 20)); };
      found.all = shown();
      set("policy", "=web:no-eval"); found.policy = shown(); await reset();
      set("file", "=config/app.yaml"); found.file = shown(); await reset();
      set("file", "="); found.nowhere = shown(); await reset();
      set("search", "PORT stop"); found.words = shown(); found.said = form.querySelector("output").textContent;
      await reset(); found.reset = shown();
      form.querySelector("[value=error]").click(); found.severity = shown(); await reset();
      set("group", "severity"); found.severities = heads();
      set("group", "file"); found.files = heads(); await reset(); found.policies = heads();
      document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true}));
      found.focus = document.activeElement.name;
      found.labelled = [...form.querySelectorAll("input, select")].every(c => c.labels.length === 1);
      return found;
    """
    assert _chromium(_page(report), tmp_path, probe, "--window-size=1280,900") == {
        "visible": True,
        "all": 5,
        "policy": 1,
        "file": 1,
        "nowhere": 1,
        "words": 1,
        "said": "1 of 5 findings shown",
        "reset": 5,
        "severity": 2,
        "severities": ["error 3", "warning 1", "note 1"],
        "files": ["(no file) 1", "config/app.yaml 1", "src/app.py 3"],
        "policies": [
            "web:keys-exist Every key that the code reads is set 1",
            "web:no-eval Nothing calls eval 1",
            "web:seed A random seed is set 1",
            "web:no-placeholder No placeholder is left in the configuration 1",
            "web:tone Texts that a reader should look at 1",
        ],
        "focus": "search",
        "labelled": True,
    }


def test_hostile_texts_do_nothing_in_a_browser(hostile: Report, tmp_path: Path) -> None:
    """Neither markup nor script of a pack or a submission comes to life."""
    probe = """
      return [document.querySelectorAll("script").length, document.querySelectorAll("img, b b, a[href^='java']").length,
              document.querySelectorAll("article").length];
    """
    assert _chromium(_page(hostile), tmp_path, probe) == [2, 0, 1]  # the page's script and the probe's


def test_the_page_fits_a_phone_and_the_dark(report: Report, tmp_path: Path) -> None:
    """On a narrow screen nothing but source scrolls sideways; a dark scheme turns the page dark."""
    probe = """
      const page = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number);
      const mark = document.querySelector("mark").getBoundingClientRect();
      const fits = document.documentElement.scrollWidth <= innerWidth;
      return [innerWidth <= 500, fits, Math.max(...page) < 64, mark.width > 0];
    """
    flags = ("--window-size=400,900", "--blink-settings=preferredColorScheme=0")
    assert _chromium(_page(report), tmp_path, probe, *flags) == [True, True, True, True]


def test_findings_stand_first_and_severities_are_explained(report: Report) -> None:
    """What a reader has to act on comes before what was asked for, with the meaning of each severity in this run."""
    page = _page(report)
    names = re.findall(r'<section id="([\w-]+)"', page)
    assert names[0] == "findings" and names.index("findings") < names.index("requirements")
    assert "fails this run" in page and "fail this run" in page


def test_jump_links_lead_somewhere(elements: _Elements) -> None:
    """Each link within the page names an element that is there, once."""
    ids = [attributes["id"] for _, attributes in elements.seen if "id" in attributes]
    links = [attributes.get("href") or "" for attributes in elements.named("a")]
    targets = [link[1:] for link in links if link.startswith("#")]
    assert targets and set(targets) <= set(ids) and len(ids) == len(set(ids))


def test_the_filter_is_folded_on_a_phone(report: Report, tmp_path: Path) -> None:
    """The first finding is on the first screens; the keyboard's shortcut unfolds it."""
    probe = """
      const form = document.getElementById("filters"), before = form.checkVisibility();
      document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true}));
      return [before, form.checkVisibility(), document.activeElement.name];
    """
    assert _chromium(_page(report), tmp_path, probe, "--window-size=400,900") == [False, True, "search"]


def test_thousands_of_findings_stay_usable(report: Report, tmp_path: Path) -> None:
    """5,000 findings are rendered and filtered within seconds."""
    assert report.findings[1].location is not None
    many = tuple(_numbered(report.findings[1], number) for number in range(5000))
    page = _page(replace(report, findings=many))
    probe = """
      const form = document.getElementById("filters"), begin = performance.now();
      form.elements.search.value = "p4999"; form.dispatchEvent(new Event("input"));
      return [form.querySelector("output").textContent, performance.now() - begin < 3000];
    """
    assert _chromium(page, tmp_path, probe) == ["1 of 5000 findings shown", True]


def _numbered(finding: Finding, number: int) -> Finding:
    return replace(finding, policy=f"p{number}")


def test_counts_are_those_of_the_report(report: Report) -> None:
    """Articles and headings add up to the findings that count; waived ones are in their own table."""
    parsed = _Elements(_page(report))
    assert len(parsed.named("article")) == len(report.failing)
    severities = Counter(article["data-severity"] for article in parsed.named("article"))
    assert severities == {"error": 3, "warning": 1, "note": 1}
    assert "goes with the old parser" in _page(report).split('id="waived"')[1]
