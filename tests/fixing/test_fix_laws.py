"""Laws of fixing, over made-up policies and files."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fixed_results import changed
from polcheck.findings.report import Report
from polcheck.project.library import checker
from polcheck.project.session import Session
from polcheck.sources.submission import of_files

WORDS = ("one", "two", "three", "two one", "one two", "", "x")
POLICY = """id: p{number}
title: t{number}
forbid: {{files: "*.txt", text: '(?P<word>\\b{word}\\b)'}}
message: "{{{{ word }}}}"
fix: {{replace: word, with: "{text}", safe: {safe}}}
"""

policies = st.lists(
    st.tuples(st.sampled_from(WORDS[:5]), st.sampled_from(WORDS), st.booleans()), min_size=1, max_size=4
)
texts = st.lists(st.sampled_from((*WORDS, "\n")), max_size=8).map(" ".join)


def marks(report: Report) -> list[tuple[str, str]]:
    """The findings of a report, as they are told apart."""
    return sorted((finding.ref, finding.message) for finding in report.failing)


@settings(max_examples=25)
@given(policies, st.lists(texts, min_size=1, max_size=2), st.booleans())
def test_fixing_only_ever_takes_findings_away(
    written: list[tuple[str, str, bool]], contents: list[str], unsafe: bool
) -> None:
    """What is left is a part of what was there, less what was fixed; a fresh check says the same; twice is once."""
    files = {f"{number}.txt": text for number, text in enumerate(contents)}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "policies").mkdir()
        (Path(folder) / "pack.yaml").write_text("name: p\nversion: 1.0.0\nlanguage: 2\n")
        body = "---\n".join(
            POLICY.format(number=number, word=word, text=text, safe=str(safe).lower())
            for number, (word, text, safe) in enumerate(written)
        )
        (Path(folder) / "policies" / "p.yaml").write_text(body)
        judge = checker(folder)
    with Session.of(judge, of_files(files)) as session:
        fixed = session.fix(unsafe=unsafe)
        again = Session.of(judge, of_files({**files, **changed(fixed)}))
        fresh = again.check()
        twice = again.fix(unsafe=unsafe)
    before, after = marks(fixed.before), marks(fixed.after)
    assert Counter(after) <= Counter(before)
    assert len(after) <= len(before) - len(fixed.fixed)
    assert marks(fresh) == after
    assert not twice.changes or fixed.rounds == 10
    assert (
        unsafe or not fixed.changes or all(finding.fix and finding.fix.safe for finding in fixed.fixed) or not written
    )
