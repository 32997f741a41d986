# ruff: noqa: PLR0912, PLR0915 - a table of kinds of faults, each with its regular expression on one line
"""Inject faults into projects, one at a time, and count which of them the pack `service` finds at the changed place.

    python benchmarks/service/faults.py FOLDER [--count 200] [--seed 1] [--limit 700]

FOLDER holds one project a folder. A fault changes one place at which two sides agree (a variable renamed, a port
changed, a route moved, a script deleted). It is found when a finding that wasn't there before stands at the changed
line, or at the line that names what was deleted or renamed; any other new finding is reported as such.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polcheck

_CODE = (".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".go")
_SKIPPED = re.compile(
    r"(^|/)(node_modules|vendor|dist|tests?|e2e|fixtures|examples?|docs?|templates)/|\{\{|(^|/)(test_|conftest)|\.(test|spec)\."
)


class Fault(NamedTuple):
    """One change of one file: its kind, where, the new content (None: the file is gone), and the lines that name it."""

    kind: str
    path: str
    line: int
    after: bytes | None
    mirrors: tuple[tuple[str, int], ...] = ()


class Tree:
    """The files of a project as text, by path."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts: dict[str, str] = {}
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if (
                path.is_file()
                and not path.is_symlink()
                and path.stat().st_size < 300_000
                and not name.startswith(".git/")
            ):
                try:
                    self.texts[name] = path.read_text("utf-8")
                except UnicodeDecodeError:
                    continue

    def lines(self, pattern: str, files: str) -> Iterator[tuple[str, int, re.Match[str]]]:
        """Yield path, line and match of each place in the files whose paths match."""
        for path, text in self.texts.items():
            if re.search(files, path) and not _SKIPPED.search(path):
                if "{%" in text or "{{" in text:
                    continue
                for found in re.finditer(pattern, text, re.MULTILINE):
                    if re.search(r"(^|\s)(#|//) ", text[: found.start(1)].rpartition("\n")[2]):
                        continue  # a comment
                    yield path, text.count("\n", 0, found.start(1)) + 1, found

    def replaced(self, path: str, found: re.Match[str], new: str) -> bytes:
        """Return the content of a file with the first group of a match replaced."""
        text = self.texts[path]
        return (text[: found.start(1)] + new + text[found.end(1) :]).encode()

    def naming(self, pattern: str, files: str) -> tuple[tuple[str, int], ...]:
        """Return the places that match."""
        return tuple((path, line) for path, line, _ in self.lines(pattern, files))


_COMPOSE = r"(^|/)[^/]*compose[^/]*\.ya?ml$"
_DOCKER = r"(^|/)Dockerfile[^/]*$"
_YAML = r"\.ya?ml$"


# variables that packages and servers read by themselves: that the code of the tree names them, too, is no contract
_KNOWN = re.compile(
    r"(DJANGO|NODE|NEXT|REACT|VITE|POSTGRES|MYSQL|MONGO|CELERY|FLASK|GUNICORN|AWS|PYTHON|DATABASE_URL|PORT$|HOST$|SENTRY|GOOGLE|DEBUG$|PG|NPM|SECRET_KEY_BASE)"
)


def _in_code(tree: Tree, word: str) -> bool:
    return not _KNOWN.match(word) and any(
        re.search(rf"\b{word}\b", text) for path, text in tree.texts.items() if path.endswith(_CODE)
    )


def _in_configuration(tree: Tree, word: str) -> bool:
    names = r"(compose[^/]*\.ya?ml|Dockerfile[^/]*|\.env[^/]*|README\.md)$"
    return any(re.search(names, path) and re.search(rf"\b{word}\b", text) for path, text in tree.texts.items())


