"""`revision` and `changed`: what a policy can say of the tree that a project is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from pack_files import check, compared, judge, one, outcome, pack, places, schemas
from polcheck.base.errors import PolicyError
from polcheck.findings.report_json import report_from_json, report_to_json
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.render import Options, output_format, output_formats
from polcheck.scan.cache import ScanCache

BASE = {
    "same.py": "x = 1\n",
    "edited.py": "def f(): pass\ndef g(): pass\n",
    "gone.py": "old = 1\n",
    "a/moved.py": "def m(): pass\n",
    "s.json": '{"version": 1}',
}
NOW = {
    "same.py": "x = 1\n",
    "edited.py": "def f(): pass\n",
    "new.py": "y = 1\n",
    "b/moved.py": "def m(): pass\n",
    "s.json": '{"version": 1, "more": 2}',
}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ("added", ["new.py"]),
        ("modified", ["edited.py"]),
        ("deleted", ["gone.py (base)"]),
        ("renamed", ["b/moved.py"]),
        ("[added, deleted]", ["gone.py (base)", "new.py"]),
        ("[added, modified, deleted, renamed]", ["b/moved.py", "edited.py", "gone.py (base)", "new.py"]),
    ],
)
def test_changed_keeps_the_files_that_changed_so(changed: str, found: list[str]) -> None:
    """Each kind by itself and together; a deleted file is one of the base."""
    assert places(judge(f'forbid: {{files: "**/*.py", changed: {changed}}}', NOW, base=BASE)) == found


def test_a_renamed_file_binds_its_previous_path() -> None:
    """`previous` joins, and a message shows it."""
    policy = 'forbid: {files: "**/{name}.py", changed: renamed}\nmessage: "{{ name }} was at {{ previous }}"'
    (finding,) = judge(policy, NOW, base=BASE).findings
    assert finding.message == "moved was at a/moved.py"
    joined = 'forbid: [{files: "**/*.py", changed: renamed}, {files: "a/*.py", revision: base, as: previous}]'
    assert places(judge(joined, NOW, base=BASE)) == ["b/moved.py"]
    inside = (
        'forbid: {files: "**/*.py", changed: renamed, pattern: "def $f(): ...", where: "previous == \'a/moved.py\'"}'
    )
    assert places(judge(inside, NOW, base=BASE)) == ["b/moved.py:1:1"]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ('pattern: "def $f(...): ..."', ["edited.py (base)", "edited.py (base)", "a/moved.py (base)"]),
        ("code: '(function_definition) @f'", ["a/moved.py (base)", "edited.py (base)", "edited.py (base)"]),
        ('text: "old = (?P<n>.)"', ["gone.py (base)"]),
        ("changed: deleted", ["gone.py (base)"]),
        ('changed: deleted, text: "(?P<n>old)"', ["gone.py (base)"]),
        ('changed: renamed, text: "(?P<n>def)"', ["a/moved.py (base)"]),
        ("where: \"file.size == `8` && file.dir == ''\"", ["gone.py (base)"]),
    ],
)
def test_every_selector_looks_in_the_base(selector: str, found: list[str]) -> None:
    """What it finds there is named by its path and the revision, never by a line of the file as it is."""
    report = judge(f'forbid: {{files: "**/*.py", revision: base, {selector}}}', NOW, base=BASE)
    assert sorted(places(report)) == sorted(found)
    assert all(finding.location and finding.location.place is None for finding in report.findings)


def test_the_version_goes_up_when_the_schema_changes() -> None:
    """Data of both trees is compared; without a change nothing is asked."""
    policy = """
    for: {files: "{schema}.json", changed: modified, data: version, as: new}
    require:
      - {revision: base, data: version, as: old}
      - {where: "new > old"}
    """
    assert places(judge(policy, NOW, base=BASE)) == ["s.json:1:13"]
    assert outcome(judge(policy, {"s.json": '{"version": 2}'}, base=BASE)) == "pass"
    assert outcome(judge(policy, BASE, base=BASE)) == "not-applicable"


def test_a_selector_without_files_looks_in_the_subjects_file_of_its_own_tree() -> None:
    """From a match of the base to the file as it is, and the reverse; a relation stays in the tree of its match."""
    gone = 'for: {files: "*.py", revision: base, pattern: "def $f(...): ..."}\nrequire: {pattern: "def $f(...): ..."}'
    report = judge(gone, NOW, base=BASE)
    assert [(str(f.location), f.bindings["f"], f.looked_in) for f in report.findings] == [
        ("edited.py (base)", "g", ("edited.py",))
    ]
    new = 'for: {files: "*.py", text: "(?P<w>y)"}\nrequire: {revision: base, scope: file, text: "(?P<w>y)"}'
    assert places(judge(new, NOW, base=BASE)) == ["new.py:1:1"]
    before, after = {"a.py": "def f():\n    g(1)\n"}, {"a.py": "g(1)\n"}
    inside = 'forbid: {files: a.py, revision: base, pattern: g($x), inside: {pattern: "def f(): ..."}}'
    assert places(judge(inside, after, base=before)) == ["a.py (base)"]
    assert places(judge(inside, before, base=after)) == []
    alone = 'forbid: [{files: a.py, revision: base, pattern: g($x)}, {not: {inside: {pattern: "def f(): ..."}}}]'
    assert places(judge(alone, before, base=after)) == ["a.py (base)"]
    subject = 'for: {files: a.py, revision: base, pattern: g($x)}\nrequire: {inside: {pattern: "def f(): ..."}}'
    assert outcome(judge(subject, after, base=before)) == "pass"
    assert outcome(judge(subject, before, base=after)) == "fail"


def test_a_selector_that_is_used_by_name_looks_in_the_base() -> None:
    """With all of its items; used without `revision`, the same selector looks in the files as they are."""
    head = 'selectors:\n  functions: {files: "*.py", pattern: "def $f(...): ..."}\n'
    policy = "for: {use: functions, revision: base}\nrequire: {use: functions}"
    report = judge(policy, NOW, head, base=BASE)
    assert [finding.bindings for finding in report.findings] == [{"f": "g"}]


def test_without_a_base_nothing_applies_and_a_notice_says_so() -> None:
    """That the policy looks at changes in a nested item is enough."""
    for policy in (
        "forbid: {files: a, changed: modified}",
        "forbid: [{files: '*.py'}, {not: {any: [{files: x, revision: base}]}}]",
        "when: {files: a, changed: added}\nforbid: {files: '*'}",
    ):
        report = judge(policy, {"a": ""})
        assert outcome(report) == "not-applicable"
        (notice,) = [notice for notice in report.notices if notice.kind == "since"]
        assert notice.policies == ("t:p",) and "--since REV" in notice.message


def test_the_json_report_names_the_revision_of_a_place() -> None:
    """Where a place is one of the base, and nowhere else; a report that is read again has it, too."""
    report = judge('forbid: {files: "*.py", changed: [added, deleted]}', NOW, base=BASE)
    data = json.loads(json.dumps(report_to_json(report)))
    assert [(finding["path"], finding.get("revision")) for finding in data["findings"]] == [
        ("gone.py", "base"),
        ("new.py", None),
    ]
    assert report_from_json(data).findings[0].location == report.findings[0].location


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("forbid: {files: a, changed: edited}", "`edited` is no kind of change"),
        ("forbid: {pattern: f(), changed: added}", "`changed` needs `files`"),
        ("forbid: {files: a/, changed: added}", "a pattern that ends in `/` matches folders"),
        ("forbid: {files: a.py, changed: deleted, pattern: f()}", "so `pattern` can't look in it"),
        ("forbid: {files: a.json, changed: [added, deleted], data: x}", "so `data` can't look in it"),
        ("forbid: {files: a, revision: base, changed: added}", "a file that was added is not at the base"),
        ("forbid: {values: [a], revision: base}", "`revision` does not apply here"),
        ("forbid: [{files: a.json, data: x, as: v}, {in: v, text: y, revision: base}]", "`revision` has no effect"),
        ("forbid: {files: '{previous}.py', changed: renamed}", "`previous` is bound here"),
        ("for: {files: a.py, pattern: f()}\nforbid: {pattern: g(), revision: base, near: 2}", "`near` never holds"),
        (
            "for: {files: a.py, pattern: f()}\nforbid: {pattern: g(), revision: base, scope: subject}",
            "`scope` never holds",
        ),
        (
            "forbid: [{any: [{files: a.py, pattern: f()}, {files: a.py, revision: base, pattern: f()}]},"
            " {inside: {pattern: g(...)}}]",
            "matches of the project and of its base at once",
        ),
    ],
)
def test_what_can_mean_nothing_is_refused(body: str, message: str) -> None:
    """Where it is written, with the reason."""
    with pytest.raises(PolicyError, match=message.replace("(", r"\(")):
        compile_packs([pack(one(body))], Settings(), schemas())


def test_both_keys_need_version_2() -> None:
    """A pack of version 1 that uses one is refused with that hint."""
    for body in ("forbid: {files: a, revision: base}", "forbid: {files: a, changed: added}"):
        with pytest.raises(PolicyError, match="needs version 2"):
            compile_packs([pack(one(body), "language: 1\n")], Settings(), schemas())


@pytest.mark.parametrize(
    ("body", "files", "base"),
    [
        ('forbid: {files: "*.py", revision: base, pattern: q()}', NOW, {**BASE, "edited.py": "q( =\n"}),
        ('require: {files: "*.py", revision: base, pattern: q()}', NOW, {**BASE, "edited.py": "q( =\n"}),
        ('forbid: [{files: same.py}, {not: {files: "*.py", revision: base, pattern: q()}}]', NOW, {"x.py": "q( =\n"}),
    ],
)
def test_what_can_t_be_read_at_the_base_is_undecided(
    body: str, files: Mapping[str, str], base: Mapping[str, str]
) -> None:
    """As of the files as they are: with the file and the reason."""
    report = judge(body, files, base=base)
    assert outcome(report) == "undecided"
    (notice,) = [notice for notice in report.notices if notice.kind == "unsearched"]
    assert notice.location is not None and notice.location.revision == "base"
    assert [path for path, _ in report.policies[0].reasons] == [f"{notice.location.path} (base)"]
    assert "\0" not in json.dumps(report_to_json(report))


def test_a_cache_of_rows_knows_both_trees() -> None:
    """What was searched once isn't searched again, and no file is taken for that of the other tree."""
    filler = "z = 1\n" * 3_000
    base = {path: text + filler if path.endswith(".py") else text for path, text in BASE.items()}
    now = {path: text + filler if path.endswith(".py") else text for path, text in NOW.items()}
    body = 'for: {files: "*.py", revision: base, pattern: "def $f(...): ..."}\nrequire: {pattern: "def $f(...): ..."}'
    checker = Checker(compile_packs([pack(one(body))], Settings(), schemas()))
    first = ScanCache()
    wanted = checker.check(compared(now, base), cache=first)
    assert first.updated is not None
    second = ScanCache(first.updated)
    assert checker.check(compared(now, base), cache=second) == wanted
    assert second.updated is None and len(second.known) == len(first.updated.files)
    third = ScanCache(first.updated)
    other = checker.check(compared(base, now), cache=third)
    assert other == check(one(body), base, base=now)


