"""Measures polcheck beside its peers and writes RESULTS.md.

    python benchmarks/run.py [--quick] [--sessions] [--runs N] [--submissions N] [--corpus DIR] [--out FILE]

Peers are found on the PATH (`ast-grep`, `semgrep`, `spectral`); one that isn't there is left out. Every comparison is
run in turn in one session, and the places that the tools report are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

import corpora
import equal
from measure import Command, Timed, in_turn, once, output
from results import Results

Place = tuple[str, str, int]  # rule, path, line
_PACK = "airas-base-code"


@dataclass(frozen=True)
class Bench:
    """Where things are, and how often each is run."""

    folder: Path
    times: int
    results: Results

    @property
    def homeassistant(self) -> Path:
        """A large package: Python and JSON."""
        return corpora.package(self.folder, "homeassistant==2024.3.3")

    def polcheck(self, name: str, *words: object, **more: object) -> Command:
        """A polcheck command, with a cache of its own."""
        environment = {"PYTHONPATH": str(corpora.ROOT / "engine"), "POLCHECK_CACHE": str(self.folder / "cache")}
        every = [sys.executable, "-m", "polcheck", *map(str, words)]
        return Command(name, every, self.folder, environment=environment, **more)  # type: ignore[arg-type]

    def run(
        self, name: str, tree: Path, pack: Path | str, *more: str, before: Callable[[], None] | None = None
    ) -> Command:
        """`polcheck run`, by one pack, with a short report."""
        return self.polcheck(name, "run", tree, "--isolated", "--pack", pack, "-q", *more, before=before)

    def again(self, name: str, tree: Path, pack: Path | str) -> Command:
        """`polcheck run` as it was run before, with nothing changed since."""
        command = self.run(name, tree, pack)
        return replace(command, before=partial(_made_before, command))

    def limit(self, tree: Path, pack: Path | str, literals: Iterable[str] = (), *, lines: bool = False) -> Command:
        """What can't be avoided for the policies of a pack: see limit.py. Its queries are those that polcheck runs."""
        import polcheck

        probes = polcheck.checker(str(pack)).plan.probes
        queries = [query for probe in probes for query in getattr(probe.what, "queries", ())]
        query = self.folder / f"{Path(pack).name}.scm"
        query.write_text("\n".join(dict.fromkeys(queries)), "utf-8")
        words = [
            sys.executable,
            str(Path(__file__).parent / "limit.py"),
            str(tree),
            str(query),
            "--jobs",
            str(_cores()),
        ]
        words += [word for text in literals for word in ("--literal", text)]
        return Command("the limit", [*words, *(["--lines"] if lines else [])], self.folder)


def _made_before(command: Command) -> None:
    """Makes a run that is old enough to be trusted: what changed within two seconds before a run is not kept."""
    time.sleep(2.2)
    once(command)


def calls(bench: Bench, number: int) -> None:
    """Policies with literals against ast-grep: cold, warm, one file changed."""
    names = equal.calls(number)
    pack = equal.call_pack(bench.folder, names)
    rules = equal.ast_grep_calls(bench.folder, names)
    what = f"{number} policies with literals"
    _against_ast_grep(bench, what, pack, rules, {10: 5.0, 200: 10.0}[number])
    if number == 10:
        literals = [name.rpartition(".")[2] for name in names]
        _against_limit(bench, what, bench.homeassistant, pack, literals, 2.0)


def kinds(bench: Bench) -> None:
    """Policies without literals against ast-grep."""
    rules = equal.ast_grep_kinds(bench.folder)
    pack = equal.kind_pack(bench.folder)
    _against_ast_grep(bench, "10 policies without literals", pack, rules, 1.0)
    _against_limit(bench, "10 policies without literals", bench.homeassistant, pack, (), 1.5)


def _against_limit(bench: Bench, what: str, tree: Path, pack: Path, literals: Iterable[str], target: float) -> None:
    cold = bench.run("polcheck, cold", tree, pack, "--no-cache")
    timed = in_turn([cold, bench.limit(tree, pack, literals)], bench.times)
    bench.results.timed(f"{what}, beside the limit", timed)
    bench.results.at_most(f"{what}, cold", "the limit", timed["polcheck, cold"], timed["the limit"], target)