def faults(tree: Tree) -> Iterator[Fault]:
    """Yield each fault that a project can be given."""
    builds = any(
        re.search(r"^\s+build:", text, re.MULTILINE) for path, text in tree.texts.items() if re.search(_COMPOSE, path)
    )
    for path, line, found in tree.lines(r"^ {6,}-? ?([A-Z][A-Z0-9_]{3,})(?=[:=])", _COMPOSE):
        name = found.group(1)
        block = tree.texts[path][: found.start()].rpartition("environment:")[0]
        service = re.split(r"^  [\w-]+:\s*$", block, flags=re.MULTILINE)[-1]
        if builds and "build:" in service and "image:" not in service and _in_code(tree, name):
            yield Fault("variable renamed in compose", path, line, tree.replaced(path, found, f"{name}_RENAMED"))
    reads = r"""(?:os\.environ\[|os\.environ\.get\(|os\.getenv\(|os\.Getenv\()["']([A-Z][A-Z0-9_]{3,})["']"""
    for path, line, found in tree.lines(reads, r"\.(py|go)$"):
        if builds and _in_configuration(tree, found.group(1)):
            yield Fault("variable renamed in code", path, line, tree.replaced(path, found, f"{found.group(1)}_RENAMED"))
    for path, line, found in tree.lines(r"process\.env\.([A-Z][A-Z0-9_]{3,})\b", r"\.(js|ts|mjs|tsx)$"):
        if builds and _in_configuration(tree, found.group(1)):
            yield Fault("variable renamed in code", path, line, tree.replaced(path, found, f"{found.group(1)}_RENAMED"))
    for path, line, found in tree.lines(r"^([A-Z][A-Z0-9_]{3,})=", r"(^|/)\.env\.(example|sample|template)$"):
        if _in_code(tree, found.group(1)):
            yield Fault(
                "variable renamed in an example", path, line, tree.replaced(path, found, f"{found.group(1)}_RENAMED")
            )
    for path, line, found in tree.lines(r"\$\{([A-Z][A-Z0-9_]{3,})\}", _COMPOSE):
        if tree.naming(rf"\b({found.group(1)})\b", r"(^|/)(\.env[^/]*|README\.md)$"):
            yield Fault("interpolation renamed", path, line, tree.replaced(path, found, f"{found.group(1)}_RENAMED"))
    for path, line, found in tree.lines(r"^\s+image:\s*[\"']?[\w./-]+?(:[\w.-]+)[\"']?\s*$", _YAML):
        if found.group(1) != ":latest" and re.search(_COMPOSE, path):
            yield Fault("version of an image taken away", path, line, tree.replaced(path, found, ""))
    for path, line, found in tree.lines(r"^FROM\s+[\w./-]+?(:[\w.-]+)(?:\s+[Aa][Ss]\s+\S+)?\s*$", _DOCKER):
        if found.group(1) != ":latest":
            yield Fault("version of an image taken away", path, line, tree.replaced(path, found, ""))
    for path, line, found in tree.lines(
        r"^COPY\s+(?!--)(?:\./)?([\w.-]+\.(?:txt|json|toml|py|sh|conf|mod|sum))\s", _DOCKER
    ):
        yield Fault("copied file renamed", path, line, tree.replaced(path, found, f"renamed-{found.group(1)}"))
        folder = path.rpartition("/")[0]
        gone = f"{folder}/{found.group(1)}" if folder else found.group(1)
        everywhere = [name for name in tree.texts if name.rpartition("/")[2] == found.group(1)]
        if everywhere == [gone]:
            named = tree.naming(rf"^COPY\s.*?({re.escape(found.group(1))})\b", _DOCKER)
            yield Fault("copied file deleted", gone, 0, None, named)
    for path, line, found in tree.lines(r"^    build:\s+(\./[\w-]+|[\w-]+)\s*$", _COMPOSE):
        yield Fault("build context renamed", path, line, tree.replaced(path, found, f"{found.group(1)}-renamed"))
    for path, line, found in tree.lines(r"^      dockerfile:\s+([\w./-]+)\s*$", _COMPOSE):
        yield Fault("Dockerfile renamed", path, line, tree.replaced(path, found, f"{found.group(1)}.renamed"))
    for path, line, found in tree.lines(r"^      - ([a-z][\w-]+)\s*$", _COMPOSE):
        before = tree.texts[path][: found.start()].splitlines()[-1].strip()
        if before == "depends_on:":
            yield Fault("dependency renamed", path, line, tree.replaced(path, found, f"{found.group(1)}-renamed"))
    for path, line, found in tree.lines(r"^      - [\"']?([a-z][\w-]+):/", _COMPOSE):
        if re.search(rf"^  {found.group(1)}:", tree.texts[path], re.MULTILINE):
            yield Fault("volume renamed", path, line, tree.replaced(path, found, f"{found.group(1)}-renamed"))
    for path, line, found in tree.lines(r"^\s+targetPort:\s*([\w-]+)\s*$", _YAML):
        if re.search(rf"(containerPort|name):\s*[\"']?{found.group(1)}\b", tree.texts[path]):
            yield Fault(
                "target port changed",
                path,
                line,
                tree.replaced(path, found, "17" if found.group(1).isdigit() else "renamed"),
            )
    for path, line, found in tree.lines(r"secretKeyRef:\s*\n\s+(?:name: \S+\s*\n\s+)?key:\s*([\w.-]+)", _YAML):
        if "kind:" in tree.texts[path] and tree.naming(rf"^  ({re.escape(found.group(1))}):", _YAML):
            yield Fault("key of a Secret renamed", path, line, tree.replaced(path, found, f"{found.group(1)}-renamed"))
    for path, line, found in tree.lines(r"configMapKeyRef:\s*\n\s+(?:name: \S+\s*\n\s+)?key:\s*([\w.-]+)", _YAML):
        if "kind:" in tree.texts[path] and tree.naming(rf"^  ({re.escape(found.group(1))}):", _YAML):
            yield Fault(
                "key of a ConfigMap renamed", path, line, tree.replaced(path, found, f"{found.group(1)}-renamed")
            )
    for path, line, found in tree.lines(r"^  selector:\s*\n    app(?:\.kubernetes\.io/name)?:\s*([\w-]+)\s*$", _YAML):
        if "kind: Service" in tree.texts[path] and tree.naming(rf"^\s{{8,}}app\S*:\s*({found.group(1)})\s*$", _YAML):
            service = tree.texts[path].count("\n", 0, tree.texts[path].rfind("apiVersion", 0, found.start())) + 1
            yield Fault(
                "selector changed",
                path,
                line,
                tree.replaced(path, found, f"{found.group(1)}-renamed"),
                ((path, service),),
            )
    for path, line, found in tree.lines(
        r"(?:Probe|httpGet):\s*\n(?:\s+\w+:.*\n){0,3}?\s+port:\s*([a-z][\w-]*|\d+)\s*$", _YAML
    ):
        if re.search(rf"(containerPort|name):\s*[\"']?{found.group(1)}\b", tree.texts[path]):
            yield Fault(
                "port of a probe changed",
                path,
                line,
                tree.replaced(path, found, "17" if found.group(1).isdigit() else "renamed"),
            )
    for path, line, found in tree.lines(
        r"celery[^\n]*?\s(?:-A|--app)[ =]([a-z_]+)(?:\.\w+)*", rf"{_COMPOSE}|{_DOCKER}"
    ):
        if any(re.search(rf"(^|/){found.group(1)}(/|\.py$)", name) for name in tree.texts):
            yield Fault(
                "module of a command renamed", path, line, tree.replaced(path, found, f"{found.group(1)}_renamed")
            )
    for path, line, found in tree.lines(
        r"(?:gunicorn|uvicorn|daphne)[^\n]*?[\s\"']([a-z_]\w*(?:\.\w+)*):\w+", rf"{_COMPOSE}|{_DOCKER}"
    ):
        if any(name.endswith(f"{found.group(1).replace('.', '/')}.py") for name in tree.texts):
            yield Fault(
                "module of a command renamed", path, line, tree.replaced(path, found, f"{found.group(1)}_renamed")
            )
    for path, line, found in tree.lines(
        r"(?:npm|yarn|pnpm)\"?,? \"?run\"?,? \"?([a-z][\w:-]*)", rf"{_COMPOSE}|{_DOCKER}"
    ):
        if tree.naming(rf"\"({re.escape(found.group(1))})\"\s*:", r"package\.json$"):
            yield Fault("npm script renamed", path, line, tree.replaced(path, found, f"{found.group(1)}-renamed"))
    for path, line, found in tree.lines(
        r"^(?:CMD|ENTRYPOINT).*?(?:python3?|node|sh|bash)\"?,? ?\"?(?:\./)?([\w/-]+\.(?:py|js|sh))", _DOCKER
    ):
        name = found.group(1).rpartition("/")[2]
        everywhere = [other for other in tree.texts if other.rpartition("/")[2] == name]
        if len(everywhere) == 1:
            yield Fault("started script deleted", everywhere[0], 0, None, ((path, line),))
    for path, line, found in tree.lines(
        r"https?://(?:localhost|127\.0\.0\.1)(?::\d+)?/(?:[\w-]+/)*([a-z][\w-]+)/?[\"'\s]", rf"{_COMPOSE}|{_DOCKER}"
    ):
        check = re.search(r"(HEALTHCHECK|healthcheck)", "\n".join(tree.texts[path][: found.start()].splitlines()[-8:]))
        if check and tree.naming(rf"/({re.escape(found.group(1))})/?[\"'`]", r"\.(py|js|ts|go)$"):
            start = tree.texts[path].count("\n", 0, tree.texts[path].rfind("HEALTHCHECK", 0, found.start())) + 1
            yield Fault(
                "route of a check changed",
                path,
                line,
                tree.replaced(path, found, f"{found.group(1)}-renamed"),
                ((path, start),),
            )
    for path, line, found in tree.lines(r"^\s+- [\"']?(?:[\d.]+:)?\d+:(\d+)[\"']?\s*$", _COMPOSE):
        if tree.naming(rf"^EXPOSE.*?\b({found.group(1)})\b", _DOCKER) and builds:
            service = re.split(r"^  [\w-]+:\s*$", tree.texts[path][: found.start()], flags=re.MULTILINE)[-1]
            if "build" in service:
                yield Fault("published port changed", path, line, tree.replaced(path, found, "17171"))
    for path, line, found in tree.lines(
        r"\(\s*[\"']\w+[\"'],\s*[\"'](\d{4}_\w+)[\"']", r"/migrations/\d{4}_[^/]*\.py$"
    ):
        if any(name.endswith(f"/{found.group(1)}.py") for name in tree.texts):
            yield Fault("migration renamed", path, line, tree.replaced(path, found, f"{found.group(1)}_renamed"))
    for path, line, found in tree.lines(r"^down_revision[^=\n]*=\s*[\"'](\w+)[\"']", r"/versions/[^/]*\.py$"):
        yield Fault("migration renamed", path, line, tree.replaced(path, found, f"{found.group(1)}f"))
    for path, line, found in tree.lines(r"\bsettings\.([A-Z][A-Z0-9_]+)\b(?!\s*=)", r"\.py$"):
        text = tree.texts[path]
        if "django.conf import settings" in text and tree.naming(
            rf"^({found.group(1)})\s*=", r"settings[^/]*(/[^/]*)?\.py$"
        ):
            yield Fault("setting renamed in code", path, line, tree.replaced(path, found, f"{found.group(1)}_RENAMED"))
    for path, line, found in tree.lines(
        r"^  [\"']?/(?:[\w{}-]+/)*([a-z][\w-]+)[\"']?:\s*$", r"(openapi|swagger)[^/]*\.ya?ml$"
    ):
        yield Fault("described path renamed", path, line, tree.replaced(path, found, f"{found.group(1)}-renamed"))


