"""What cannot match is not looked at, and that changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from counted import checker, policies, searches
from polcheck.pipeline import Checker
from polcheck.scan.extractor import Extractor
from polcheck.sources.submission import of_files

SELECTORS = (
    'files: "**/*.py", pattern: eval(...)',
    'files: "**/*.py", pattern: torch.load(...)',
    'files: "**/*.py", pattern: torch.$f(...)',
    'files: "**/*.py", pattern: src.train.run(...)',
    'files: "**/*.py", pattern: "import torch"',
    'files: "**/*.py", pattern: "$x[\'run_id\']"',
    'files: "**/*.py", pattern: "{\'run_id\': $_, ...}"',
    'files: "**/*.py", pattern: "def run(...): ..."',
    'files: "**/*.py", pattern: "assert $_"',
    'files: "**/*.py", code: \'((call function: (identifier) @f) (#any-of? @f "eval" "exec"))\'',
    'files: "**/*.py", code: \'((call function: (_) @f) (#resolves-to? @f "torch.load" "src.utils.x"))\'',
    'files: "**/*.py", code: \'((identifier) @i (#match? @i "^lo+ad$"))\'',
    'files: "**/*.py", code: \'((identifier) @i (#not-eq? @i "eval"))\'',
    'files: "**/*.py", code: \'((comment) @c (#match? @c "TODO|FIXME"))\'',
    "files: \"**/*.py\", code: '[(global_statement) (lambda)] @here'",
    'files: "**", data: run_id',
    'files: "**", data: \'"run id"\'',
    'files: "**", data: "values(jobs)[].steps[].run"',
    'files: "**", data: "leaves(@)[?matches(value, \'TODO\')]"',
    'files: "**", data: "[?name == \'run_id\']"',
    'files: "**", data: "not_null(run_id, name)"',
    'files: "**", data: "not_null(jobs, [@])[?run_id && name].{id: run_id}"',
    'files: "**", data: "[@][?run_id == \'x\' || jobs].{id: run_id}"',
    'files: "**", data: "[@][?starts_with(name, \'r\') && run_id]"',
    'files: "**", data: "[@][?jobs && !(run_id)].jobs"',
    'files: "**", data: "[@][?run_id != jobs].jobs"',
    'files: "**", data: "[includes(@, \'run_id\')][?@]"',
    'files: "**", data: \'"größe"\'',
    "files: \"**\", text: 'load\\d*'",
    "files: \"**\", text: '(?i)todo'",
    "files: \"**\", text: 'eval|exec'",
    "files: \"**\", text: '^import (?P<name>\\w+)$'",
)
PYTHON = (
    "import torch\n",
    "import torch as t\nt.load('x')\n",
    "from torch import load as l\nl('y')\n",
    "from torch import *\nload('z')\n",
    "from . import train\ntrain.run()\n",
    "from .train import run as go\ngo()\n",
    "from .utils import x\nx()\n",
    "eval('1')\n",
    "exec(load)\n",
    "evaluate(evals)\n",
    "row['run_id'] = 1\n",
    "row['run\\x5fid'] = 1\n",
    "row['run' '_id'] = 1\n",
    "d = {'run_id': 1, 'b': 2}\n",
    "def run(a): pass\n",
    "# TODO: more\n",
    "f = lambda: loooad\n",
    "assert True\n",
    "größe = 1\n",
    "ｅval('1')\n",
    "import torch\ntorch.lo\N{LATIN SMALL LETTER LONG S}ad = torch.ｌoad('½')\n",
    "eval\N{ZERO WIDTH SPACE}('1')\n",
    "s = 'ｅval “½” …'\n",
)
CONFIGS: dict[str, tuple[str, ...]] = {
    "c.json": (
        '{"run_id": "TODO"}',
        '{"run\\u005fid": 1}',
        '[{"name": "run_id"}]',
        '[{"name": "run\\u005fid"}]',
        '{"gr\\u00f6\\u00dfe": 1}',
        '{"größe": 2}',
        '{"run id": null}',
        "{}",
    ),
    "c.yaml": (
        "run_id: 1\n",
        '"run\\x5fid": 1\n',
        "jobs: {a: {steps: [{run: load1}]}}\n",
        "? run id\n: 2\n",
        "a: &x {run_id: 3}\nb: {<<: *x}\n",
        "- name: >-\n    run_id\n",
        "größe: TODO\n",
    ),
    "c.toml": ("run_id = 1\n", '"run\\u005fid" = 2\n', "[jobs.a]\nsteps = [{run = 'x'}]\n", '"run id" = 1\n'),
    "c.ini": ("[a]\nRUN_ID = 1\n", "[jobs]\nx = load\n"),
}


@st.composite
def submissions(draw: st.DrawFn) -> Mapping[str, str]:
    """A few files, of which some match some selectors."""
    paths = draw(st.lists(st.sampled_from(["src/a.py", "src/b.py", "load.py", *CONFIGS]), min_size=1, unique=True))
    files: dict[str, str] = {}
    for path in paths:
        if path in CONFIGS:
            files[path] = draw(st.sampled_from(CONFIGS[path]))
        else:
            files[path] = "".join(draw(st.lists(st.sampled_from(PYTHON), max_size=4)))
    return files


@st.composite
def packs(draw: st.DrawFn) -> str:
    """Policies over one or two selectors each."""
    chosen = st.sampled_from(SELECTORS)
    bodies = []
    for _ in range(draw(st.integers(1, 5))):
        form = draw(
            st.sampled_from(["forbid: {%s}", "require: {%s}", "for: {%s}\nrequire: {%s}", "forbid: [{%s}, {%s}]"])
        )
        bodies.append(form % tuple(draw(chosen) for _ in range(form.count("%s"))))
    return policies(*bodies)


@settings(max_examples=60, deadline=None)
@given(policies=packs(), files=submissions())
def test_skipping_changes_no_report(policies: str, files: Mapping[str, str]) -> None:
    """The report is the one of an engine that parses every file and runs every probe."""
    fast = compiled(policies)
    if fast is None:
        return
    slow = replace(fast, searches=Extractor(fast.plan.probes, {}, skips=False))
    submission = of_files(files)
    assert fast.check(submission) == slow.check(submission)


@settings(max_examples=60, deadline=None)
@given(selectors=st.lists(st.sampled_from(SELECTORS), min_size=1, max_size=8), files=submissions())
def test_skipping_changes_no_row(selectors: list[str], files: Mapping[str, str]) -> None:
    """The rows of every file are those of an engine that skips nothing."""
    checker_ = compiled(policies(*(f"forbid: {{{selector}}}" for selector in selectors)))
    assert checker_ is not None
    found = [
        {path: rows.results for path, rows in replace(checker_, searches=search).extract(of_files(files)).items()}
        for search in (Extractor(checker_.plan.probes), Extractor(checker_.plan.probes, {}, skips=False))
    ]
    assert found[0] == found[1]


def compiled(text: str) -> Checker | None:
    """What judges by these policies; None where two selectors can't stand together."""
    from polcheck.base.errors import PolicyError

    try:
        return checker(text)
    except PolicyError as error:
        assert "join" in str(error), error
        return None


