"""Compares the pack github-workflows with zizmor, place by place, on the workflows of public repositories.

    python benchmarks/github_workflows/compare.py CACHE [--persona regular] [--part aside] [--only NAME] [--others]

CACHE is a folder with a checkout a repository, `owner+name`; `git` fetches those of projects.txt that are missing.
`--part` is one of its four parts: `first`, with which the pack was written, `aside`, `fresh` and `later`.
Compared are the places (audit, path, line) in workflows and actions. zizmor runs offline, without its configuration and
its comments. What polcheck could not decide is listed with its reason, so that no place is missing in silence.
`--others` lists the findings of the policies that zizmor has no audit for. Needs zizmor beside polcheck.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polcheck
from polcheck.sources.target import read_submission

HERE = Path(__file__).parent
PACK = "github-workflows"
_PARTS = ("first", "aside", "fresh", "later")
Place = tuple[str, str, int]


def projects(part: str) -> list[str]:
    """Return the entries `owner/name@commit` of one part of projects.txt: the lines below its heading."""
    parts: dict[str, list[str]] = {name: [] for name in _PARTS}
    heading = ""
    for line in (HERE / "projects.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            heading = line[2:].partition(":")[0]
        elif line:
            parts[heading].append(line)
    return parts[part]


def checkout(project: str, cache: Path) -> Path:
    """Return the folder in `cache` with a repository at its commit; git fetches it where it is missing."""
    name, _, commit = project.partition("@")
    home = cache / name.replace("/", "+")
    if not home.is_dir():
        git = ["git", "-C", str(home)]
        home.mkdir(parents=True)
        subprocess.run([*git, "init", "--quiet"], check=True)
        subprocess.run([*git, "fetch", "--quiet", "--depth=1", f"https://github.com/{name}", commit], check=True)
        subprocess.run([*git, "checkout", "--quiet", "FETCH_HEAD"], check=True)
    return home


def theirs(folder: Path, persona: str) -> set[Place] | None:
    """Return zizmor's places in a repository; None where it fails."""
    options = ["--quiet", "--offline", "--no-config", "--no-ignores", "--no-progress", f"--persona={persona}"]
    kinds = ["--collect=workflows", "--collect=actions", "--format=json"]
    command = ["zizmor", *options, *kinds, "."]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if not ran.stdout.startswith("["):
        return None
    return {
        (finding["ident"], _path(place), place["concrete"]["location"]["start_point"]["row"] + 1)
        for finding in json.loads(ran.stdout)
        for place in finding["locations"]
        if place["symbolic"]["kind"] == "Primary"
    }


def _path(place: dict[str, dict[str, dict[str, dict[str, str]]]]) -> str:
    return place["symbolic"]["key"]["Local"]["verbatim_path"].removeprefix("./")


def audits() -> set[str]:
    """Return the policies that answer to an audit of zizmor, which their pages name."""
    listed = subprocess.run(
        [sys.executable, "-m", "polcheck", "list", "--isolated", "--pack", PACK, "--format", "json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {row["id"] for row in json.loads(listed.stdout) if "docs.zizmor.sh" in str(row.get("see"))}


def _differences(folder: Path, persona: str, shared: set[str]) -> tuple[set[Place], set[Place], polcheck.Report] | None:
    expected = theirs(folder, persona)
    if expected is None:
        return None
    report = polcheck.check(read_submission(folder, gitignore=False), [PACK], params={"persona": persona})
    found = {
        (finding.policy, finding.location.path, finding.location.line)
        for finding in report.findings
        if finding.location
    }
    roots = (".github/", "action.")
    return (
        {place for place in expected if place[0] in shared and place[1].startswith(roots)},
        {place for place in found if place[0] in shared},
        report,
    )


def _rows(both: Counter[str], missing: Counter[str], extra: Counter[str]) -> Iterator[str]:
    yield "| audit | both | zizmor only | polcheck only |"
    yield "|---|---|---|---|"
    for audit in sorted({*both, *missing, *extra}):
        yield f"| {audit} | {both[audit]} | {missing[audit]} | {extra[audit]} |"
    yield f"| all | {both.total()} | {missing.total()} | {extra.total()} |"


def main() -> int:
    """Print the table, and each place that only one of the two has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--persona", default="regular", choices=["regular", "pedantic", "auditor"])
    parser.add_argument("--part", default="first", choices=_PARTS)
    parser.add_argument("--only", default="")
    parser.add_argument("--others", action="store_true")
    options = parser.parse_args()
    shared = audits()
    both, missing, extra = Counter[str](), Counter[str](), Counter[str]()
    lines: list[str] = []
    for project in projects(options.part):
        if options.only not in project:
            continue
        compared = _differences(checkout(project, options.cache), options.persona, shared)
        if compared is None:
            lines.append(f"{project}: zizmor reads none of its workflows")
            continue
        expected, found, report = compared
        both.update(audit for audit, _, _ in expected & found)
        missing.update(audit for audit, _, _ in expected - found)
        extra.update(audit for audit, _, _ in found - expected)
        name = project.partition("@")[0]
        lines += [f"zizmor only: {name} {path}:{line} {audit}" for audit, path, line in sorted(expected - found)]
        lines += [f"polcheck only: {name} {path}:{line} {audit}" for audit, path, line in sorted(found - expected)]
        lines += [
            f"undecided: {name} {policy.id} {'; '.join(f'{path} {why}' for path, why in policy.reasons)}"
            for policy in report.policies
            if policy.reasons and (policy.id in shared or options.others)
        ]
        if options.others:
            others = [finding for finding in report.findings if finding.policy not in shared]
            lines += [f"{finding.policy}: {name} {finding.location} {finding.message}" for finding in others]
    sys.stdout.write("\n".join([*_rows(both, missing, extra), "", *lines, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
