"""Run the pack `service` on public repositories, and hold its findings against those that were judged by hand.

    python benchmarks/service/check.py FOLDER

FOLDER holds a checkout `OWNER+NAME` of each repository of projects.txt at the commit that stands there. findings.csv
has each finding of the first run on repositories that nobody had looked at before: its place, whether it is true, why,
and whether the pack still reports it (`still`), for what was false was corrected afterwards. What the pack reports
only since it was corrected has the value `since`: it was judged as well, and doesn't count for the first run. The
script prints every finding that the file or the run lacks, and the table of docs/service.md; its exit status is 1
where they differ. A repository that FOLDER lacks is left out, and named.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

import polcheck

_HERE = Path(__file__).resolve().parent


def main(folder: Path) -> int:
    """Compare, print, and return the exit status."""
    with (_HERE / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    projects = [line.split()[0] for line in (_HERE / "projects.txt").read_text("utf-8").splitlines()]
    missing = {name for name in projects if not (folder / name.replace("/", "+")).is_dir()}
    expected = Counter(
        (row["repository"], row["policy"], row["path"], row["line"])
        for row in rows
        if row["still"] != "no" and row["repository"] not in missing
    )
    reported: Counter[tuple[str, str, str, str]] = Counter()
    for name in projects:
        if name not in missing:
            report = polcheck.check(folder / name.replace("/", "+"), "service", project=True)
            reported.update(
                (name, one.policy, one.location.path, str(one.location.line or 0))
                for one in report.findings
                if one.location is not None
            )
    for sign, keys in (("-", expected - reported), ("+", reported - expected)):
        for key in sorted(keys):
            print(sign, *key)
    print(table([row for row in rows if row["still"] != "since"], len(projects)))
    for name in sorted(missing):
        print(f"not there: {name}")
    return int(expected != reported)


def table(rows: list[dict[str, str]], projects: int) -> str:
    """Return the table of docs/service.md, in Markdown: per policy the findings of the first run, and what is left."""
    lines = ["| policy | findings | true | false | false that are left |", "|---|---|---|---|---|"]
    for policy in [*sorted({row["policy"] for row in rows}), ""]:
        those = [row for row in rows if row["policy"] == policy or not policy]
        false = [row for row in those if row["true"] == "no"]
        left = sum(row["still"] == "yes" for row in false)
        name = policy or f"all, in {projects} repositories"
        lines.append(f"| {name} | {len(those)} | {len(those) - len(false)} | {len(false)} | {left} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
