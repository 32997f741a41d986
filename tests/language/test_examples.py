"""The examples that the language must carry, each with a submission that it passes and one that it fails."""

from __future__ import annotations

from pack_files import judge, outcome, places

LOAD = """
    require: {files: "src/*.py", pattern: "torch.load(...)"}
"""


def test_presence_is_met_by_any_file_that_the_pattern_names() -> None:
    """A call in one of the files is enough, under whatever name it was imported."""
    assert (
        outcome(judge(LOAD, {"src/a.py": "import torch\n", "src/b.py": "from torch import load as l\nl(1)\n"}))
        == "pass"
    )


def test_presence_fails_without_a_subject_and_names_where_it_looked() -> None:
    """The finding names the files looked at and the nearest call."""
    report = judge(LOAD, {"src/a.py": "import torch\n\ntorch.save(1)\n", "b.py": "torch.load(1)\n"})
    assert outcome(report) == "fail"
    (finding,) = report.findings
    assert finding.looked_in == ("src/a.py",)
    assert finding.nearest is not None and "torch.save" in finding.nearest.text
    assert places(report) == ["src/a.py:3:1"]


OF_EACH = """
    for: {files: "*.json"}
    require: {data: name}
"""


def test_what_is_missing_of_a_subject_was_looked_for_in_its_file() -> None:
    """A finding of one file doesn't name the other files that the policy is about."""
    report = judge(OF_EACH, {"a.json": "{}", "b.json": '{"name": 1}', "c.json": "{}"})
    assert [(finding.looked_in, finding.looked_in_more) for finding in report.findings] == [
        (("a.json",), 0),
        (("c.json",), 0),
    ]


AMONG_MANY = """
    for: {files: names.txt, text: '(?P<name>\\w+)'}
    require: {files: "*.json", data: name, as: name}
"""


def test_many_files_that_were_searched_are_counted() -> None:
    """A finding lists 50 of the files that were searched for it, and says how many there are beside."""
    others = {f"{number:02}.json": '{"name": "b"}' for number in range(60)}
    (finding,) = judge(AMONG_MANY, {"names.txt": "a\n", **others}).findings
    assert (len(finding.looked_in), finding.looked_in_more) == (50, 10)


CALLS_AFTER = """
    forbid:
      - {files: "*.py", pattern: "a()"}
      - after: {pattern: "b()"}
"""


def test_matches_that_make_one_finding_count_once_toward_the_limit() -> None:
    """Each of 200 calls after up to 200 others is reported: 20,100 matches, at 200 places."""
    report = judge(CALLS_AFTER, {"a.py": "def f():\n" + "    b(), a()\n" * 200})
    assert (len(report.findings), report.notices) == (200, ())


ONLY = """
    forbid: {files: ["**", "!src/{train,evaluate,preprocess,model,main}.py", "!pyproject.toml", "!config/*.yaml"]}
    message: "`{{ path }}` is not one of the files"
"""


def test_nothing_but_these_files() -> None:
    """Every further file is a finding of its own."""
    files = {"src/train.py": "", "pyproject.toml": "", "config/.yaml": ""}
    assert outcome(judge(ONLY, files)) == "pass"
    report = judge(ONLY, {**files, "src/util.py": "", "src/deep/train.py": "", ".env": ""})
    assert places(report) == [".env", "src/deep/train.py", "src/util.py"]
    assert report.findings[0].message == "`.env` is not one of the files"


LOCAL = """
    forbid:
      - {files: "src/*.py", code: '(import_from_statement module_name: (relative_import (dotted_name) @module)) @here'}
      - not: {files: "src/{module}.py"}
    message: "src/{{ module }}.py is not there"
"""


def test_every_local_import_has_its_file() -> None:
    """A path pattern joins with a capture of code."""
    assert outcome(judge(LOCAL, {"src/a.py": "from .b import x\n", "src/b.py": ""})) == "pass"
    report = judge(LOCAL, {"src/a.py": "from .b import x\nfrom .c import y\n", "src/b.py": ""})
    assert [finding.message for finding in report.findings] == ["src/c.py is not there"]
    assert places(report) == ["src/a.py:2:1"]


def test_no_local_import_at_all_is_fine() -> None:
    """The forbid looked into a document and found nothing."""
    assert outcome(judge(LOCAL, {"src/a.py": "x = 1\n"})) == "pass"


PRINTED = """
    require:
      - {files: "src/{script}.py", pattern: "print(json.dumps($name, ...), ...)"}
      - {files: "src/{script}.py", pattern: ['$name = {"run_id": $_, ...}', '$name["run_id"] = $_']}
"""


def test_the_name_printed_as_json_is_a_dict_that_carries_a_key() -> None:
    """Two patterns join on the name and on the file that the path capture binds."""
    good = "import json\nrow = {'a': 1, 'run_id': 2}\nprint(json.dumps(row, indent=2))\n"
    later = "import json\nrow = {}\nrow['run_id'] = 2\nprint(json.dumps(row))\n"
    assert outcome(judge(PRINTED, {"src/t.py": good})) == "pass"
    assert outcome(judge(PRINTED, {"src/t.py": later})) == "pass"