@pytest.mark.parametrize(
    "body",
    [
        'forbid: {files: "{name}.py", changed: deleted, where: "path == \'gone.py\' && file.size == `8`", as: whole}',
        'forbid: {files: "*.py", revision: base, pattern: old = 1, where: "path == \'gone.py\' && line == `1`"}',
        'for: {files: "*.py", revision: base, text: old, name: m}\n'
        "forbid: [subject, {where: \"m.path == 'gone.py' && subject.path == 'gone.py' && file.name == 'gone.py'\"}]",
        'for: [{files: "*.py", revision: base, text: "(?P<w>old)"},'
        " {per: [w], let: {all: group}, where: \"group[0].path == 'gone.py'\"}]\nforbid: subject",
        'for: {files: "*.py", revision: base, text: old}\nforbid: [{let: {at: path}}, {where: "at == \'gone.py\'"}]',
        'for: {files: "*.py", revision: base, text: old}\nrequire: {scope: file, text: never}',
        'for: {values: [gone], as: name}\nforbid: {files: "{name}.py", revision: base}',
    ],
)
def test_a_policy_sees_the_path_as_it_was(body: str) -> None:
    """In conditions, computed names, groups and messages; how polcheck keeps the trees apart shows nowhere."""
    report = judge(f'{body}\nmessage: "{{{{ path }}}} {{{{ file.dir }}}}"', NOW, base=BASE)
    assert outcome(report) == "fail"
    assert "\\u0000" not in json.dumps(report_to_json(report))