def test_a_file_without_the_literals_is_not_parsed() -> None:
    """Of three files only the one that holds the word is parsed, once for two policies."""
    both = checker(policies('forbid: {files: "*.py", pattern: eval(...)}', 'forbid: {files: "*.py", pattern: eval(1)}'))
    rows = both.extract(of_files({"a.py": "evaluate()\n", "b.py": "eval(1)\n", "c.py": "x = 1\n"}))
    assert {path: found.parsed for path, found in rows.items()} == {"a.py": 0, "b.py": 1, "c.py": 0}


def test_characters_of_another_normal_form_are_no_reason_to_parse() -> None:
    """Only what a name means counts, whatever else stands in the file."""
    one = checker(policies('forbid: {files: "*.py", pattern: eval(...)}'))
    rows = one.extract(of_files({"a.py": "s = '… ½ ｅval'\nｌen(s)\n", "b.py": "ｅval(s)\n"}))
    assert {path: found.parsed for path, found in rows.items()} == {"a.py": 0, "b.py": 1}


def test_a_config_without_the_key_is_not_parsed() -> None:
    """A key that no document spells is not looked for; one that may be spelled with escapes is."""
    one = checker(policies('forbid: {files: "*.json", data: run_id}'))
    files = {"a.json": json.dumps({"other": 1}), "b.json": '{"run\\u005fid": 1}', "c.json": '{"run_id": 1}'}
    rows = one.extract(of_files(files))
    assert {path: found.parsed for path, found in rows.items()} == {"a.json": 0, "b.json": 1, "c.json": 1}