def formats(bench: Bench) -> None:
    """The JSON report, which has a digest, against a line for each finding."""
    tree, pack = bench.homeassistant, equal.call_pack(bench.folder, equal.calls(10))
    short = bench.run("-q", tree, pack, "--no-cache")
    words = (word for word in short.words if word != "-q")
    whole = replace(short, name="-f json", words=[*words, "-f", "json"])
    timed = in_turn([short, whole], bench.times)
    bench.results.timed("formats, 10 policies with literals", timed)
    bench.results.at_most("10 policies with literals, `-f json`", "`-q`", timed["-f json"], timed["-q"], 1.1)


def _against_ast_grep(bench: Bench, what: str, pack: Path, rules: Path, target: float) -> None:
    tree = bench.homeassistant
    cold = bench.run("polcheck, cold", tree, pack, "--no-cache")
    warm = bench.again("polcheck, nothing changed", tree, pack)
    changed = bench.run("polcheck, one file changed", tree, pack, before=_touching(tree / "homeassistant" / "core.py"))
    if not (tool := _tool("ast-grep")):
        bench.results.note(f"{what}: ast-grep is not installed")
        bench.results.timed(what, in_turn([cold, warm, changed], bench.times))
        return
    peer = Command("ast-grep", [tool, "scan", "-r", str(rules), "--report-style", "short", "."], tree)
    theirs = _ast_grep_places(output(Command("ast-grep", [tool, "scan", "-r", str(rules), "--json=stream", "."], tree)))
    _compare(bench, what, _places(bench, tree, pack), theirs)
    timed = in_turn([cold, warm, changed, peer], bench.times)
    bench.results.timed(what, timed)
    bench.results.ratio(f"{what}, cold", "ast-grep", timed["polcheck, cold"], timed["ast-grep"], target)
    for state in ("nothing changed", "one file changed"):
        bench.results.ratio(f"{what}, {state}", "ast-grep", timed[f"polcheck, {state}"], timed["ast-grep"], 20.0)


def semgrep(bench: Bench) -> None:
    """Ten policies with literals against semgrep."""
    what = "10 policies with literals, beside semgrep"
    if not (tool := _tool("semgrep")):
        bench.results.note(f"{what}: semgrep is not installed")
        return
    tree = bench.homeassistant
    names = equal.calls(10)
    rules = equal.semgrep_calls(bench.folder, names)
    flags = ["--metrics=off", "--disable-version-check", "--no-git-ignore", "-q", "--include=*.py", "-j", str(_cores())]
    words = [tool, "scan", "--config", str(rules), *flags, str(tree)]
    printed = output(Command("semgrep", [*words, "--json"], bench.folder))
    theirs = {
        (found["check_id"].rpartition(".")[2], str(Path(found["path"]).relative_to(tree)), int(found["start"]["line"]))
        for found in json.loads(printed)["results"]
    }
    pack = equal.call_pack(bench.folder, names)
    _compare(bench, what, _places(bench, tree, pack), theirs)
    ours = in_turn([bench.run("polcheck, cold", tree, pack, "--no-cache")], bench.times)["polcheck, cold"]
    peer = once(Command("semgrep", words, bench.folder))
    bench.results.timed(what, {"polcheck, cold": ours, "semgrep": peer})
    bench.results.ratio(what, "semgrep", ours, peer, 20.0)


