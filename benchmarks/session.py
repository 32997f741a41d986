"""Times checks in a session that stays open, each after a line was put somewhere into one file.

    python benchmarks/session.py FOLDER PACK FILE RUNS

Prints JSON: the times of the first check and of each later one, wall clock and processor, and memory. At last the
report is compared with that of a session that was opened anew.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from pathlib import Path

import polcheck
from polcheck.findings.report_json import report_to_json


def places(text: bytes) -> list[int]:
    """The offsets at which a statement can stand: before lines that aren't indented, outside of strings."""
    import ast

    starts = [0]
    for line in text.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    return [starts[node.lineno - 1] for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.Assign)]


def main() -> None:
    """Measures and prints."""
    root, pack, name, runs = sys.argv[1:]
    text = (Path(root) / name).read_bytes()
    chance = random.Random(1)
    seconds: list[float] = []
    work: list[float] = []

    def check(session: polcheck.Session) -> polcheck.Report:
        began, worked = time.perf_counter(), time.process_time()
        report = session.check()
        seconds.append(time.perf_counter() - began)
        work.append(time.process_time() - worked)
        return report

    with polcheck.Session(root, pack, project=False) as session:
        check(session)
        for number in range(int(runs)):
            at = chance.choice(places(text))
            session.overlay({name: text[:at] + b"added_%d = %d\n" % (number, number) + text[at:]})
            report = check(session)
        with polcheck.Session(root, pack, project=False) as other:
            other.overlay({name: text[:at] + b"added_%d = %d\n" % (number, number) + text[at:]})
            same = report_to_json(other.check()) == report_to_json(report)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "work": work, "memory": memory, "same": same}))


if __name__ == "__main__":
    main()
