"""Documents that are huge, deep, or grow as they are read."""

from __future__ import annotations

import pytest

from hostile.bounded import judged, outcome_of, undecided

MILLION = 1_000_000
DEEP = 100_000
EVAL = 'forbid: {files: "**/*.py", pattern: "eval(...)"}'


def _data(ending: str) -> str:
    return f'forbid: {{files: "h.{ending}", data: "type(@)", as: x}}'


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "beginning", "repeated", "end", "says"),
    [
        ("h.py", b"eval #(\nx = [", b"1,", b"]", "it took more than"),
        ("h.json", b"[", b"1,", b"1]", ("not JSON: more than 1000000 values", "it took more than")),
        ("h.yaml", b"[", b"a,", b"a]", ("not YAML at line 1: more than 1000000 values", "it took more than")),
        ("h.toml", b"a = [", b"1,", b"1]", "it took more than"),
    ],
)
def test_a_line_of_many_megabytes_ends_in_time(
    name: str, beginning: bytes, repeated: bytes, end: bytes, says: str | tuple[str, ...]
) -> None:
    """50 MB on one line are given up; what was not searched to its end is undecided."""
    body = EVAL if name == "h.py" else _data(name[2:])
    content = beginning + repeated * (50 * MILLION // len(repeated)) + end
    assert undecided(body, {name: content}, search_seconds=2.5).startswith(says)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("h.py", b"x = '" + b"a" * 50 * MILLION + b"'"),
        ("h.txt", b"neve " * (10 * MILLION)),
    ],
)
def test_a_long_line_is_searched(name: str, content: bytes) -> None:
    """A file of 50 MB that can be searched in time is searched to its end."""
    assert outcome_of(judged(f'forbid: {{files: "{name}", text: "never+"}}', {name: content})) == "pass"


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_a_text_of_many_megabytes_is_read(ending: str) -> None:
    """One value of 50 MB is one value."""
    content = b'{"a": "' + b"1" * 50 * MILLION + b'"}'
    report = judged(f'forbid: {{files: "h.{ending}", data: "a", as: x}}', {f"h.{ending}": content})
    assert (outcome_of(report), len(report.findings)) == ("fail", 1)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(("ending", "beginning"), [("json", ""), ("yaml", "a: "), ("toml", "a = ")])
def test_deep_configuration_is_undecided(ending: str, beginning: str, closed: bool) -> None:
    """100,000 nested brackets, and 200,000 that only open, are over the limit of depth."""
    text = beginning + ("[" * DEEP + "]" * DEEP if closed else "[" * 2 * DEEP)
    says = undecided(_data(ending), {f"h.{ending}": text})
    assert says.startswith(f"not {ending.upper()}")
    assert says.endswith("nested more than 200 levels deep")


def test_deep_code_is_searched() -> None:
    """100,000 nested brackets of code are searched to the innermost."""
    report = judged(EVAL, {"h.py": "x = " + "[" * DEEP + "eval(1)" + "]" * DEEP})
    assert (outcome_of(report), len(report.findings)) == ("fail", 1)


def test_code_that_only_opens_is_undecided() -> None:
    """200,000 open brackets are one syntax error, in which nothing is said not to be."""
    assert undecided(EVAL, {"h.py": "eval " + "(" * 2 * DEEP}) == "syntax error at line 1"


@pytest.mark.parametrize("ending", ["json", "yaml", "toml"])
def test_endless_integers_are_undecided(ending: str) -> None:
    """An integer of a million digits is over the limit."""
    text = {"json": '{"a": %s}', "yaml": "a: %s", "toml": "a = %s"}[ending] % ("9" * MILLION)
    assert undecided(_data(ending), {f"h.{ending}": text}).endswith("an integer of more than 4200 digits")


def test_aliases_are_undecided() -> None:
    """Aliases of aliases, and merges of merges, are over the limit of what they expand to."""
    doubled = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    merged = "a0: &a0 {x: 1}\n" + "".join(
        f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}\n" for n in range(1, 4_000)
    )
    for text in (doubled, merged):
        assert undecided(_data("yaml"), {"h.yaml": text}).endswith("aliases expand to more than 1000000 values")


@pytest.mark.parametrize("text", ["-" * DEEP + "1", "a" + ".b" * DEEP, "1" + "+1" * DEEP, "f'{" * 20_000])
def test_asking_whether_code_parses_ends(text: str) -> None:
    """Python's own compiler refuses what is too deep for it, and polcheck goes on."""
    report = judged('for: {files: "*.py"}\nrequire: {where: file.parsed}', {"h.py": f"x = {text}\n"})
    assert outcome_of(report) == "fail"
