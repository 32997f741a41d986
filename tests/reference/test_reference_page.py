"""The reference page of a pack."""

from __future__ import annotations

import textwrap

from markdown_it import MarkdownIt

from pack_files import ROOT
from polcheck.authoring.reference.page import page
from polcheck.authoring.testing.cases import read_cases
from polcheck.policy.pack_files import PackFiles
from polcheck.project.library import checker

FILES = {
    "pack.yaml": """
        name: small
        version: 1.0.0
        description: |
          A pack that shows
          everything a page has.

          In two paragraphs.
        license: MIT
        requires: polcheck>=0.1
        params:
          word: {type: string, allowed: ["a|b", c], default: c, description: what is looked for}
        profiles:
          strict: {description: those who want more, params: {word: "a|b"}, severities: {no-eval: note}}
        requirements:
          R1.safe: Nothing is evaluated
          R2.kind: {title: The code is kind, decided_by: review, because: that is for a reader}
          R3.none: Nobody looks at this
        selectors:
          loads: {files: "*.py", pattern: "load($x, ...)"}
    """,
    "policies/a.yaml": """
        # a comment
        id: no-eval
        title: Nothing is evaluated
        requirement: R1.safe
        severity: warning
        tags: [python]
        forbid:
          files: "*.py"   # in place
          pattern: eval(...)
        message: "`eval` in {{ path }}"
        remedy: Say what you mean
        see: https://example.com/eval
        ---
        {id: has-config, title: There is a config, require: {files: config.yaml}, message: "no *config*"}
    """,
    "tests/a.yaml": """
        case: a call
        files: {a.py: "eval('1')\\n", b.py: ""}
        expect: {no-eval: {outcome: fail, at: "a.py:1"}}
        ---
        case: a small call
        files: {a.py: "eval(1)\\n"}
        expect: {no-eval: {outcome: fail, at: "a.py:1:1"}, has-config: fail}
        ---
        case: no call | none
        files: {config.yaml: "", a.py: "x = 1\\n"}
        params: {word: c}
        expect: {no-eval: pass, has-config: pass}
    """,
}


def rendered(**more: str) -> str:
    """The page of the small pack, with some files of its own."""
    files = PackFiles("small", {path: textwrap.dedent(text).encode() for path, text in {**FILES, **more}.items()})
    (compiled,) = checker(files).plan.packs
    return page(files, compiled, read_cases(files, (ROOT / "schemas" / "tests.yaml").read_text("utf-8")))


def test_the_whole_page(snapshot: object) -> None:
    """The page of a small pack, whole."""
    assert rendered() == snapshot


def test_the_yaml_is_as_it_is_written() -> None:
    """A policy's selectors stand on the page with their comments and quotes."""
    assert '```yaml\nforbid:\n  files: "*.py"   # in place\n  pattern: eval(...)\n```' in rendered()


def test_the_smallest_case_is_the_example() -> None:
    """Of several failing cases the smallest is shown."""
    assert "**Fails**: a small call (at `a.py:1:1`)" in rendered()


def test_requirements_lead_to_policies_and_tests() -> None:
    """The traceability table counts the cases of each policy by outcome; a requirement without policies says so."""
    text = rendered()
    assert "| `R1.safe` | [`no-eval`](#no-eval) | 1 pass, 2 fail (`tests/a.yaml` 2, 6, 10) |" in text
    assert "| `R3.none` | none |  |" in text
    assert "| `R2.kind` | review: that is for a reader |  |" in text
    assert "|  | [`has-config`](#has-config) | 1 pass, 1 fail" in text


def test_every_table_is_a_table() -> None:
    """Bars and markup in a pack's own texts break no table and open no element."""
    tokens = MarkdownIt().enable("table").parse(rendered())
    tables = [token for token in tokens if token.type == "table_open"]
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type in ("td_open", "th_open")]
    assert (len(tables), len(rows), len(cells)) == (4, 13, 49)


def test_what_a_pack_extends_is_named() -> None:
    """The packs that a pack extends stand at the top, as it names them; their policies are on pages of their own."""
    base = PackFiles("base", {path: textwrap.dedent(text).encode() for path, text in FILES.items()})
    head = b"name: more\nversion: 2.0.0\nextends: [./base]\n"
    policy = b"{id: own, title: t, forbid: {pattern: eval(...)}, message: m}"
    files = PackFiles("more", {"pack.yaml": head, "policies/a.yaml": policy}, bases={"./base": base})
    compiled = next(pack for pack in checker(files).plan.packs if pack.name == "more")
    text = page(files, compiled, ())
    assert "version `2.0.0` · 1 policy · 0 test cases · extends `./base`" in text
    assert "### own" in text
    assert "### no-eval" not in text


def test_long_files_are_cut_off() -> None:
    """An example shows the beginning of a long file and says how much is left out."""
    lines = "".join(f"  x = {number}\n" for number in range(40))
    case = f"case: long\nfiles:\n  config.yaml: |\n{textwrap.indent(lines, '  ')}expect: {{has-config: pass}}\n"
    text = rendered(**{"tests/a.yaml": case})
    assert "… and 15 more lines." in text
    assert "x = 24" in text
    assert "x = 25" not in text


def test_a_pack_without_tests_has_a_page() -> None:
    """Without cases there are no examples, and the table says that nothing tests the policies."""
    text = rendered(**{"tests/a.yaml": ""})
    assert "**Fails**" not in text
    assert "| `R1.safe` | [`no-eval`](#no-eval) | none |" in text
