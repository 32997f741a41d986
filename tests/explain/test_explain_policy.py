"""`explain`: a policy step by step, over submissions in miniature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from pack_files import one, pack, schemas
from polcheck.authoring.explain.display import DisplayOptions
from polcheck.authoring.explain.model import ExplainedStep, Explanation, explanation_to_json
from polcheck.authoring.explain.policy import explain
from polcheck.authoring.explain.text import text
from polcheck.base.errors import PolcheckError
from polcheck.evaluate.outcome import PolicyResult
from polcheck.findings.accepted import Accepted
from polcheck.findings.finding import Finding, Waived
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.sources.submission import Submission, of_files

JOIN = """
for: {files: ["src/*.py", "!src/old.py"], pattern: 'cfg["$key"]'}
require: {files: config.yaml, data: "runs[].keys(@)[]", as: key}
message: "`{{ key }}` is in no run"
"""
FILES = {
    "src/a.py": 'x = cfg["lr"]\ny = cfg["epoch"]\n',
    "src/b.py": "print(1)\n",
    "src/old.py": 'cfg["gone"]\n',
    "config.yaml": "runs:\n  - {lr: 1, epochs: 2}\n",
    "README.md": "",
}


def explained(body: str, files: Mapping[str, str | bytes], head: str = "", most: int | None = 10) -> Explanation:
    """The explanation of one policy."""
    made = pack(one(body), head)
    checker = Checker(compile_packs([made], Settings(), schemas()))
    return explain(checker, "p", of_files(files), [made], most)


def step(explanation: Explanation, at: str) -> ExplainedStep:
    """The top-level step written at a pointer."""
    return next(step for part in explanation.parts for step in part.steps if step.at == at)


def test_says_which_files_a_selector_looked_at() -> None:
    """Each file that was looked at has its matches, or why it was not parsed."""
    selected = step(explained(JOIN, FILES), "for").selected
    assert selected is not None
    assert [(d.path, d.matches, d.note) for d in selected.documents] == [
        ("src/a.py", 2, ""),
        ("src/b.py", 0, "not parsed for lack of `cfg`"),
    ]


def test_says_why_the_others_were_left_out() -> None:
    """A file that a pattern excludes is told with that pattern, the others as matched by none."""
    selected = step(explained(JOIN, FILES), "for").selected
    assert selected is not None
    assert [(left.reason, left.paths) for left in selected.left_out] == [
        ("excluded by `!src/old.py`", ("src/old.py",)),
        ("matched by no pattern", ("README.md", "config.yaml")),
    ]


def test_says_that_a_file_is_not_of_the_language() -> None:
    """A file that the patterns let in and the selector can't read is left out for its language."""
    selected = step(explained("forbid: {files: '**', pattern: eval(...)}", {"a.py": "eval(1)", "b.md": ""}), "forbid")
    assert selected.selected is not None
    assert [(left.reason, left.paths) for left in selected.selected.left_out] == [
        ("in none of its languages", ("b.md",))
    ]


def test_an_unreadable_file_is_told_first() -> None:
    """A file that is no text is among those looked at, with the reason, and makes the policy undecided."""
    told = explained("require: {files: '*.py', pattern: eval(...)}", {"a.py": "x", "b.py": b"# coding: utf-8\n\xff"})
    selected = step(told, "require").selected
    assert selected is not None
    assert [d.path for d in selected.documents if d.open] == ["b.py"]
    assert told.outcome == "undecided"
    assert "could not be searched to the end, so the outcome is open" in told.because[-1]


def test_a_folder_that_could_not_be_read_is_told() -> None:
    """A folder below which nobody could look stands among the files that were looked at, and keeps the outcome open."""
    made = pack(one("require: {files: 'src/*.py', pattern: f()}"))
    checker = Checker(compile_packs([made], Settings(), schemas()))
    files = Submission(
        "s", "folder", {"a.py": b""}, unreadable={"src": "permission denied"}, folders=frozenset({"src"})
    )
    told = explain(checker, "p", files, [made])
    selected = step(told, "require").selected
    assert selected is not None
    assert [(d.path, d.note, d.open) for d in selected.documents] == [("src", "permission denied", True)]
    assert told.outcome == "undecided"


