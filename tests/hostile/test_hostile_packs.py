"""Packs that grow as they are compiled, as they are judged, or as they tell what they found."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

import losing
from hostile.bounded import in_time, judged, outcome_of, refused, undecided
from own_processes import children
from pack_files import check, pack, schemas
from polcheck.base.errors import PolicyError
from polcheck.policy import templates as template
from polcheck.policy.pack import MAX_POLICIES, compile_packs
from polcheck.policy.params import Settings
from polcheck.policy.templates import MAX_LENGTH, TemplateFault, fills_in, names, render

GROWS = "{% set ns = namespace(x=x) %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x|length }}"


FUEL = r"out of fuel \(after 50,000 steps\)"  # since minijinja 3.1 what is written counts as steps, 64 bytes at a time


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates that never run out of fuel, so that only their process is bounded."""
    monkeypatch.setattr(template, "rendered", losing.rendered_without_fuel)


def _doubling(steps: int) -> str:
    each = "".join(f"  s{n}: {{any: [{{use: s{n - 1}}}, {{use: s{n - 1}}}]}}\n" for n in range(1, steps))
    return "selectors:\n  s0: {files: '*.py', pattern: eval(...)}\n" + each


@pytest.mark.heavy
def test_selectors_that_double_are_refused() -> None:
    """Selectors that use two others each are used a bounded number of times."""
    assert refused("forbid: {use: s39}", _doubling(40)).startswith("selectors are used more than 20,000 times")


def test_selectors_that_use_each_other_are_refused() -> None:
    """A circle of selectors has no end."""
    assert "uses itself" in refused("forbid: {use: a}", "selectors: {a: {use: b}, b: {use: a}}")


@pytest.mark.parametrize(
    "body",
    [
        "forbid: " + "{any: [" * 50 + "{files: x}" + "]}" * 50,
        "forbid: [{files: x}, " + "{not: {any: [" * 30 + "{files: x}" + "]}}" * 30 + "]",
    ],
)
def test_deep_nesting_is_refused(body: str) -> None:
    """What is nested in a policy is followed by recursion."""
    assert refused(body) == "nested more than 40 levels deep"


def test_many_branches_are_judged() -> None:
    """A union of thousands is long and no bomb."""
    branches = ", ".join(f"{{files: x{number}}}" for number in range(2_000))
    assert outcome_of(judged(f"forbid: {{any: [{branches}]}}", {"y": ""})) == "pass"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{a,b}" * 10, "more than 1000 alternatives, or too much text in them"),
        ("{a,b}" * 9 + "y" * 3_600, "more than 1000 alternatives, or too much text in them"),
        ("a" * 5_000, "a path pattern of more than 4,096 characters"),
        ("*a" * 101, "more than 100 wildcards in a path pattern"),
    ],
)
def test_path_patterns_that_grow_are_refused(text: str, says: str) -> None:
    """Alternatives multiply, and wildcards cost time at every character."""
    assert refused(f'forbid: {{files: "{text}"}}').endswith(says)


def test_many_path_patterns_are_refused() -> None:
    """Every path is compared with every pattern."""
    texts = ", ".join(f"x{number}" for number in range(1_001))
    assert refused(f"forbid: {{files: [{texts}]}}").endswith("more than 1,000 path patterns")


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_thousand_path_patterns_mean_what_each_means(ending: str) -> None:
    """Many patterns are tried as one, in portions, and none is lost among them."""
    texts = ", ".join(f'"**/x{number}*/{{a,b}}{"c" * 100}?{ending}"' for number in range(1_000))
    name = f"d/x999z/b{'c' * 100}d"
    files = {f"{name}/f": ""} if ending else {name: "", f"d/x9990/b{'c' * 100}": ""}
    report = judged(f"forbid: {{files: [{texts}]}}", files)
    assert [str(finding.location) for finding in report.findings] == [name + ending]


def test_too_many_policies_are_refused() -> None:
    """A pack of as many policies as nobody writes is refused at the first that is too many."""
    policies = "\n---\n".join(
        f"{{id: p{number}, title: t{number}, forbid: {{files: x}}, message: m}}" for number in range(MAX_POLICIES + 9)
    )
    with pytest.raises(PolicyError) as caught:
        check(policies, {"y": ""})
    assert [problem.message for problem in caught.value.problems] == ["more than 5,000 policies in a pack"]
    assert caught.value.problems[0].line == 2 * MAX_POLICIES + 1


@pytest.mark.heavy
@pytest.mark.parametrize(
    "body",
    [
        """
        forbid:
          - {files: a.txt, text: "(?P<x>a)"}
          - {files: a.txt, text: "(?P<y>a)"}
          - {where: "x != y"}
        """,
        """
        for: {files: a.txt, text: "(?P<x>a)"}
        require:
          - {files: b.txt, text: "(?P<x>a)"}
          - {files: b.txt, text: "(?P<x>a)(?P<q>q?)"}
          - {where: "q == '1'"}
        """,
        """
        for:
          - {files: a.txt, text: "(?P<x>a)"}
          - not: [{files: b.txt, text: "(?P<x>a)"}, {where: "x == '1'"}]
        require: {files: none}
        """,
    ],
)
def test_joins_that_explode_are_undecided(body: str) -> None:
    """A cross product ends at the limit of rows, pairs or seconds, by its name."""
    says = undecided(body, {"a.txt": "a " * 9_000, "b.txt": "a " * 9_000})
    assert "(the limit `" in says


