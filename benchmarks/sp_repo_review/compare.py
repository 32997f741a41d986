"""Compares the pack python-project with sp-repo-review, outcome by outcome, on source distributions.

    python benchmarks/sp_repo_review/compare.py CACHE [--joins] [--only NAME]

CACHE is a folder that keeps the unpacked distributions between runs; `pip download` fills it. What the
reference skips, or does not even list, is `not-applicable`. The projects' own lists of what to ignore are set
aside. Needs sp-repo-review[cli] beside polcheck.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polcheck
from polcheck.sources.target import read_submission

HERE = Path(__file__).parent
_OUTCOMES = {True: "pass", False: "fail", None: "not-applicable"}


@dataclass(frozen=True)
class Difference:
    """One requirement on which the two do not agree."""

    project: str
    requirement: str
    theirs: str
    ours: str


def projects() -> list[str]:
    """The requirements of projects.txt, one a line."""
    lines = (HERE / "projects.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def unpacked(requirement: str, cache: Path) -> Path:
    """The folder in `cache` with the unpacked source distribution; downloads it where it is missing.

    NOTE: `--no-binary NAME` and not `:all:`, which would build the build backends from source, too.
    """
    home = cache / requirement
    if not home.is_dir():
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            name = requirement.split("==", 1)[0]
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name]
            subprocess.run([*command, "--dest", folder, requirement], check=True)
            (archive,) = Path(folder).iterdir()
            with tarfile.open(archive) as tar:
                tar.extractall(Path(folder) / "tree", filter="data")
            (Path(folder) / "tree").rename(home)
    (tree,) = home.iterdir()
    return tree


def reference(tree: Path) -> dict[str, str]:
    """What sp-repo-review says of each of its checks."""
    from repo_review.processor import process

    # NOTE: a name that no check has, so that the project's own `ignore` does not apply
    results = process(tree, ignore={"-"}).results
    return {result.name: _OUTCOMES[result.result] for result in results}


def judged(tree: Path) -> polcheck.Report:
    """polcheck's report on the same tree."""
    # NOTE: the reference does not look at .gitignore, so everything is judged
    # NOTE: `*`, so that the default profile leaves nothing out
    return polcheck.check(read_submission(tree, gitignore=False), ["python-project"], select=["*"])


def differences(project: str, theirs: dict[str, str], ours: dict[str, str]) -> Iterator[Difference]:
    """Each requirement with an id of sp-repo-review's on which the two disagree."""
    for requirement in sorted(ours):
        expected = theirs.get(requirement, "not-applicable")
        if expected != ours[requirement]:
            yield Difference(project, requirement, expected, ours[requirement])


def compare(cache: Path, only: str, joins: bool) -> int:
    """Prints the comparison; returns 0 when at least 99 % of the outcomes agree."""
    total: Counter[str] = Counter()
    found: list[Difference] = []
    for requirement in projects():
        if only and only not in requirement:
            continue
        tree = unpacked(requirement, cache)
        report = judged(tree)
        if joins:
            print_joins(requirement, report)
        ours = {r.id: r.outcome for r in report.requirements if "." not in r.id}
        theirs = reference(tree)
        missing = theirs.keys() - ours.keys()
        assert not missing, f"no requirement for {sorted(missing)}"
        total.update(ours.values())
        found += differences(requirement, theirs, ours)
    print_agreement(total, found)
    return 0 if len(found) <= total.total() / 100 else 1


def print_agreement(total: Counter[str], found: list[Difference]) -> None:
    """Prints the share of outcomes that agree, and each one that does not."""
    count = total.total()
    share = 100 * (count - len(found)) / max(count, 1)
    spread = ", ".join(f"{number} {outcome}" for outcome, number in total.most_common())
    print(f"{count - len(found)} of {count} outcomes agree ({share:.2f} %): {spread}")
    for difference in found:
        print(f"| {difference.project} | {difference.requirement} | {difference.theirs} | {difference.ours} |")


def print_joins(project: str, report: polcheck.Report) -> None:
    """Prints each finding of the joins, as rows of joins.md."""
    for finding in report.findings:
        if finding.requirement.startswith(("JOIN.", "TASTE.line")):
            place = f"{finding.location.path}:{finding.location.line}" if finding.location else ""
            print(f"| {project} | {finding.policy} | {place} | {finding.message} |")


def main() -> int:
    """Reads the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="folder for the unpacked distributions")
    parser.add_argument("--joins", action="store_true", help="print the findings of the joins as well")
    parser.add_argument("--only", default="", help="only projects whose requirement holds this text")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    return compare(options.cache, options.only, options.joins)


if __name__ == "__main__":
    sys.exit(main())
