"""Places of what is found inside a bound value: through data in data, text in data, code in data, data in text."""

from __future__ import annotations

import json
import random

import pytest
import yaml

from pack_files import check, judge, one, outcome, places
from polcheck.findings.alignment import align

MARK = "\u00a4"  # stands once in each value, as it is
IN = 'forbid: [{{files: "{file}", data: "{data}", as: x}}, {{in: x, text: "{mark}"}}]'


def place_of(text: str, wanted: str = MARK) -> str:
    """Where a text stands in another, which holds it once: line and column."""
    before = text[: text.index(wanted)]
    assert text.count(wanted) == 1
    return f"{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


def value(rng: random.Random) -> str:
    """Words, white space, quotes and backslashes, with the mark among them; printable, and no line ends in a space."""
    parts = ["a", "bc", "curl", "x: y", "#", "é", '"', "'", "\\", "\\n", "{}", "${z}", "1"]
    words = [rng.choice(parts) for _ in range(rng.randint(0, 12))]
    words.insert(rng.randint(0, len(words)), MARK)
    text = words[0]
    for word in words[1:]:
        text += rng.choice([" ", " ", "\n", "\n\n", "\n  ", ""]) + word
    return text


@pytest.mark.parametrize("style", ['"', "'", "|", ">", ""])
def test_a_text_in_a_yaml_scalar_stands_where_it_is_written(style: str) -> None:
    """In every style, folded, indented and escaped: the mark's own line and column."""
    rng = random.Random(7)
    compared = 0
    for _ in range(40):
        held = value(rng)
        text = (
            "# curl "
            + "\n"
            + yaml.safe_dump({"k": [{"run": held}]}, default_style=style or None, width=20, allow_unicode=True)
        )
        if text.count(MARK) != 1 or yaml.safe_load(text) != {"k": [{"run": held}]}:
            continue
        report = judge(IN.format(file="a.yaml", data="k[].run", mark=MARK), {"a.yaml": text})
        assert places(report) == [f"a.yaml:{place_of(text)}"], text
        compared += 1
    assert compared > 30


def test_a_text_in_a_string_of_json_or_toml_stands_where_it_is_written() -> None:
    """With escapes before it."""
    rng = random.Random(8)
    for _ in range(40):
        held = value(rng)
        text = json.dumps({"a": "x", "k": {"run": held}}, ensure_ascii=False, indent=1).replace("/", "\\/")
        toml = f"[k]\nrun = {json.dumps(held, ensure_ascii=False)}\n"
        long = '[k]\nrun = """\n' + held.replace("\\", "\\\\").replace('"', '\\"') + '"""\n'
        for name, written in (("a.json", text), ("a.toml", toml), ("a.toml", long)):
            report = judge(IN.format(file=name, data="k.run", mark=MARK), {name: written})
            assert places(report) == [f"{name}:{place_of(written)}"], written


def test_a_text_in_a_literal_of_python_stands_where_it_is_written() -> None:
    """In one line, in several, raw and not."""
    rng = random.Random(9)
    for _ in range(40):
        held = value(rng)
        long = '"""' + held.replace("\\", "\\\\").replace('"', '\\"') + '"""'
        for literal in (repr(held), long, json.dumps(held, ensure_ascii=False)):
            text = f"import os\nos.system({literal})\n"
            body = f'forbid: [{{files: a.py, pattern: "os.system($x)"}}, {{in: x, text: "{MARK}"}}]'
            (finding,) = judge(body, {"a.py": text}).findings
            assert [str(place) for place in finding.related] == [f"a.py:{place_of(text)}"], text


NESTED = """\
on: push
jobs:
  a:
    steps:
      - name: "a \\u0041"
        run: echo x
      - name: two
        run: |  # no curl here
          echo curly
          curl $HOME
        with: {script: "import os\\nos.system('x')"}
config: |
    # comment
    - image: one
    - image: two:latest
      args: ['-c', "curl"]
permissions: {contents: read, packages: write}
"""


RUNS = 'data: "jobs.a.steps[].run", as: r'
CONFIG = "data: config, as: c"
INSIDE = [
    (["data: jobs, as: j", 'in: j, data: "values(@)[].steps[].run", as: r', 'in: r, text: "curl "'], "10:11"),
    (['data: "{j: jobs}"', 'in: j, data: "a.steps[1]", as: s', "in: s, data: name, as: n"], "7:15"),
    (['data: "{p: permissions}"', "in: p, data: \"entries(@)[?value == 'write'].{k: key}\""], "17:31"),
    ([CONFIG, "in: c, data: \"[?ends_with(image, 'latest')].image\", language: yaml, as: i"], "15:14"),
    ([CONFIG, 'in: c, data: "[1]", language: yaml, as: x', 'in: x, data: "args[1]", as: a'], "16:20"),
    (
        [CONFIG, 'in: c, data: "[].args", language: yaml, as: x', 'in: x, data: "[1]", as: a', "in: a, text: rl"],
        "16:23",
    ),
    (['data: "jobs.a.steps[].with.script", as: s', 'in: s, language: python, pattern: "os.system($_)"'], "11:36"),
    ([RUNS, 'in: r, language: bash, code: "(command name: (_) @n) @c", where: "n == \'curl\'"'], "10:11"),
    (['data: "keys(@)", as: k, where: "k == \'on\'"', "in: k, text: n"], "1:2"),
]