def test_names_that_grow_are_bounded() -> None:
    """Names that are computed of names, each twice as long, end at the limit of a text."""
    lets = "".join(
        f"  - {{let: {{x{n}: \"join('', [{before}, {before}])\"}}}}\n"
        for n in range(40)
        for before in [f"x{n - 1}" if n else "x"]
    )
    report = judged(f'forbid:\n  - {{files: a.txt, text: "(?P<x>a+)"}}\n{lets}', {"a.txt": "a" * 100})
    assert any("makes a string of more than 10,000,000 characters" in notice.message for notice in report.notices)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ 'x' * 10**9 }}", f"too large|{FUEL}"),
        ("{% for i in range(1000000000) %}{{ i }}{% endfor %}", "too many elements"),
        ("{{ range(1000000000)|list|length }}", "too many elements"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", FUEL),
        ("{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}", "recursion limit"),
        ("{% for i in range(200) %}{{ x }}{% endfor %}", f"the output grows past 1000000 characters|{FUEL}"),
        ("{{ x }}" * 700, f"the output grows past 1000000 characters|{FUEL}"),
    ],
)
def test_templates_are_bounded(text: str, says: str) -> None:
    """Steps, lists, recursion and the text that a template makes have limits."""
    with in_time(), pytest.raises(TemplateFault, match=says):
        render(text, {"x": "y" * 100_000})


@pytest.mark.usefixtures("endless")
def test_memory_of_templates_is_bounded() -> None:
    """A text that doubles takes the process beside this one with it, and nothing else."""
    with in_time(), pytest.raises(TemplateFault, match="it took more than"):
        render(GROWS, {"x": "y" * 1_000})


@pytest.mark.parametrize("text", ["{{ " + "-" * 100_000 + "1 }}", "{{ 1" + "+1" * 20_000 + " }}"])
def test_templates_that_end_the_parser_are_refused(text: str) -> None:
    """Operators without end overflow the stack of the process beside this one."""
    with in_time(), pytest.raises(TemplateFault, match="its process was killed"):
        names(text)


def test_long_templates_are_refused() -> None:
    """Where the text alone is too long, nothing is started."""
    with pytest.raises(TemplateFault, match="more than 500,000 characters"):
        names("a" * (MAX_LENGTH + 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`{{ path }}` reads `{{ key }}`", True),
        ("{% if x == 'a' and not y|length %}{{ x|default('-') }}{% else %}{{ y[0].z|join(', ') }}{% endif %}", True),
        ("{{ x ~ x }}", False),
        ("{{ x * 9 }}", False),
        ("{% for a in x %}{{ a }}{% endfor %}", False),
        ("{% set a = x %}", False),
        ("{{ x|join(x) }}", False),
        ("{{ x|replace('a', 'aaaa') }}", False),
        ("{{ '{{ x }}' ~ x }}", False),
        ("{{{ x }} ~ x }}", True),  # NOTE: no template at all: rendering says so
        ("{# x #}", False),
    ],
)
def test_what_fills_in_is_told_from_what_computes(text: str, expected: bool) -> None:
    """Only templates whose text can't be much more than their values are rendered in this process."""
    assert fills_in(text) is expected


def test_templates_that_fill_in_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages of findings cost no process unless they compute."""
    monkeypatch.setattr("polcheck.base.worker.Worker.begin", None)
    assert render("{{ a }} and {{ b.c|upper }}", {"a": "x", "b": {"c": "y"}}) == "x and Y"
    with pytest.raises(TypeError):
        render("{{ a ~ a }}", {"a": "x"})


def test_no_process_of_templates_is_left() -> None:
    """The process in which messages are rendered ends with the report."""
    before = children()
    report = judged('forbid: {files: a.txt, text: "(?P<x>a)"}\nmessage: "{{ x ~ x }}"', {"a.txt": "a\n" * 3})
    assert [finding.message for finding in report.findings] == ["aa"] * 3
    assert children() == before


@pytest.mark.heavy
@pytest.mark.usefixtures("endless")
def test_a_message_that_was_lost_is_not_tried_again() -> None:
    """Thousands of findings with a message that fills all memory cost one process."""
    report = judged(f'forbid: {{files: a.txt, text: "(?P<x>a)"}}\nmessage: "{GROWS}"', {"a.txt": "a\n" * 3_000})
    assert (outcome_of(report), len(report.findings)) == ("fail", 3_000)
    assert {"(it took more than " in finding.message for finding in report.findings} == {True}


def test_messages_that_grow_are_cut() -> None:
    """A message is shortened, however large the values are that it shows."""
    message = "{{ x }}" * 90
    body = f'forbid: {{files: a.txt, text: "(?P<x>a+)"}}\nmessage: "{message}"'
    report = judged(body, {"a.txt": "\n".join(["a" * 90_000] * 30)})
    assert max(len(finding.message) for finding in report.findings) <= 10_100


def test_templates_that_ship_are_ours() -> None:
    """A template of a shipped pack is rendered in this process, since it is a part of polcheck; a stranger's isn't."""
    plain = pack("{id: p, title: t, forbid: {files: x}, message: m}", "verdict: {issue: {template: t.txt}}")
    stranger = replace(
        plain, files={**plain.files, "templates/t.txt": b"{% for f in findings %}{{ f.policy }}{% endfor %}"}
    )
    ours = [compile_packs([each], Settings(), schemas()) for each in (stranger, replace(stranger, shipped=True))]
    assert [plan.packs[0].verdict[0].ours for plan in ours] == [False, True]