def test_matches_have_places_and_bindings() -> None:
    """A match is a place and what its names stand for."""
    selected = step(explained(JOIN, FILES), "for").selected
    assert selected is not None
    assert [(str(m.places[0]), dict(m.bindings)) for m in selected.found.matches] == [
        ("src/a.py:1:5", {"key": "lr"}),
        ("src/a.py:2:5", {"key": "epoch"}),
    ]


def test_a_subject_without_a_partner_has_its_nearest_miss() -> None:
    """The row that found no partner is told with the value that is most like it, and where that is."""
    (lost,) = step(explained(JOIN, FILES), "require").lost
    assert dict(lost.row.bindings) == {"key": "epoch"}
    assert lost.nearest is not None
    assert lost.nearest.text == "the closest `key` is `epochs`"
    assert str(lost.nearest.location) == "config.yaml:2:13"


def test_the_name_of_the_join_is_told() -> None:
    """A step says on which names it was joined."""
    assert step(explained(JOIN, FILES), "require").joins == ("key",)


def test_failing_subjects_are_told_again() -> None:
    """The part that fails lists the subjects that have no match."""
    told = explained(JOIN, FILES)
    assert [dict(entry.row.bindings) for entry in told.parts[-1].failed] == [{"key": "epoch"}]
    assert told.because == ("1 of 2 subjects has no match",)


def test_the_query_of_a_pattern_is_shown() -> None:
    """A pattern is told with the tree-sitter query that it became; a query is not repeated."""
    selected = step(explained("forbid: {pattern: torch.load(...)}", {"a.py": ""}), "forbid").selected
    assert selected is not None
    assert "torch.load" in selected.queries[0]
    selected = step(explained("forbid: {code: (call) @x}", {"a.py": ""}), "forbid").selected
    assert selected is not None
    assert selected.queries == ()


def test_nothing_found_names_the_nearest_match() -> None:
    """A selector without a match names the match that fails the fewest of its predicates."""
    body = "require: {code: '((call function: (identifier) @f) (#eq? @f \"load\"))'}"
    selected = step(explained(body, {"a.py": "# load\nloads(1)\n"}), "require").selected
    assert selected is not None
    assert selected.nearest is not None
    assert "`load`" in selected.nearest.text
    assert str(selected.nearest.location) == "a.py:2:1"


def test_nothing_found_in_data_names_the_longest_prefix() -> None:
    """A JMESPath expression without a result says how far it gets, and the key that was meant."""
    selected = step(explained("require: {files: a.yaml, data: tool.ruf.x}", {"a.yaml": "tool: {ruff: {}}"}), "require")
    assert selected.selected is not None
    assert selected.selected.nearest is not None
    assert selected.selected.nearest.text == "`tool` is there, `ruf` is not; did you mean `ruff`?"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[tool.hatch.version]\npath = "a.py"\n', None),  # the only header that mentions `tool` is another table's
        ('[tool]\nhatch.version.path = "a.py"\n', "pyproject.toml:1:2"),
        ('tool.hatch.version.path = "a.py"\n', None),
        ('[tool.hatch.version]\npath = "a.py"\n[tool]\nx = 1\n', "pyproject.toml:3:2"),
        ("[tool.ruf]\nx = 1\n", "pyproject.toml"),  # a key is meant, so that there is something to say
    ],
)
def test_a_table_that_others_imply_is_no_place(text: str, place: str | None) -> None:
    """What is missing from a TOML table that isn't written as such isn't reported at another table's header."""
    selected = step(explained("require: {files: pyproject.toml, data: tool.ruff}", {"pyproject.toml": text}), "require")
    assert selected.selected is not None
    nearest = selected.selected.nearest
    assert (nearest and str(nearest.location)) == place