@pytest.mark.parametrize(("items", "wanted"), INSIDE)
def test_what_is_in_a_value_stands_at_its_own_place(items: list[str], wanted: str) -> None:
    """However deep, and whatever looked there."""
    first, *rest = items
    body = "forbid: [" + ", ".join(f"{{{item}}}" for item in [f"files: a.yaml, {first}", *rest]) + "]"
    assert places(judge(body, {"a.yaml": NESTED})) == [f"a.yaml:{wanted}"]


@pytest.mark.parametrize(
    ("written", "held", "body"),
    [
        ('"a\\u00e4\\x41\\ud83d\\ude00\\101b"', "aäA\U0001f600Ab", 0),
        ("'it''s'", "it's", 0),
        ("r'\\n'", "\\n", 0),
        ('"a\\\n    b"', "ab", 0),
        ("| \n  a\n\n  b\n", "a\n\nb\n", 3),
        (">\n  a\n  b", "a b\n", 2),
        ("`a`", "a", 0),
        ("", "", 0),
    ],
)
def test_each_character_is_where_it_is_written(written: str, held: str, body: int) -> None:
    """Ends meet starts, and everything but white space stands there as it is or escaped."""
    found = align(written, held, body)
    assert found is not None and len(found.starts) == len(found.ends) == len(held)
    for number, character in enumerate(held):
        stretch = written[found.starts[number] : found.ends[number]]
        assert stretch == character or stretch[:1] in ("\\", "'", "") or character.isspace()
    assert found.starts == sorted(found.starts) and found.ends == sorted(found.ends)


def test_what_is_written_otherwise_has_no_places() -> None:
    """A text that was computed, or another one."""
    assert align("abc", "abd") is None
    assert align('"a" "b"', "ab") is None


def test_what_is_in_a_computed_value_stands_where_the_value_comes_from() -> None:
    """There is no better place."""
    body = 'forbid: [{files: a.yaml, data: "lower(jobs.a.steps[0].name)", as: n}, {in: n, text: "a a"}]'
    assert places(judge(body, {"a.yaml": NESTED})) == ["a.yaml:5:15"]


def test_findings_are_told_apart_by_place_and_bindings_never_by_message() -> None:
    """At two places they are two; at one place, those of other bindings, too."""
    twice = judge('forbid: {files: a.yaml, data: "[]", as: v}', {"a.yaml": "[a, a]\n"})
    assert places(twice) == ["a.yaml:1:2", "a.yaml:1:5"]
    rows = 'forbid: [{files: a.py, text: "x"}, {values: [1, 2], as: n}, {where: n}]'
    assert [finding.bindings["n"] for finding in judge(rows, {"a.py": "x"}).findings] == [1, 2]
    private = 'forbid: [{files: a.py, text: "x"}, {values: [1, 2], as: _n}, {where: _n}]'
    assert len(judge(private, {"a.py": "x"}).findings) == 1


def test_a_document_is_written_out_once() -> None:
    """Each of its rows carries the whole of it; that takes no time."""
    text = json.dumps({"jobs": {f"j{n}": {"steps": [{"run": f"echo {n}"}] * 5} for n in range(2_000)}, "on": "push"})
    items = ['{files: a.json, data: "{on: on, jobs: jobs}"}', '{in: jobs, data: "values(@)[].steps[].run", as: r}']
    body = f"forbid: [{', '.join(items)}, {{where: \"r == 'no' && on\"}}]"
    assert check(one(body), {"a.json": text}).policies[0].outcome == "pass"


