"""Run the pack `service` on public repositories, and hold its findings against those that were judged by hand.

    python benchmarks/service/check.py FOLDER

FOLDER holds a checkout `OWNER+NAME` of each repository of projects.txt at the commit that stands there. findings.csv
has each finding with its place, whether it is true, and why. The script prints every finding that one of the two
lacks, and the table of docs/service.md; its exit status is 1 where they differ. A repository that FOLDER lacks is left
out, and named.
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
    missing = [name for name in projects if not (folder / name.replace("/", "+")).is_dir()]
    judged = Counter((row["repository"], row["policy"], row["path"], row["line"]) for row in rows)
    made: Counter[tuple[str, str, str, str]] = Counter()
    for name in projects:
        if name not in missing:
            report = polcheck.check(folder / name.replace("/", "+"), "service", project=True)
            made.update(
                (name, one.policy, one.location.path, str(one.location.line or 0))
                for one in report.findings
                if one.location is not None
            )
    expected = Counter({key: count for key, count in judged.items() if key[0] not in missing})
    for sign, keys in (("-", expected - made), ("+", made - expected)):
        for key in sorted(keys):
            print(sign, *key)
    table = Counter((row["policy"], row["true"]) for row in rows)
    print("| policy | findings | true | false |\n|---|---|---|---|")
    for policy in sorted({policy for policy, _ in table}):
        yes, no = table[policy, "yes"], table[policy, "no"]
        print(f"| {policy} | {yes + no} | {yes} | {no} |")
    total = sum(table.values())
    right = sum(count for (_, true), count in table.items() if true == "yes")
    print(f"| all, in {len(projects)} repositories | {total} | {right} | {total - right} |")
    for name in missing:
        print(f"not there: {name}")
    return int(expected != made)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