def test_a_dict_of_another_name_or_another_file_does_not_do() -> None:
    """Neither another variable nor the same variable elsewhere joins."""
    other = "import json\nother = {'run_id': 2}\nrow = {}\nprint(json.dumps(row))\n"
    assert outcome(judge(PRINTED, {"src/t.py": other})) == "fail"
    split = {"src/t.py": "import json\nprint(json.dumps(row))\n", "src/u.py": "row = {'run_id': 1}\n"}
    assert outcome(judge(PRINTED, split)) == "fail"


VALUES = """
    for:    {files: "config/*.yaml", data: "leaves(@)[?matches(value, '_PLACEHOLDER$')]"}
    require: {values: [{value: DATASET_PLACEHOLDER}, {value: MODEL_PLACEHOLDER}]}
    message: "`{{ value }}` at {{ pointer }}"
"""


def test_config_values_only() -> None:
    """Every placeholder is one of the written values; the finding points at the value itself."""
    good = "runs:\n  - data: DATASET_PLACEHOLDER\n    model: MODEL_PLACEHOLDER\n"
    assert outcome(judge(VALUES, {"config/a.yaml": good})) == "pass"
    report = judge(VALUES, {"config/a.yaml": good + "    lr: LR_PLACEHOLDER\n"})
    assert places(report) == ["config/a.yaml:4:9"]
    assert report.findings[0].message == "`LR_PLACEHOLDER` at /runs/0/lr"


DECLARED = """
    for:
      - {files: "src/**/*.py", use: python/import}
      - not: {values: tables.stdlib, as: module}
      - not: {files: ["src/{module}.py", "src/{module}/__init__.py"]}
      - per: [module]
    require:
      any:
        - {use: dependency, as: module}
        - [{values: tables.import_names}, {use: dependency, as: distribution}]
    message: "`{{ module }}` is not declared"
"""
DECLARED_HEAD = """
    selectors:
      dependency:
        files: pyproject.toml
        data: project.dependencies[].lower(replace(@, '[^A-Za-z0-9._-].*', ''))
        as: dependency
"""
DECLARED_TABLES = {"stdlib": "[os, json]", "import_names": "- {module: yaml, distribution: pyyaml}\n"}


def test_every_third_party_import_is_declared() -> None:
    """Tables, a named selector, local modules and `per` together: one finding a module."""
    files = {
        "src/a.py": "import os, json\nimport yaml\nfrom requests.adapters import X\nimport local\n",
        "src/local/__init__.py": "",
        "pyproject.toml": "[project]\ndependencies = ['PyYAML>=6', 'requests[socks]']\n",
    }
    assert outcome(judge(DECLARED, files, DECLARED_HEAD, DECLARED_TABLES)) == "pass"
    files["src/b.py"] = "import numpy as np\n\nimport numpy.linalg\n"
    report = judge(DECLARED, files, DECLARED_HEAD, DECLARED_TABLES)
    assert [finding.message for finding in report.findings] == ["`numpy` is not declared"]
    assert places(report) == ["src/b.py:1:8"]
    assert [str(place) for place in report.findings[0].related] == ["src/b.py:3:8"]


FLAGS = """
    for:
      - {files: ".github/workflows/*.{yml,yaml}", data: "values(jobs)[].steps[].run", as: run}
      - {in: run, text: 'acme .*?(?P<flag>--[\\w-]+)'}
    require: {files: "src/acme/**/*.py", pattern: "$_.add_argument($flag, ...)"}
    message: "{{ flag }} is no option of acme"
"""


def test_a_flag_that_a_workflow_passes_is_one_that_the_parser_defines() -> None:
    """A text inside of a configuration value joins with a call in code; the finding points into the script."""
    files = {
        ".github/workflows/ci.yml": (
            "on: push\njobs:\n  t:\n    steps:\n      - run: |\n          make\n          acme run --fast\n"
        ),
        "src/acme/cli.py": "p.add_argument('--fast', action='store_true')\n",
    }
    assert outcome(judge(FLAGS, files)) == "pass"
    files["src/acme/cli.py"] = "p.add_argument('--slow')\n"
    report = judge(FLAGS, files)
    assert places(report) == [".github/workflows/ci.yml:7:11"]
    assert report.findings[0].message == "--fast is no option of acme"


KEYS = """
    for: {files: "src/*.py", pattern: 'cfg["$key"]'}
    require: {files: config/smoke_test.yaml, data: "experiments[].keys(@)[]", as: key}
    message: "`{{ path }}` reads `{{ key }}`, which no run sets"
"""


def test_every_key_that_code_reads_is_set_in_the_config() -> None:
    """The join of code and configuration that the design opens with; the nearest miss is the closest key."""
    files = {"src/a.py": "lr = cfg['learning_rat']\n", "config/smoke_test.yaml": "experiments:\n  - learning_rate: 1\n"}
    report = judge(KEYS, files)
    assert places(report) == ["src/a.py:1:6"]
    nearest = report.findings[0].nearest
    assert nearest is not None and nearest.text == "the closest `key` is `learning_rate`"
    assert str(nearest.location) == "config/smoke_test.yaml:2:5"