def test_a_probe_runs_only_where_its_gate_is_open() -> None:
    """What is only asked about a subject's file is not searched where no subject is."""
    gated = checker(policies('for: {files: "*.py", pattern: "def main(): ..."}\nrequire: {pattern: "assert $_"}'))
    with searches() as made:
        gated.extract(of_files({"a.py": "assert 1\n", "b.py": "def main(): pass\n", "c.py": "def main(): assert 1\n"}))
    ran = [(path, sorted(texts)) for path, texts in made]
    assert ran == [
        ("b.py", ["def main(): ..."]),
        ("c.py", ["def main(): ..."]),
        ("c.py", ["assert $_"]),
    ]


def test_policies_that_look_for_the_same_search_once() -> None:
    """A hundred policies with one selector are one probe."""
    many = checker(policies(*['forbid: {files: "*.py", pattern: eval(...)}'] * 100))
    assert len(many.plan.probes) == 1


NESTED = policies(
    'for: {files: "src/*.py", pattern: "def main(): ..."}\nrequire: {pattern: "assert $_"}',
    'forbid: [{files: src/a.py, pattern: "def $f(): ..."}, {has: {code: "(return_statement)"}}]',
    'forbid: [{files: src/a.py, pattern: "def $f(): ..."}, {has: {use: bad}}]',
    'forbid: [{any: [{files: src/a.py, pattern: "f()"}, {files: src/b.py, pattern: "g()"}]}, {inside: {use: bad}}]',
    'forbid: [{files: "{folder}/a.py"}, {use: bad}, {not: {pattern: "h()"}}]',
    'forbid: [{not: {use: bad}}, {files: src/a.py, pattern: "f()"}]',
    "require: {use: bad}",
)
SELECTORS_USED = """selectors:
  bad: [{any: [{pattern: "lambda: $_"}, {pattern: "assert $_"}, {pattern: "def main(): ..."}]}, {not: {pattern: "k()"}}]
"""
PIECES = ("f()\n", "g()\n", "h()\n", "k()\n", "assert 1\n", "x = lambda: f()\n", "y = lambda: g()\n")
FUNCTIONS = ("def main():\n    assert 1\n", "def main():\n    pass\n", "def f():\n    return lambda: 1\n")


@settings(max_examples=80, deadline=None)
@given(
    files=st.dictionaries(
        st.sampled_from(["src/a.py", "src/b.py", "other/a.py", "c.py"]),
        st.lists(st.sampled_from((*PIECES, *FUNCTIONS)), max_size=5).map("".join),
        min_size=1,
    )
)
def test_where_a_selector_is_not_looked_for_changes_no_report(files: Mapping[str, str]) -> None:
    """The report is the one of an engine that searches every file for what only others' matches make matter."""
    fast = checker(NESTED, SELECTORS_USED)
    everywhere = tuple(replace(demand, hosts=None) for demand in fast.demands.probes)
    assert everywhere != fast.demands.probes
    slow = replace(fast, searches=Extractor(fast.plan.probes, {}, skips=False))
    slow.__dict__["demands"] = replace(fast.demands, probes=everywhere, fact_files=None)
    assert fast.check(of_files(files)) == slow.check(of_files(files))


def test_what_is_looked_for_near_others_is_searched_in_their_files() -> None:
    """A selector without files, in what an item with files has, is not looked for anywhere else."""
    one = checker(
        policies('forbid: [{files: src/a.py, pattern: "def $f(): ..."}, {has: {code: "(return_statement)"}}]')
    )
    wanted = one.wanted(of_files({"src/a.py": "", "src/b.py": "", "c.txt": ""}))
    assert wanted == {"src/a.py": (0, 1), "src/b.py": ()}


def test_only_files_whose_facts_are_read_are_parsed_for_them() -> None:
    """What a path tells needs no file; whether one parses is asked of the policy's own files."""
    asks = checker(policies("for: {files: src/*.py}\nrequire: {where: file.parsed}"))
    rows = asks.extract(of_files({"src/a.py": "x = (\n", "b.py": "y = (\n"}))
    assert {path: each.facts is not None for path, each in rows.items()} == {"b.py": False, "src/a.py": True}
    by_path = checker(policies("for: {files: src/*.py}\nrequire: {where: \"file.dir == 'src'\"}"))
    assert not any(each.facts for each in by_path.extract(of_files({"src/a.py": "x = (\n"})).values())