def test_steps_have_the_line_on_which_they_are_written() -> None:
    """A step points into the policy's file, one of a used selector into pack.yaml."""
    head = "selectors:\n  loads: {pattern: load($x)}\n"
    told = explained("for: {use: loads}\nrequire: {values: [a], as: x}", {"a.py": "load('a')"}, head)
    use = step(told, "for")
    assert use.place == "t/policies/p.yaml:3"
    assert use.below[0].steps[0].place == "t/pack.yaml:4"


def test_branches_and_absences_are_told_inside() -> None:
    """`any` tells each branch, `not` what it looked for."""
    body = """
    for: {files: "*.py", pattern: f($x)}
    require:
      - any: [{values: [a], as: x}, {values: [b], as: x}]
      - not: {values: [b], as: x}
    """
    told = explained(body, {"a.py": "f('a')\nf('b')\nf('c')\n"})
    union, absence = told.parts[1].steps
    assert [branch.steps[0].after for branch in union.below] == [1, 1]
    assert (union.before, union.after, union.lost_total) == (3, 2, 1)
    assert (absence.before, absence.after, absence.lost_total) == (2, 1, 1)


def test_conditions_of_a_selector_come_before_the_join() -> None:
    """A `where` that sees a selector's own names is told with the matches that it lets through."""
    told = explained(
        "for: {files: a.yaml, data: 'leaves(@)', where: 'value > `1`'}\nrequire: {values: [{key: b}]}",
        {"a.yaml": "a: 1\nb: 2\nc: 3\n"},
    )
    (own,) = step(told, "for").below
    assert (own.steps[0].before, own.steps[0].after) == (3, 2)
    assert step(told, "require").lost_total == 1


def test_a_target_is_looked_for_in_the_files_of_the_rows() -> None:
    """`inside` looks only where the match before it is."""
    told = explained(
        "forbid: {files: a.py, pattern: f(), inside: {pattern: 'def g(): ...'}}",
        {"a.py": "def g():\n    f()\n", "b.py": "def g():\n    f()\n"},
    )
    relation = step(told, "forbid.inside")
    assert relation.selected is not None
    assert [d.path for d in relation.selected.documents] == ["a.py"]
    assert [left.reason for left in relation.selected.left_out] == ["not the file of a row that it extends"]


@pytest.mark.parametrize(
    ("body", "files", "outcome", "sentence"),
    [
        ("require: {pattern: f()}", {"a.py": "f()"}, "pass", "`require` found a match"),
        ("require: {pattern: f()}", {"a.py": "x"}, "fail", "everything that could hold it was searched"),
        ("require: {pattern: f()}", {"a.py": "(f(\n"}, "undecided", "what could not be searched may hold it"),
        ("forbid: {pattern: f()}", {"a.py": "f()\nf()"}, "fail", "`forbid` wants no match, and there are 2"),
        ("forbid: {pattern: f()}", {"a.py": "x"}, "pass", "there is none"),
        ("forbid: {pattern: f()}", {"a.py": "(f(\n"}, "undecided", "what could not be searched may hold one"),
        ("forbid: {files: b.py, pattern: f()}", {"a.py": ""}, "not-applicable", "found no document to look in"),
        (
            "for: {pattern: f($x)}\nforbid: {values: ['1'], as: x}",
            {"a.py": "f(1)\nf(2)"},
            "fail",
            "1 of 2 subjects has one",
        ),
        ("for: {pattern: f($x)}\nforbid: {values: ['3'], as: x}", {"a.py": "f(1)\nf(2)"}, "pass", "none of 2 subjects"),
        (
            "for: {pattern: f($x)}\nrequire: {values: ['1'], as: x}",
            {"a.py": "f(1)"},
            "pass",
            "the one subject has a match",
        ),
        (
            "for: {pattern: f($x)}\nrequire: {values: ['1'], as: x}",
            {"a.py": ""},
            "not-applicable",
            "`for` found no subject",
        ),
        ("for: {pattern: f($x)}\nrequire: {values: ['1'], as: x}", {"a.py": "(f(\n"}, "undecided", "may hold one"),
        ("when: {files: b.py}\nforbid: {pattern: f()}", {"a.py": "f()"}, "not-applicable", "`when` does not hold"),
        ("require: {pattern: f(), count: 2}", {"a.py": "f()"}, "fail", "did not find 2 distinct places"),
        ("require: {pattern: f(), count: {min: 1, max: 2}}", {"a.py": "f()"}, "pass", "1 to 2 distinct places"),
    ],
)
def test_the_outcome_has_a_reason_in_words(body: str, files: dict[str, str], outcome: str, sentence: str) -> None:
    """Every way to an outcome is said in a sentence."""
    told = explained(body, files)
    assert told.outcome == outcome
    assert sentence in " ".join(told.because)