def keys(bench: Bench) -> None:
    """Five `data` policies over small JSON files against Spectral."""
    what = "5 data policies, 1,252 manifest.json"
    tree = _manifests(bench)
    pack = equal.key_pack(bench.folder)
    cold = bench.run("polcheck, cold", tree, pack, "--no-cache")
    if not (tool := _tool("spectral")):
        bench.results.note(f"{what}: Spectral is not installed")
        bench.results.timed(what, in_turn([cold], bench.times))
        return
    rules = equal.spectral_keys(bench.folder)
    words = [tool, "lint", "**/manifest.json", "-r", str(rules), "-f", "json", "-q"]
    peer = Command("spectral", words, tree)
    theirs = {(found["code"], str(Path(found["source"]).relative_to(tree)), 0) for found in json.loads(output(peer))}
    _compare(bench, what, {(rule, path, 0) for rule, path, _ in _places(bench, tree, pack)}, theirs)
    timed = in_turn([cold, peer], bench.times)
    bench.results.timed(what, timed)
    bench.results.ratio(what, "spectral", timed["polcheck, cold"], timed["spectral"], 8.0)


def start(bench: Bench) -> None:
    """The eight-file submission, its pack compiled, against Python that does nothing."""
    what = "the eight-file submission"
    python = Command("python -c pass", [sys.executable, "-c", "pass"], bench.folder)
    tree = bench.folder / "ready"
    shutil.copytree(corpora.ROOT / "examples" / "ready", tree, dirs_exist_ok=True)
    again = bench.again("polcheck, nothing changed", tree, _PACK)
    changed = bench.run("polcheck, one file changed", tree, _PACK, before=_touching(tree / "src" / "train.py"))
    timed = in_turn([again, changed, python], bench.times)
    bench.results.timed(what, timed, digits=3)
    for state in ("nothing changed", "one file changed"):
        ours = timed[f"polcheck, {state}"]
        bench.results.at_most(f"{what}, whole process, {state}", "`python -c pass`", ours, timed["python -c pass"], 6.0)


def sessions(bench: Bench) -> None:
    """One file changed in a session that stays open, beside whole runs and ast-grep over the same tree."""
    ready = bench.folder / "ready"
    shutil.copytree(corpora.ROOT / "examples" / "ready", ready, dirs_exist_ok=True)
    rules = equal.ast_grep_calls(bench.folder, equal.calls(10))
    many = corpora.copies(bench.homeassistant, 36_000, bench.folder)
    core = str(min(path for path in many.rglob("core.py") if path.stat().st_size > 10_000).relative_to(many))
    calls = equal.call_pack(bench.folder, equal.calls(10))
    for what, tree, pack, changed, target in (
        ("8 files, 61 policies, in a session", ready, Path(_PACK), "src/train.py", 0.030),
        ("36,000 files, 10 policies, in a session", many, calls, core, 0.150),
    ):
        words = [sys.executable, "benchmarks/session.py", str(tree), str(pack), changed, str(8 * bench.times)]
        command = Command("session", words, corpora.ROOT, environment={"PYTHONPATH": str(corpora.ROOT / "engine")})
        found = json.loads(output(command))
        if not found["same"]:
            bench.results.note(f"{what}: the report is another one than that of a fresh session")
        first = Timed(found["seconds"][:1], found["work"][:1], found["memory"])
        warm = Timed(found["seconds"][1:], found["work"][1:], found["memory"])
        cold = bench.run("polcheck run, cold", tree, pack, "--no-cache", "-f", "json")
        commands = [cold]
        if tool := _tool("ast-grep"):
            flags = ["--report-style", "short", "."]
            commands.append(Command("ast-grep, ten rules", [tool, "scan", "-r", str(rules), *flags], tree))
        others = in_turn(commands, bench.times)
        timed = {"session, first check": first, "session, one file changed": warm, **others}
        bench.results.timed(what, timed, digits=3)
        bench.results.within(f"{what}, one file changed", warm, target)
        for name, peer in others.items():
            bench.results.note(
                f"{what}: {peer.median / warm.median:.0f} times as fast as {name} (by processor time "
                f"{peer.processor / warm.processor:.0f} times)"
            )