@pytest.mark.parametrize("form", [name for name, record in output_formats().items() if not record.from_template])
def test_every_format_names_a_file_of_the_base(form: str) -> None:
    """By its path; none shows how polcheck keeps it apart from the file as it is."""
    report = judge('for: {files: "*.py", revision: base, text: "old"}\nrequire: {text: never}', NOW, base=BASE)
    output = output_format(form).render(report, Options())
    assert "gone.py" in output or form in ("verdict", "statistics", "suggestions")  # which name no places
    assert "\0" not in output and "\\u0000" not in output


def test_reachability_and_constants_are_those_of_the_tree() -> None:
    """Edges of the base lead to what was reached there; a constant is that of its module as it was."""
    body = 'forbid: {files: a.yml, revision: base, data: "entries(needs)[].{a: key, b: value}", closure: [a, b]}'
    report = judge(body, {"a.yml": "needs: {x: y}"}, base={"a.yml": "needs: {x: y, y: z}"})
    assert [finding.bindings["via"] for finding in report.findings] == [["x", "y"], ["x", "y", "z"], ["y", "z"]]
    body = 'forbid: {files: b.py, revision: base, pattern: "os.environ[$name]", constant: name}'
    code = "import os\nfrom a import X\nos.environ[X]\nos.environ[y]\n"
    report = judge(body, {"a.py": "X = 'now'\n"}, base={"a.py": "X = 'then'\n", "b.py": code})
    assert [(str(finding.location), finding.bindings) for finding in report.findings] == [
        ("b.py (base)", {"name": "then"})
    ]
    (dynamic,) = report.policies[0].dynamic
    assert str(dynamic.location) == "b.py (base)"