def chosen(trees: list[Tree], count: int, seed: int) -> list[tuple[Tree, Fault]]:
    """Return so many faults, from the kinds and projects in turn."""
    generator = random.Random(seed)
    kinds: dict[str, list[tuple[Tree, Fault]]] = {}
    for tree in trees:
        of_tree: dict[str, list[Fault]] = {}
        for fault in faults(tree):
            of_tree.setdefault(fault.kind, []).append(fault)
        for kind, some in of_tree.items():
            generator.shuffle(some)
            kinds.setdefault(kind, []).extend((tree, fault) for fault in some[:6])
    for pool in kinds.values():
        generator.shuffle(pool)
    picked: list[tuple[Tree, Fault]] = []
    while len(picked) < count and any(kinds.values()):
        for kind in sorted(kinds):
            if kinds[kind] and len(picked) < count:
                picked.append(kinds[kind].pop())
    return picked


def _made(session: polcheck.Session) -> list[tuple[str, str, int, str, int]]:
    """Return policy, path, line, message and last line of each finding that has a place."""
    return [
        (
            one.ref,
            one.location.path,
            one.location.line or 0,
            one.message,
            one.location.place.end_line if one.location.place else 0,
        )
        for one in session.check().findings
        if one.location is not None
    ]


def main() -> int:
    """Inject the faults, print each that is missed or makes something else new, and the figures by kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=700, help="leave out projects with more text files than this")
    parser.add_argument("--pack", default="service")
    options = parser.parse_args()
    projects = sorted(path for folder in options.folder for path in folder.iterdir() if path.is_dir())
    trees = [
        tree
        for path in projects
        if sum(1 for _ in path.rglob("*")) < 2 * options.limit and len((tree := Tree(path)).texts) <= options.limit
    ]
    picked = chosen(trees, options.count, options.seed)
    found_by_kind: Counter[str] = Counter()
    kinds: Counter[str] = Counter(fault.kind for _, fault in picked)
    elsewhere = 0
    for tree in trees:
        mine = [fault for owner, fault in picked if owner is tree]
        if not mine:
            continue
        with polcheck.Session(tree.root, [options.pack]) as session:
            before = set(_made(session))
            known = {(one[0], one[1], one[3]) for one in before}
            for fault in mine:
                session.overlay({fault.path: fault.after})
                new = [one for one in _made(session) if (one[0], one[1], one[3]) not in known]
                session.revert()
                places = {(fault.path, fault.line), *fault.mirrors}
                here = [one for one in new if any(one[1] == path and one[2] <= line <= one[4] for path, line in places)]
                found_by_kind[fault.kind] += bool(here)
                # NOTE: the other side of a renaming is part of the fault: what was read or set there no longer is
                others = [
                    one
                    for one in new
                    if one not in here and "renamed" not in one[3].lower() and fault.after is not None
                ]
                elsewhere += bool(others)
                if not here:
                    print(f"missed: {fault.kind}: {tree.root.name}/{fault.path}:{fault.line}", flush=True)
                for one in others:
                    print(
                        f"  also ({fault.kind}, {fault.path}:{fault.line}): {one[0]} {one[1]}:{one[2]} {one[3]}",
                        flush=True,
                    )
    for kind in sorted(kinds):
        print(f"{found_by_kind[kind]:4} of {kinds[kind]:4}  {kind}")
    print(f"{elsewhere} faults made a finding elsewhere that doesn't name what was renamed")
    print(f"{sum(found_by_kind.values())} of {sum(kinds.values())} found at the changed place")
    return 0


if __name__ == "__main__":
    sys.exit(main())