STEPS = """\
steps:
  - name: one
    run: |
      set -e
      if true; then
        curl a
      fi
      curl b
  - {name: two, run: "curl c"}
  - name: three
    run: >
      echo x
      && curl d
"""
RUN = '{files: w.yaml, data: "steps[].run", as: run}'
CURL = '{in: run, language: bash, pattern: "curl $x"}'


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        # the target of a relation of a match in a script is looked for in that script
        (f"forbid: [{RUN}, {CURL}, {{inside: {{code: (if_statement)}}}}]", ["6:9"]),
        (f"forbid: [{RUN}, {CURL}, {{not: {{inside: {{code: (if_statement)}}}}}}]", ["8:7", "9:23", "13:10"]),
        (f"forbid: [{RUN}, {CURL}, {{inside: {{code: (program), until: (if_statement)}}}}]", ["8:7", "9:23", "13:10"]),
        (f"forbid: [{RUN}, {{in: run, text: curl}}, {{not: {{after: {{text: set -e}}}}}}]", ["9:23", "13:10"]),
        (f"forbid: [{RUN}, {{in: run, text: curl, after: "
         f"{{text: '(?P<first>\\w+)', where: \"first == 'if'\"}}}}]", ["6:9", "8:7"]),
        (f"forbid: [{RUN}, {CURL}, {{is: {{pattern: curl b}}}}]", ["8:7"]),
        (f"forbid: [{RUN}, {CURL}, {{is: {{code: (word)}}, of: x}}]", ["6:9", "8:7", "9:23", "13:10"]),
        (f"forbid: [{RUN}, {{any: [{CURL}, {CURL}]}}, {{is: {{pattern: curl b}}}}]", ["8:7"]),
        (f"for: [{RUN}, {CURL}]\nrequire: {{inside: {{code: (if_statement)}}}}", ["8:7", "9:23", "13:10"]),
        (f"for: [{RUN}, {CURL}]\nforbid: [subject, {{inside: {{code: (if_statement)}}, of: subject}}]", ["6:9"]),
        # captures and matches of one script, of the file, and of a value in a value
        (f"forbid: [{RUN}, {{in: run, text: set, as: s}}, {{in: run, text: curl, after: s}}]", ["4:7"]),
        (f"forbid: [{RUN}, {{in: run, text: curl, name: c}}, {{files: w.yaml, text: b, after: c}}]", ["6:9", "8:7"]),
        ('forbid: [{files: w.yaml, data: "steps[]", as: step}, {in: step, data: run, as: run},'
         ' {in: run, text: "curl c"}, {inside: step}]', ["9:23"]),
        ('forbid: [{files: w.yaml, data: "{steps: steps}"}, {in: steps, data: "[].run", as: run, has: {text: set -e}}]',
         ["3:10"]),
        # `line`, `near` and `count`
        ('forbid: [{files: w.yaml, data: "{steps: steps}"}, {in: steps, data: "[].run", as: run, where: "line > `4`"}]',
         ["9:22", "11:10"]),
        (f"forbid: [{RUN}, {{in: run, text: curl, where: 'line == `8` && column == `7`'}}]", ["8:7"]),
        (f"for: [{RUN}, {{in: run, text: curl}}]\nrequire: {{files: w.yaml, text: '&&|if|fi|two', near: 1}}", []),
        (f"for: [{RUN}, {{in: run, text: curl}}]\nrequire: {{files: w.yaml, text: set -e, near: 3}}",
         ["8:7", "9:23", "13:10"]),
        ("for: [{files: w.yaml, text: '&&'}, {files: w.yaml, data: 'steps[].run', as: run}]\n"
         "forbid: [subject, {in: run, text: curl, near: 0}]", ["13:7"]),
        ('require: [{files: w.yaml, data: "{steps: steps}"}, {in: steps, data: "[].run", as: run, count: 3}]', []),
        ('require: [{files: w.yaml, data: "{steps: steps}"}, {in: steps, data: "[].run", as: run, count: 2}]', [""]),
    ],
)  # fmt: skip
def test_what_is_found_in_a_value_is_compared_where_it_stands(body: str, wanted: list[str]) -> None:
    """By relations, `near`, `count`, `line` and `column`, as if it had been found in the file."""
    report = judge(body, {"w.yaml": STEPS})
    assert sorted(places(report)) == sorted(f"w.yaml:{place}" if place else "w.yaml" for place in wanted)
    assert not [policy for policy in report.policies if policy.outcome == "undecided"]


def test_a_place_that_is_not_known_leaves_a_relation_open() -> None:
    """A computed text stands nowhere: whether a match in it lies in something of the file isn't known."""
    body = """
    forbid:
      - {files: a.yaml, data: "upper(word)", as: word}
      - {in: word, text: X, as: x}
      - {files: a.yaml, text: "word.*", as: line}
      - {inside: line, of: x}
    """
    assert outcome(judge(body, {"a.yaml": "word: axb\n"})) == "undecided"


def test_a_long_script_is_searched_in_a_process_of_its_own() -> None:
    """Parsing it may take forever; what it gives is the same."""
    script = "echo x\n" * 40_000 + "curl a\n"
    body = "forbid: [{files: w.yaml, data: run, as: run}, {in: run, language: bash, pattern: 'curl ...'}]"
    report = judge(body, {"w.yaml": yaml.safe_dump({"run": script}, default_style="|")})
    assert places(report) == ["w.yaml:40002:3"]
