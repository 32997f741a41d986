"""Where rows come from: exact places for what is handed on, all inputs for what is computed."""

from __future__ import annotations

import pytest

from polcheck.formats.values import Json, Pointer
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.tracing import Origin
from polcheck.selectors.jmespath.values import EvaluationError

DOCUMENT: Json = {
    "name": "Base",
    "jobs": {"build": {"steps": [{"run": "x"}, {"uses": "b"}]}, "test": {"steps": [{"run": "a"}]}},
    "runs": [{"id": "r2", "n": 2}, {"id": "r1", "n": 1}, {"id": "r3"}],
}


def _origins(text: str, document: Json = DOCUMENT) -> list[list[Pointer]]:
    return [[origin.pointer for origin in row.origin] for row in compile_expression(text).trace(document).rows]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("name", ["/name"]),
        ("values(jobs)[].steps[].run", ["/jobs/build/steps/0/run", "/jobs/test/steps/0/run"]),
        ("values(jobs)[].steps[] | [?uses]", ["/jobs/build/steps/1"]),
        ("jobs.*.steps[0] | [*].run", ["/jobs/build/steps/0/run", "/jobs/test/steps/0/run"]),
        ("runs[-1].id", ["/runs/2/id"]),
        ("runs[::-1].id", ["/runs/2/id", "/runs/1/id", "/runs/0/id"]),
        ("reverse(runs)[].id", ["/runs/2/id", "/runs/1/id", "/runs/0/id"]),
        ("sort_by(runs, &n)[].id", ["/runs/1/id", "/runs/0/id", "/runs/2/id"]),
        ("sort(runs[].id)", ["/runs/1/id", "/runs/0/id", "/runs/2/id"]),
        ("min_by(runs, &n).id", ["/runs/1/id"]),
        ("max(runs[].n)", ["/runs/0/n"]),
        ("map(&id, runs)", ["/runs/0/id", "/runs/1/id", "/runs/2/id"]),
        ("merge(runs[0], {id: name}).id", ["/name"]),
        ("to_array(name)", ["/name"]),
        ("unique(map(&type(id), runs))", ["/runs/0/id"]),
        ("not_null(missing, name)", ["/name"]),
        ("missing || name", ["/name"]),
        ("runs && name", ["/name"]),
        ("[name, runs[0].id]", ["/name", "/runs/0/id"]),
        ("{a: name}.a", ["/name"]),
        ("lower(name)", ["/name"]),
        ("split(replace(name, 'a', 'b'), 's')", ["/name", "/name"]),
        ("leaves(runs[0])[].value", ["/runs/0/id", "/runs/0/n"]),
        ("[runs[1].id] | leaves(@)", ["/runs/1/id"]),
        ("nodes(jobs)[?key == 'run'].value", ["/jobs/build/steps/0/run", "/jobs/test/steps/0/run"]),
        ("length(runs)", ["/runs"]),
        ("'literal'", [None]),
    ],
)
def test_a_row_has_the_place_it_came_from(text: str, places: list[str | None]) -> None:
    """Whatever selects, orders or regroups values keeps the place of each."""
    found = ["/" + "/".join(map(str, row[0])) if row else None for row in _origins(text)]
    assert found == places


def test_a_computed_value_comes_from_all_its_inputs() -> None:
    """Joining, comparing and searching have the places of everything that they looked at."""
    ids: list[Pointer] = [("runs", 0, "id"), ("runs", 1, "id"), ("runs", 2, "id")]
    assert _origins("join(',', runs[].id)") == [ids]
    assert _origins("contains(runs[].id, name)") == [[*ids, ("name",)]]
    assert _origins("name == runs[0].id") == [[("name",), ("runs", 0, "id")]]


def test_keys_have_the_places_of_keys() -> None:
    """What keys() gives stands where the key does, not its value."""
    rows = compile_expression("keys(jobs)").trace(DOCUMENT).rows
    assert [row.origin for row in rows] == [(Origin(("jobs", "build"), True),), (Origin(("jobs", "test"), True),)]


@pytest.mark.parametrize(
    "text", ["entries(jobs)", "nodes(jobs)[?pointer == '/build']", "merge(jobs, `{}`) | entries(@)"]
)
def test_rows_of_entries_have_a_place_for_each_part(text: str) -> None:
    """A row's key stands where the key does, its value where the value does; the row is where its value is."""
    row = compile_expression(text).trace(DOCUMENT).rows[0]
    assert row.origin == (Origin(("jobs", "build")),)
    assert row.parts == {
        "key": (Origin(("jobs", "build"), True),),
        "value": (Origin(("jobs", "build")),),
        "pointer": (Origin(("jobs", "build")),),
    }


def test_an_element_of_a_list_has_no_key() -> None:
    """The number of an element comes from where the element stands."""
    assert compile_expression("entries(runs)").trace(DOCUMENT).rows[0].parts["key"] == (Origin(("runs", 0)),)


def test_parts_have_the_places_of_bound_values() -> None:
    """Each key of a multiselect hash has the places of its own value; a missing one that of its holder."""
    row = compile_expression("runs[].{i: id, k: keys(@)[0], m: missing, c: 'x'}").trace(DOCUMENT).rows[0]
    assert row.parts == {
        "i": (Origin(("runs", 0, "id")),),
        "k": (Origin(("runs", 0, "id"), True),),
        "m": (Origin(("runs", 0)),),
        "c": (),
    }
    assert row.origin == (Origin(("runs", 0, "id")), Origin(("runs", 0, "id"), True), Origin(("runs", 0)))


def test_null_elements_are_no_rows() -> None:
    """A list's nulls are left out, in plain rows as in traced ones, and a null result is no row at all."""
    expression = compile_expression("[missing, name]")
    assert expression.rows(DOCUMENT) == ["Base"]
    assert [row.value for row in expression.trace(DOCUMENT).rows] == ["Base"]
    assert compile_expression("missing").rows(DOCUMENT) == []
    assert compile_expression("missing").trace(DOCUMENT).rows == []


def test_false_and_empty_values_are_rows() -> None:
    """Only null is nothing: an empty text, zero or an empty object is a row."""
    assert compile_expression("@").rows([0, "", {}, False]) == [0, "", {}, False]
    assert len(compile_expression("@").trace([0, "", {}, False]).rows) == 4


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("length(runs[].lower(n))", ("runs", 0, "n")),
        ("length(runs[?lower(n) == 'x'])", ("runs", 0, "n")),
        ("sum(runs[].[n, id][])", ("runs", 0, "id")),
        ("sort_by(runs, &not_null(n, id))", ("runs", 2, "id")),
        ("matches(name, replace(runs[0].id, 'r2', '('))", ("runs", 0, "id")),
        ("sort(jobs.build.steps)", ("jobs", "build", "steps", 0)),
    ],
)
def test_a_type_error_says_where_the_value_stands(text: str, pointer: Pointer) -> None:
    """A traced evaluation that fails points at the value of the wrong type; a plain one doesn't know."""
    with pytest.raises(EvaluationError) as caught:
        compile_expression(text).trace(DOCUMENT)
    assert caught.value.pointer == pointer
    with pytest.raises(EvaluationError) as plain:
        compile_expression(text).evaluate(DOCUMENT)
    assert (plain.value.message, plain.value.pointer) == (caught.value.message, None)
