"""A report that has one of everything, and what renderers are given."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from polcheck.base.spans import Place
from polcheck.findings.finding import Excerpt, Finding, Location, NearMiss, Waived
from polcheck.findings.report import Notice, PackUsed, PolicyOutcome, Report, RequirementOutcome, SubmissionUsed
from polcheck.render import Options


def at(path: str, line: int, column: int, end: int, *lines: str, first: int = 0, end_line: int = 0) -> Location:
    """A location on `line`, with `lines` as its excerpt (from `first`, else from `line`)."""
    excerpt = Excerpt(first or line, lines) if lines else None
    return Location(path, Place(path, line, column, end_line or line, end), excerpt)


def _policies() -> tuple[PolicyOutcome, ...]:
    see = "https://docs.example.org/policies/keys"
    return (
        PolicyOutcome("web", "keys-exist", "Every key that the code reads is set", "W1.keys", "error", "fail", 3, 2,
                      see=see, remedy="Add the key, or stop reading it",
                      description="A key that no file sets is None at run time."),
        PolicyOutcome("web", "no-placeholder", "No placeholder is left in the configuration", "W1.values", "warning",
                      "fail", 0, 2),
        PolicyOutcome("web", "seed", "A random seed is set", "W2.seed", "error", "fail", 0, 4),
        PolicyOutcome("web", "no-eval", "Nothing calls eval", "W2.safety", "error", "fail", 0, 4),
        PolicyOutcome("web", "imports-resolve", "Every local import has its file", "W2.safety", "warning", "undecided",
                      2, 4, reasons=(("src/broken.py", "does not parse (line 4)"),)),
        PolicyOutcome("web", "readme", "There is a README", "W3.docs", "note", "pass", 1, 1),
        PolicyOutcome("web", "tone", "Texts that a reader should look at", "W4.tone", "note", "fail", 0, 3),
        PolicyOutcome("web", "docker", "The image is pinned", "W3.docs", "note", "not-applicable"),
    )  # fmt: skip


def _findings() -> tuple[Finding, ...]:
    join = Finding(
        "web", "keys-exist", "W1.keys", "error", "Every key that the code reads is set",
        "`src/app.py` reads `port`, which config/app.yaml doesn't set", "Add `port`, or stop reading it",
        at("src/app.py", 12, 9, 20, "def main():", '\treturn cfg["port"]  # 端口', first=11),
        related=(at("config/app.yaml", 3, 1, 5, "serv: 8080"), Location("config/local.yaml")),
        bindings={"key": "port", "path": "src/app.py"}, see="https://docs.example.org/policies/keys",
        looked_in=("config/app.yaml",),
        nearest=NearMiss("`serv.port` is set, `port` isn't", at("config/app.yaml", 3, 1, 5)), fingerprint="a" * 32,
    )  # fmt: skip
    config = Finding(
        "web", "no-placeholder", "W1.values", "warning", "No placeholder is left in the configuration",
        "`HOST_PLACEHOLDER` is left in config/app.yaml", "",
        at("config/app.yaml", 2, 12, 28, 'name: "a"', '名前: "値" #  HOST_PLACEHOLDER', first=1),
        bindings={"value": "HOST_PLACEHOLDER"}, fingerprint="b" * 32,
    )  # fmt: skip
    missing = Finding(
        "web", "seed", "W2.seed", "error", "A random seed is set", "no file calls `random.seed`",
        "Call `random.seed` before anything else", None,
        looked_in=tuple(f"src/part{number}.py" for number in range(7)),
        nearest=NearMiss("`random.sed(1)` in src/part2.py", at("src/part2.py", 8, 5, 18, "    random.sed(1)")),
        fingerprint="c" * 32,
    )  # fmt: skip
    code = Finding(
        "web", "no-eval", "W2.safety", "error", "Nothing calls eval", "`eval` runs what it is given", "Parse it",
        at("src/app.py", 20, 5, 2, "    eval(", "        text,", "    )", end_line=22), fingerprint="d" * 32,
    )  # fmt: skip
    waived = replace(
        code,
        location=at("src/legacy.py", 1, 1, 11, "eval(text)"),
        fingerprint="e" * 32,
        waived=Waived("config", "goes with the old parser", "platform", "2031-01-31", Location("polcheck.yaml")),
    )
    inline = replace(
        waived,
        location=at("src/legacy.py", 9, 1, 11, "eval(more)"),
        fingerprint="f" * 32,
        waived=Waived("inline", "a test of eval itself", location=at("src/legacy.py", 8, 1, 30)),
    )
    baseline = replace(
        waived, location=Location("src/old.py"), fingerprint="0" * 32, waived=Waived("baseline", "in the baseline")
    )
    tone = Finding(
        "web", "tone", "W4.tone", "note", "Texts that a reader should look at", "is this kind?", "",
        at("src/app.py", 30, 5, 18, '    print("Oops")', "", first=30), fingerprint="4" * 32,
    )  # fmt: skip
    return (config, join, code, missing, tone, waived, inline, baseline)


@pytest.fixture(scope="session")
def report() -> Report:
    """A failed run: code, config, a join, a missing thing, waived findings, an undecided policy, notices."""
    return Report(
        verdict="fail",
        fail_on="error",
        submission=SubmissionUsed("shop", "folder", "sha256:" + "1" * 64, 9),
        packs=(PackUsed("web", "1.2.0", "sha256:" + "2" * 64, {"contract": "v2"}, "packs/web"),),
        requirements=(
            RequirementOutcome("web", "W1.keys", "Keys that are read exist", "fail"),
            RequirementOutcome("web", "W1.values", "Values are real", "fail"),
            RequirementOutcome("web", "W2.seed", "Runs can be repeated", "fail"),
            RequirementOutcome("web", "W2.safety", "Nothing runs text", "fail"),
            RequirementOutcome("web", "W3.docs", "The project is described", "pass"),
            RequirementOutcome("web", "W4.tone", "The text is kind", "review", "review", "tone is for a reader"),
        ),
        policies=_policies(),
        findings=_findings(),
        notices=(
            Notice(
                "unsearched", "src/broken.py does not parse", at("src/broken.py", 4, 1, 2), ("web:imports-resolve",)
            ),
            Notice("waiver", "the waiver for `web:docker` matched nothing", Location("polcheck.yaml")),
        ),
        fields={"is_ready": False, "issue": "Two things are missing.\n\n1. …"},
        polcheck="0.1.0",
        today="2026-06-01",
    )


@pytest.fixture(scope="session")
def passing(report: Report) -> Report:
    """A run that passed, with nothing to say against it."""
    policies = tuple(replace(policy, outcome="pass", reasons=()) for policy in report.policies)
    requirements = tuple(replace(requirement, outcome="pass") for requirement in report.requirements)
    return replace(
        report, verdict="pass", policies=policies, requirements=requirements, findings=(), notices=(), fields={}
    )


HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07 </script><script>alert(1)</script><img src=x onerror=alert(2)> "
    "`code` [a](javascript:alert(3)) | cell | @team #1 ![i](http://x) %0A::error::no\r\n::error file=x::forged\n"
    "]]> &amp; \"quoted\" 'single' \u202edlrow \ud800 \x00 \ufffe {{ 1 }} {% raw %} <!-- --> \u2028 _a_ *b* ~~c~~"
)


@pytest.fixture(scope="session")
def hostile(report: Report) -> Report:
    """A report in which every text that comes from a pack or a submission attacks the reader."""
    bad = HOSTILE
    path = "src/\x1b[31m<b>&\"'`|:,%\n.py"
    place = Location(path, Place(path, 1, 1, 1, 5), Excerpt(1, (bad.replace("\n", " ").replace("\r", " "),)))
    finding = replace(
        report.findings[0], pack=bad, policy=bad, requirement=bad, title=bad, message=bad, remedy=bad, location=place,
        related=(place, Location(path)), bindings={bad: bad}, looked_in=(path,), nearest=NearMiss(bad, place), see=bad,
        fingerprint="9" * 32,
    )  # fmt: skip
    return replace(
        report,
        submission=SubmissionUsed(bad, "folder", bad, 1),
        packs=(PackUsed(bad, bad, bad, {bad: bad}, bad),),
        requirements=(
            RequirementOutcome(bad, bad, bad, "fail"),
            RequirementOutcome(bad, bad + "2", bad, "review", "review", bad),
        ),
        policies=(
            PolicyOutcome(bad, bad, bad, bad, "warning", "fail", 1, 1, (), bad, bad, bad, bad),
            PolicyOutcome(bad, bad + "2", bad, bad, "error", "undecided", 1, 1, ((path, bad),)),
        ),
        findings=(finding, replace(finding, waived=Waived("config", bad, bad, bad, place), fingerprint="8" * 32)),
        notices=(Notice("config", bad, place, (bad,)),),
        fields={bad: bad},
    )


@pytest.fixture(scope="session")
def plain() -> Options:
    """The options of a run in a pipe."""
    return Options()