def growth(bench: Bench, quick: bool) -> None:
    """How the time grows with policies, files and cores."""
    tree = bench.homeassistant
    rows: list[tuple[str, Timed]] = []
    for number in (10, 100) if quick else (10, 100, 1_000):
        pack = equal.call_pack(bench.folder, equal.calls(number))
        rows.append((f"{number:,} policies with literals, 6,725 files, cold", _cold(bench, tree, pack)))
    kinds = equal.kind_pack(bench.folder)
    for number in (1_000, 3_000) if quick else (1_000, 10_000, 30_000):
        files = corpora.copies(tree, number, bench.folder)
        rows.append((f"10 policies without literals, {number:,} files, cold", _cold(bench, files, kinds)))
    for jobs in sorted({1, _cores()}):
        timed = _cold(bench, tree, kinds, "--jobs", str(jobs))
        rows.append((f"10 policies without literals, 6,725 files, {jobs} processes", timed))
    bench.results.growth(rows)


def _cold(bench: Bench, tree: Path, pack: Path, *more: str) -> Timed:
    command = bench.run("polcheck", tree, pack, "--no-cache", *more)
    return once(command)


def batches(bench: Bench, submissions: int) -> None:
    """Submissions a second, and memory as they become more."""
    out = bench.folder / "rows.jsonl"
    rows: list[tuple[int, Timed]] = []
    for number in (submissions, 5 * submissions):
        source = corpora.bundles(number, bench.folder)
        words = ("batch", source, "--pack", _PACK, "--out", out, "-q")
        before = partial(out.unlink, missing_ok=True)
        command = bench.polcheck("batch", *words, before=before, statuses=(0, 2))
        rows.append((number, once(command)))
    limit = bench.limit(corpora.bundles(submissions, bench.folder), _PACK, lines=True)
    bench.results.batches(rows, once(limit), 20.0)


def _places(bench: Bench, tree: Path, pack: Path) -> set[Place]:
    printed = output(bench.run("polcheck", tree, pack, "-f", "json", "--no-cache"))
    found = json.loads(printed)["findings"]
    return {(each["policy"], each["path"], each["line"]) for each in found}


def _ast_grep_places(printed: str) -> set[Place]:
    found = (json.loads(line) for line in printed.splitlines())
    return {(each["ruleId"], each["file"].removeprefix("./"), each["range"]["start"]["line"] + 1) for each in found}


def _compare(bench: Bench, what: str, ours: Iterable[Place], theirs: Iterable[Place]) -> None:
    bench.results.agreement(what, set(ours), set(theirs))


def _touching(path: Path) -> Callable[[], None]:
    """What changes a file each time it is called."""
    original = path.read_bytes().partition(b"\n# changed ")[0]
    numbers = count()

    def touch() -> None:
        path.write_bytes(original + b"\n# changed " + str(next(numbers)).encode() + b"\n")

    return touch


def _manifests(bench: Bench) -> Path:
    """The manifests alone, so that both tools list the same folder."""
    made = bench.folder / "manifests"
    if not made.is_dir():
        partial_ = bench.folder / ".manifests"
        for path in sorted(bench.homeassistant.rglob("manifest.json")):
            target = partial_ / path.relative_to(bench.homeassistant)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        partial_.rename(made)
    return made


def _tool(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    """Runs what is asked for and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs, smaller sizes, no semgrep")
    parser.add_argument("--sessions", action="store_true", help="sessions alone")
    parser.add_argument("--runs", type=int, default=5, help="how often each comparison is run (default: 5)")
    parser.add_argument("--submissions", type=int, default=1_000, help="how large a batch is (default: 1,000)")
    parser.add_argument("--corpus", type=Path, help="where corpora are built and kept (default: a temporary folder)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "RESULTS.md", help="where results go")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.corpus or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / "cache", ignore_errors=True)
        bench = Bench(folder, 1 if given.quick else given.runs, Results(given.out, quick=given.quick))
        parts: list[Callable[[], None]] = (
            [partial(sessions, bench)]
            if given.sessions
            else [
                partial(start, bench),
                partial(calls, bench, 10),
                partial(calls, bench, 200),
                partial(kinds, bench),
                partial(formats, bench),
                partial(keys, bench),
                *([] if given.quick else [partial(semgrep, bench)]),
                partial(batches, bench, given.submissions),
                partial(growth, bench, given.quick),
                partial(sessions, bench),
            ]
        )
        for part in parts:
            part()
            bench.results.write()


if __name__ == "__main__":
    main()