def test_a_row_that_is_kept_without_certainty_is_told() -> None:
    """A `not` over a file with a syntax error keeps rows uncertain and says so."""
    body = "for: {files: a.py, pattern: f($x)}\nforbid:\n  - not: {files: b.py, pattern: g($x)}"
    told = explained(body, {"a.py": "f(1)", "b.py": "g(2)\n(g\n"})
    assert told.outcome == "undecided"
    assert "without certainty" in step(told, "forbid[0]").note


def test_samples_are_capped_and_counted() -> None:
    """Of many rows the first are shown, and all are counted."""
    told = explained("forbid: {pattern: f($x)}", {"a.py": "f(1)\n" * 30}, most=3)
    selected = step(told, "forbid").selected
    assert selected is not None
    assert (selected.found.total, len(selected.found.matches)) == (30, 3)
    assert "… and 27 more matches; use --all" in text(told, DisplayOptions())


def test_a_step_that_was_not_reached_says_so() -> None:
    """A step after one that left no row is told, and that it was not reached."""
    told = explained("require: [{pattern: f()}, {pattern: g()}]", {"a.py": "g()"})
    assert [step.reached for step in told.parts[0].steps] == [True, False]


def test_an_unknown_policy_is_answered_with_what_was_meant() -> None:
    """A wrong id names the closest one."""
    made = pack(one("forbid: {pattern: f()}").replace("id: p", "id: no-eval"))
    checker = Checker(compile_packs([made], Settings(), schemas()))
    with pytest.raises(PolcheckError, match="did you mean `no-eval`"):
        explain(checker, "no-evl", of_files({"a.py": ""}), [made])
    assert explain(checker, "t:no-eval", of_files({"a.py": ""}), [made]).id == "no-eval"


def test_accepted_findings_are_told_as_such() -> None:
    """What a waiver accepts is said beside the outcome, which stays that of the policy."""
    made = pack(one("forbid: {pattern: f()}"))
    checker = Checker(compile_packs([made], Settings(), schemas()))
    waived = Waived("config", "for now")

    def accept(findings: Sequence[Finding], _: Submission, __: Sequence[PolicyResult]) -> Accepted:
        return Accepted(tuple(replace(finding, waived=waived) for finding in findings))

    told = explain(checker, "p", of_files({"a.py": "f()"}), [made], accept=accept)
    assert told.outcome == "fail"
    assert told.because[-1] == "every finding is accepted, so that a run counts the policy as passed"
    assert "a.py:1:1: wrong (accepted: for now)" in text(told, DisplayOptions())


def test_the_json_form_says_the_same() -> None:
    """The JSON form has each step with its files, rows and misses."""
    plain = explanation_to_json(explained(JOIN, FILES))
    require = plain["parts"][1]["steps"][0]
    assert plain["outcome"] == "fail"
    assert require["joined_on"] == ["key"]
    assert require["lost"]["shown"][0]["nearest"]["text"] == "the closest `key` is `epochs`"
    assert [entry["path"] for entry in require["selector"]["looked_in"]] == ["config.yaml"]


def test_the_whole_text(snapshot: object) -> None:
    """The text of one explanation, whole."""
    assert text(explained(JOIN, FILES), DisplayOptions()) == snapshot
