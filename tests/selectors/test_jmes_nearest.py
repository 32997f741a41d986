"""The nearest miss: how far an expression got, and what it may have meant."""

from __future__ import annotations

import pytest

from polcheck.formats.values import Json
from polcheck.selectors.jmespath.expression import compile_expression
from polcheck.selectors.jmespath.nearest import Nearest

DOCUMENT: Json = {
    "experiments": [{"name": "a", "epochs": 3}, {"name": "b", "epoch": 4}],
    "jobs": {"build": {"steps": [{"run": "x"}, {"use": "y"}]}},
}


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("experiment[0].name", Nearest("@", (), "experiment", "experiments")),
        ("zzz.name", Nearest("@", (), "zzz")),
        ("jobs.build.timeout", Nearest("jobs.build", ("jobs", "build"), "timeout")),
        ("jobs.biuld.steps", Nearest("jobs", ("jobs",), "biuld", "build")),
        ("experiments[5].name", Nearest("experiments", ("experiments",), "[5]")),
        ("experiments[*].epochz", Nearest("experiments[*]", ("experiments", 1), "epochz", "epoch")),
        ("experiments[].rate", Nearest("experiments[]", ("experiments",), "rate")),
        ("experiments[?name == 'z'].epochs", Nearest("experiments", ("experiments",), "[?name == 'z']")),
        ("values(jobs)[].step[].run", Nearest("values(jobs)[]", ("jobs", "build"), "step", "steps")),
        (
            "values(jobs)[].steps[] | [?uses].with",
            Nearest("values(jobs)[].steps[]", ("jobs", "build", "steps"), "[?uses]"),
        ),
        ("experiments[].{n: nam}", Nearest("experiments[]", ("experiments",), "{n: nam}")),
        ("values(jbs)", Nearest("@", (), "jbs", "jobs")),
        ("lower(experiments)", Nearest("experiments", ("experiments",), "lower(experiments)")),
        ("experiments[0].name", Nearest("experiments[0].name", ("experiments", 0, "name"))),
    ],
)
def test_the_longest_beginning_that_resolves(text: str, nearest: Nearest) -> None:
    """The beginning, where it leads, the step that failed, and the existing key most like a missing one."""
    assert compile_expression(text).nearest(DOCUMENT) == nearest


def test_nothing_resolves_in_an_empty_document() -> None:
    """An empty document leads nowhere, and raises nothing."""
    assert compile_expression("a[?b].c").nearest(None) == Nearest("@", (), "a")
