"""Inject faults into projects, one at a time, and count which of them the pack `service` finds at the changed place.

    python benchmarks/service/faults.py FOLDER [--count 200] [--seed 1] [--limit 700] [--kind TEXT] [--jobs N]

FOLDER holds one project a folder. A fault changes one place at which two sides agree: a variable renamed, a port
changed, a route moved, a script deleted. It is chosen by what the two sides are, never by what the pack says of them:

- both sides are there before, in the form that the language or the format has for them (`os.environ["X"]`, a key of
  `environment`, `EXPOSE`), in one project;
- afterwards they can't agree: the new name or number is nowhere in the project, or the one file of that name is gone,
  or the last side that had the old name has it no longer.

The faults are taken from all kinds in turn, and of each kind from all projects. One is found when a finding that
wasn't there before stands at the changed line, or, where a side is gone, at a line that still names it. Any other new
finding is reported, unless its message names what was changed: that is the other side of the same fault.
"""

from __future__ import annotations

import argparse
import posixpath
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import yaml

import polcheck

_SKIPPED = re.compile(
    r"(^|/)(node_modules|vendor|dist|tests?|e2e|fixtures|examples?|docs?|templates|scripts|tools|benchmarks|testing|__tests__)/"
    r"|\{\{|(^|/)(test_|conftest|tests?\.)|\.(test|spec|config)\.|_test\."
)
_COMPOSE = r"(^|/)(?!process-)[^/]*compose[^/]*\.ya?ml$"
_DOCKER = r"(^|/)(Dockerfile|Containerfile)[^/]*$|\.[Dd]ockerfile$"
_STARTING = rf"{_COMPOSE}|{_DOCKER}|(^|/)Procfile$|\.sh$"
_EXAMPLE = r"(^|/)(\.env\.(example|sample|template|dist)|(example|sample)\.env|\.env)$"
_YAML = r"\.ya?ml$"
_ASSIGNED = r"^(?:export )?([A-Z][A-Z0-9_]{3,})="
_READS = (
    (r"\.py$", r"""(?:os\.environ\.get|os\.getenv)\(\s*["']([A-Z][A-Z0-9_]{3,})["']"""),
    (r"\.py$", r"""os\.environ\[["']([A-Z][A-Z0-9_]{3,})["']\](?!\s*=[^=])"""),
    (r"\.go$", r'os\.(?:Getenv|LookupEnv)\("([A-Z][A-Z0-9_]{3,})"\)'),
    (r"\.([cm]?[jt]s|[jt]sx)$", r"(?:process|import\.meta)\.env\.([A-Z][A-Z0-9_]{3,})\b(?!\s*=[^=])"),
)
_ROUTE = (
    r"""(?:\.(?:get|post|route|use|GET|POST|Get|Post|HandleFunc|Handle)\(\s*["'`]|path\(\s*r?["'])"""
    r"""/?(?:[\w-]+/)*(%s)/?["'`]"""
)


class Fault(NamedTuple):
    """One change of one file.

    `after` is the new content (None: the file is gone), `mirrors` are the lines of the other side, and `names` what
    was changed and what it became.
    """

    kind: str
    path: str
    line: int
    after: bytes | None
    mirrors: tuple[tuple[str, int], ...]
    names: tuple[str, str]


class Scalar(NamedTuple):
    """A scalar of a YAML document: the keys that lead to it, its value, and its first and last character."""

    keys: tuple[str, ...]
    value: str
    start: int
    end: int


def _scalars(node: yaml.Node | None, keys: tuple[str, ...] = ()) -> Iterator[Scalar]:
    """Yield each scalar below a node; a key has itself as its last key, and `?` before it."""
    if isinstance(node, yaml.ScalarNode):
        yield Scalar(keys, str(node.value), node.start_mark.index, node.end_mark.index)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _scalars(item, (*keys, str(index)))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                name = str(key.value)
                yield Scalar((*keys, "?", name), name, key.start_mark.index, key.end_mark.index)
                yield from _scalars(value, (*keys, name))


class Service(NamedTuple):
    """A service of a compose file, with the folder and the Dockerfile that it is built from, if it is."""

    path: str
    name: str
    scalars: tuple[Scalar, ...]
    context: str | None
    dockerfile: str | None

    def at(self, *keys: str) -> Iterator[Scalar]:
        """Yield each scalar whose keys begin so."""
        return (one for one in self.scalars if one.keys[: len(keys)] == keys)


class Tree:
    """The files of a project as text, by path, and what is in its YAML."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts: dict[str, str] = {}
        self.paths: set[str] = set()
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_symlink() or not path.is_file() or name.startswith(".git/"):
                continue
            self.paths.add(name)
            if path.stat().st_size < 300_000:
                try:
                    self.texts[name] = path.read_bytes().decode("utf-8")
                except UnicodeDecodeError:
                    continue
        self.documents: list[tuple[str, tuple[Scalar, ...]]] = []
        for name, text in self.texts.items():
            if re.search(_YAML, name) and not _SKIPPED.search(name) and "{{" not in text and "{%" not in text:
                try:
                    self.documents += [(name, tuple(_scalars(one))) for one in yaml.compose_all(text, yaml.CSafeLoader)]
                except (yaml.YAMLError, RecursionError):
                    continue
        self.services = tuple(self._services())

    def _services(self) -> Iterator[Service]:
        """Yield each service of a compose file."""
        for path, scalars in self.documents:
            if not re.search(_COMPOSE, path):
                continue
            names = {one.keys[1] for one in scalars if len(one.keys) > 2 and one.keys[0] == "services"}
            for name in sorted(names - {"?"}):
                own = tuple(one._replace(keys=one.keys[2:]) for one in scalars if one.keys[:2] == ("services", name))
                said = {one.keys: one.value for one in own}
                context = said.get(("build",), said.get(("build", "context")))
                folder = file = None
                if context is not None and "$" not in context and ":" not in context:
                    folder = _joined(posixpath.dirname(path), context)
                    file = (
                        _joined(folder, said.get(("build", "dockerfile"), "Dockerfile")) if folder is not None else None
                    )
                yield Service(path, name, own, folder, file if file in self.texts else None)

    def line(self, path: str, start: int) -> int:
        """Return the line of a character, from 1."""
        return self.texts[path].count("\n", 0, start) + 1

    def lines(self, pattern: str, files: str) -> Iterator[tuple[str, re.Match[str]]]:
        """Yield path and match of each place in the files whose paths match, comments and templates left out."""
        for path, text in self.texts.items():
            if re.search(files, path) and not _SKIPPED.search(path) and "{%" not in text and "{{" not in text:
                for found in re.finditer(pattern, text, re.MULTILINE):
                    if not re.search(r"(^|\s)(#|//)", text[: found.start(1)].rpartition("\n")[2]):
                        yield path, found

    def naming(self, pattern: str, files: str) -> tuple[tuple[str, int], ...]:
        """Return the places that match."""
        return tuple((path, self.line(path, found.start(1))) for path, found in self.lines(pattern, files))

    def mentions(self, word: str) -> int:
        """Return how often a word stands in the files."""
        return sum(len(re.findall(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)) for text in self.texts.values())

    def changed(
        self, kind: str, path: str, start: int, old: str, new: str, mirrors: tuple[tuple[str, int], ...] = ()
    ) -> Fault:
        """Return the fault that puts one word in the place of another, which is the first one from `start` on."""
        text = self.texts[path]
        at = text.index(old, start)
        after = text[:at] + new + text[at + len(old) :]
        return Fault(kind, path, self.line(path, at), after.encode(), mirrors, (old, new))

    def deleted(self, kind: str, path: str, mirrors: tuple[tuple[str, int], ...]) -> Fault:
        """Return the fault that takes a file away."""
        names = (posixpath.basename(path), posixpath.splitext(posixpath.basename(path))[0])
        return Fault(kind, path, 0, None, (*mirrors, *self.naming(rf"\b({re.escape(names[0])})", _STARTING)), names)


def _joined(folder: str, path: str) -> str | None:
    """Return a path as it is from the root, or None where it leads out of it."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    return None if joined.startswith(("..", "/")) else "" if joined == "." else joined


def faults(tree: Tree) -> Iterator[Fault]:
    """Yield each fault that a project can be given."""
    for some in (
        _variables,
        _images,
        _built,
        _names,
        _manifests,
        _ports,
        _commands,
        _checks,
        _settings,
        _paths,
        _migrations,
    ):
        yield from some(tree)


Reads = dict[str, list[tuple[str, re.Match[str], bool]]]


def _variables(tree: Tree) -> Iterator[Fault]:
    """Yield variables that are renamed where they are set, put in or read."""
    reads: Reads = {}
    for files, pattern in _READS:
        for path, found in tree.lines(pattern, files):
            needed = "environ[" in pattern or tree.texts[path][found.end() : found.end() + 1] == "!"
            reads.setdefault(found.group(1), []).append((path, found, needed))
    declared = {found.group(1) for _, found in tree.lines(_ASSIGNED, _EXAMPLE)}
    for service in tree.services:
        for name, start in _environment(service):
            declared.add(name)
            folder = f"{service.context}/" if service.context else ""
            if service.dockerfile and any(path.startswith(folder) for path, _, _ in reads.get(name, ())):
                yield tree.changed("variable renamed in compose", service.path, start, name, f"{name}_RENAMED")
    for name, places in reads.items():
        for path, found, needed in places:
            if name in declared and any(service.context is not None for service in tree.services):
                kind = "needed variable renamed in code" if needed else "optional variable renamed in code"
                yield tree.changed(kind, path, found.start(1), name, f"{name}_RENAMED")
    yield from _examples(tree, reads)


def _environment(service: Service) -> Iterator[tuple[str, int]]:
    """Yield each variable that a service sets, and where."""
    for one in service.at("environment"):
        key = one.keys[1:]
        name = key[1] if key[0] == "?" else one.value.partition("=")[0] if key[0].isdigit() else ""
        if re.fullmatch(r"[A-Z][A-Z0-9_]{3,}", name):
            yield name, one.start


def _examples(tree: Tree, reads: Reads) -> Iterator[Fault]:
    """Yield variables of examples of .env that are renamed there, and where a compose file puts them in."""
    for path, found in tree.lines(_ASSIGNED, _EXAMPLE):
        name = found.group(1)
        put = tree.naming(rf"\$\{{?({name})\b", _COMPOSE)
        if (name in reads or put) and posixpath.basename(path) != ".env":
            yield tree.changed("variable renamed in an example", path, found.start(1), name, f"{name}_RENAMED")
    for path, found in tree.lines(r"(?<!\$)\$\{([A-Z][A-Z0-9_]{3,})\}", _COMPOSE):
        name = found.group(1)
        if tree.naming(rf"^(?:export )?({name})=", _EXAMPLE):
            yield tree.changed("interpolation renamed", path, found.start(1), name, f"{name}_RENAMED")


def _images(tree: Tree) -> Iterator[Fault]:
    """Yield images that lose their version, but for those that the project builds and releases itself."""
    kind = "version taken off an image of "
    own = {word for word in re.split(r"[+/]", tree.root.name.lower()) if word}
    own |= {posixpath.basename(posixpath.dirname(path)) for path in tree.paths if re.search(_DOCKER, path)}
    for service in tree.services:
        if service.context is not None:
            own |= {re.sub(r"^.*/|:.*$", "", one.value) for one in service.at("image")} | {service.name}
    for service in tree.services:
        for one in service.at("image"):
            found = re.fullmatch(r"[\w./-]+?(:[\w.-]*\d[\w.-]*)", one.value)
            if found and service.context is None and own.isdisjoint(re.split("[/:]", one.value)):
                yield tree.changed(f"{kind}a compose file", service.path, one.start, found.group(1), "")
    for path, found in tree.lines(r"^FROM\s+[\w./-]+?(:[\w.-]*\d[\w.-]*)(?:\s+[Aa][Ss]\s+\S+)?\s*$", _DOCKER):
        yield tree.changed(f"{kind}a Dockerfile", path, found.start(1), found.group(1), "")
    for path, scalars in tree.documents:
        for one in scalars:
            found = re.fullmatch(r"[\w./-]+?(:[\w.-]*\d[\w.-]*)", one.value)
            foreign = own.isdisjoint(re.split("[/:]", one.value))
            if found and foreign and one.keys[-1] == "image" and "containers" in one.keys:
                yield tree.changed(f"{kind}a manifest", path, one.start, found.group(1), "")


def _built(tree: Tree) -> Iterator[Fault]:
    """Yield what images are built from, renamed or deleted."""
    contexts = {service.dockerfile: service.context for service in tree.services if service.dockerfile}
    for path, found in tree.lines(r"^COPY\s+(?!--)(?:\./)?([\w./-]+\.\w+)\s", _DOCKER):
        source = _joined(contexts.get(path) or posixpath.dirname(path), found.group(1))
        if source is None or source not in tree.paths:
            continue
        name = posixpath.basename(source)
        yield tree.changed("copied file renamed", path, found.start(1), found.group(1), f"{found.group(1)}.renamed")
        if [one for one in tree.paths if posixpath.basename(one) == name] == [source]:
            yield tree.deleted("copied file deleted", source, ((path, tree.line(path, found.start(1))),))
    for service in tree.services:
        if service.context and service.dockerfile:
            for one in (*service.at("build", "context"), *(one for one in service.at("build") if len(one.keys) == 1)):
                new = f"{one.value.rstrip('/')}-renamed"
                yield tree.changed("build context renamed", service.path, one.start, one.value, new)
        for one in service.at("build", "dockerfile"):
            if service.dockerfile:
                yield tree.changed("Dockerfile renamed", service.path, one.start, one.value, f"{one.value}.renamed")
        for one in service.at("build", "target"):
            stage = re.compile(rf"^FROM\s.*\s[Aa][Ss]\s+({re.escape(one.value)})\s*$", re.MULTILINE)
            if service.dockerfile and stage.search(tree.texts[service.dockerfile]):
                yield tree.changed("build target renamed", service.path, one.start, one.value, f"{one.value}-renamed")


def _names(tree: Tree) -> Iterator[Fault]:
    """Yield services and volumes of compose files that are renamed where they are used."""
    for service in tree.services:
        known = {one.name for one in tree.services if one.path == service.path}
        for one in service.at("depends_on"):
            if one.value in known and (len(one.keys) == 2 or one.keys[1:] == ("?", one.value)):
                yield tree.changed("dependency renamed", service.path, one.start, one.value, f"{one.value}-renamed")
        volumes = {
            one.keys[2]
            for path, scalars in tree.documents
            for one in scalars
            if path == service.path and len(one.keys) == 3 and one.keys[:2] == ("volumes", "?")
        }
        for one in service.at("volumes"):
            name, colon, _ = one.value.partition(":")
            if len(one.keys) == 2 and colon and name in volumes:
                yield tree.changed("volume renamed", service.path, one.start, name, f"{name}-renamed")


class Manifest(NamedTuple):
    """A manifest of Kubernetes: its path and first line, its scalars, and what each of them is by its keys."""

    path: str
    line: int
    scalars: tuple[Scalar, ...]
    values: dict[tuple[str, ...], str]


def _all_manifests(tree: Tree) -> list[Manifest]:
    """Return the manifests of a project."""
    made = []
    for path, scalars in tree.documents:
        values = {one.keys: one.value for one in scalars if "?" not in one.keys}
        if ("kind",) in values and ("metadata", "name") in values and not re.search(_COMPOSE, path):
            made.append(Manifest(path, tree.line(path, scalars[0].start), scalars, values))
    return made


def _labels(manifest: Manifest) -> dict[str, str]:
    """Return the labels of the pods of a workload."""
    for keys in (("spec", "template", "metadata", "labels"), ("metadata", "labels")):
        if some := {one[-1]: value for one, value in manifest.values.items() if one[:-1] == keys}:
            return some
    return {}


def _manifests(tree: Tree) -> Iterator[Fault]:
    """Yield keys, selectors, backends and ports of manifests that lose what they name."""
    manifests = _all_manifests(tree)
    held: dict[tuple[str, str], set[str]] = {}
    for one in manifests:
        kind = one.values[("kind",)]
        if kind in ("Secret", "ConfigMap"):
            keys = {some[1] for some in one.values if some[0] in ("data", "stringData") and len(some) == 2}
            # NOTE: of two of one name nobody but who deploys them knows which one is meant
            name = (kind, one.values[("metadata", "name")])
            held[name] = set() if name in held else keys
    for one in manifests:
        for scalar in one.scalars:
            for reference, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                if scalar.keys[-2:] != (reference, "key") or one.values.get((*scalar.keys[:-1], "optional")) == "true":
                    continue
                if scalar.value in held.get((kind, one.values.get((*scalar.keys[:-1], "name"), "")), ()):
                    new = f"{scalar.value}-renamed"
                    yield tree.changed(f"key of a {kind} renamed", one.path, scalar.start, scalar.value, new)
        if one.values[("kind",)] == "Ingress":
            named = Counter(
                some.values[("metadata", "name")] for some in manifests if some.values[("kind",)] == "Service"
            )
            services = {name for name, number in named.items() if number == 1}
            for scalar in one.scalars:
                if scalar.keys[-2:] in (("service", "name"), ("backend", "serviceName")) and scalar.value in services:
                    new = f"{scalar.value}-renamed"
                    yield tree.changed("backend of an Ingress renamed", one.path, scalar.start, scalar.value, new)
        if one.values[("kind",)] == "Service":
            yield from _service(
                tree, one, [some for some in manifests if some.path.rpartition("/")[0] == one.path.rpartition("/")[0]]
            )
        yield from _probes(tree, one)


def _service(tree: Tree, service: Manifest, near: list[Manifest]) -> Iterator[Fault]:
    """Yield the selector and the target ports of a Service, where pods of its folder have them."""
    selector = {keys[-1]: value for keys, value in service.values.items() if keys[:2] == ("spec", "selector")}
    workloads = ("Deployment", "StatefulSet", "DaemonSet", "Pod")
    pods = [
        one
        for one in near
        if one.values[("kind",)] in workloads and selector and selector.items() <= _labels(one).items()
    ]
    ports = {
        value
        for one in pods
        for keys, value in one.values.items()
        if "ports" in keys and keys[-1] in ("containerPort", "name")
    }
    for scalar in service.scalars:
        if pods and scalar.keys[:2] == ("spec", "selector") and len(scalar.keys) == 3:
            mirrors = tuple(
                (service.path, line) for line in range(service.line, tree.line(service.path, scalar.start) + 1)
            )
            new = f"{scalar.value}-renamed"
            yield tree.changed("selector changed", service.path, scalar.start, scalar.value, new, mirrors)
        if scalar.keys[:2] == ("spec", "ports") and scalar.keys[-1] == "targetPort" and scalar.value in ports:
            new = "17171" if scalar.value.isdigit() else f"{scalar.value}-renamed"
            yield tree.changed("target port changed", service.path, scalar.start, scalar.value, new)


def _probes(tree: Tree, manifest: Manifest) -> Iterator[Fault]:
    """Yield the ports of probes, where their containers have them, and the ports of containers that a probe asks."""
    for scalar in manifest.scalars:
        if scalar.keys[-1] == "port" and scalar.keys[-3:-2] and scalar.keys[-3].endswith("Probe"):
            container = scalar.keys[:-3]
            ports = {
                value: keys
                for keys, value in manifest.values.items()
                if keys[: len(container)] == container
                and keys[len(container) : len(container) + 1] == ("ports",)
                and keys[-1] in ("containerPort", "name")
            }
            if scalar.value in ports:
                new = "17171" if scalar.value.isdigit() else f"{scalar.value}-renamed"
                yield tree.changed("port of a probe changed", manifest.path, scalar.start, scalar.value, new)
                (other,) = (one for one in manifest.scalars if one.keys == ports[scalar.value])
                targets = tree.naming(rf"targetPort:\s*[\"']?({re.escape(other.value)})[\"']?\s*$", _YAML)
                folder = posixpath.dirname(manifest.path)
                mirrors = (
                    (manifest.path, tree.line(manifest.path, scalar.start)),
                    *(place for place in targets if posixpath.dirname(place[0]) == folder),
                )
                yield tree.changed("port of a container changed", manifest.path, other.start, other.value, new, mirrors)


def _ports(tree: Tree) -> Iterator[Fault]:
    """Yield ports of compose files that the Dockerfile of the service exposes."""
    for service in tree.services:
        if not service.dockerfile:
            continue
        exposed = list(re.finditer(r"^EXPOSE[ \t]+(\d+)[ \t]*$", tree.texts[service.dockerfile], re.MULTILINE))
        for one in service.at("ports"):
            found = re.fullmatch(r"(?:[\d.]+:)?(?:\d+|\$\{\w+(?::?-\d+)?\}):(\d+)", one.value)
            if len(one.keys) != 2 or not found:
                continue
            for port in exposed:
                if port.group(1) == found.group(1):
                    start = one.start + tree.texts[service.path][one.start : one.end].rindex(found.group(1))
                    yield tree.changed("published port changed", service.path, start, found.group(1), "17171")
                    said = [
                        other.value for keys in ("environment", "command", "entrypoint") for other in service.at(keys)
                    ]
                    if len(exposed) == 1 and not any(found.group(1) in value for value in said):
                        mirror = ((service.path, tree.line(service.path, one.start)),)
                        yield tree.changed(
                            "exposed port changed", service.dockerfile, port.start(1), found.group(1), "17171", mirror
                        )


def _commands(tree: Tree) -> Iterator[Fault]:
    """Yield commands whose module, script or file is renamed or deleted."""
    module = (
        r"(?:celery[^\n]*?[\s\"'](?:-A|--app)[\"',= ]+|(?:gunicorn|uvicorn|daphne|hypercorn)\b[^\n]*?[\s\"'])"
        r"([a-z_]\w*(?:\.\w+)*)(?=:\w|[\s\"'])"
    )
    for path, found in tree.lines(module, _STARTING):
        name = found.group(1).replace(".", "/")
        ends = (f"/{name}.py", f"/{name}/__init__.py", f"/{posixpath.dirname(name)}.py")
        files = [one for one in tree.paths if f"/{one}".endswith(ends[:2])]
        if files:
            kind = "module of a command"
            yield tree.changed(f"{kind} renamed", path, found.start(1), found.group(1), f"{found.group(1)}_renamed")
            if len(files) == 1 and files[0].endswith(f"{posixpath.basename(name)}.py"):
                yield tree.deleted(f"{kind} deleted", files[0], ((path, tree.line(path, found.start(1))),))
    for path, found in tree.lines(r"\b(?:npm|yarn|pnpm)[\"']?,? [\"']?run[\"']?,? [\"']?([a-z][\w:-]*)", _STARTING):
        script = rf"^\s+\"({re.escape(found.group(1))})\":"
        homes = tree.naming(script, r"(^|/)package\.json$")
        if homes:
            kind = "npm script renamed"
            yield tree.changed(
                f"{kind} in a command", path, found.start(1), found.group(1), f"{found.group(1)}-renamed"
            )
        others = [
            name for name, text in tree.texts.items() if name.endswith("package.json") and re.search(script, text, re.M)
        ]
        if homes and len(others) == 1:
            start = next(re.finditer(script, tree.texts[homes[0][0]], re.MULTILINE)).start(1)
            mirror = tree.naming(rf"\brun[\"']?,? [\"']?({re.escape(found.group(1))})(?![\w:-])", _STARTING)
            yield tree.changed(
                f"{kind} in package.json", homes[0][0], start, found.group(1), f"{found.group(1)}-renamed", mirror
            )
    started = (
        r"^(?:CMD|ENTRYPOINT)\s+\[?\s*[\"']?(?:(?:python3?|node|sh|bash)[\"']?,? ?[\"']?)?"
        r"(?:\./|/(?:[\w-]+/)*)?([\w/-]+\.(?:py|js|sh))\b"
    )
    for path, found in tree.lines(started, _DOCKER):
        name = posixpath.basename(found.group(1))
        files = [one for one in tree.paths if posixpath.basename(one) == name]
        if len(files) == 1:
            yield tree.deleted("started script deleted", files[0], ((path, tree.line(path, found.start(1))),))
            yield tree.changed("started script renamed", path, found.start(1), name, f"renamed-{name}")
    for path, found in tree.lines(r"manage\.py[\"']?,? [\"']?([a-z]\w+)\b", _STARTING):
        files = [one for one in tree.paths if one.endswith(f"/management/commands/{found.group(1)}.py")]
        if len(files) == 1:
            yield tree.changed(
                "management command renamed", path, found.start(1), found.group(1), f"{found.group(1)}_renamed"
            )
            mirrors = tree.naming(rf"manage\.py[\"']?,? [\"']?({found.group(1)})\b", _STARTING)
            yield tree.deleted("management command deleted", files[0], mirrors)


def _checks(tree: Tree) -> Iterator[Fault]:
    """Yield the routes and ports that health checks and probes ask for."""
    contexts = {service.dockerfile: service.context for service in tree.services if service.dockerfile}
    places: list[tuple[str, int, int, str, str]] = []
    for path, found in tree.lines(
        r"^HEALTHCHECK(?:[^\n]*\\\n)*[^\n]*https?://(?:localhost|127\.0\.0\.1)(?::\d+)?(/[\w/-]+)", _DOCKER
    ):
        folder = contexts.get(path) or posixpath.dirname(path)
        places.append((path, found.start(1), tree.line(path, found.start()), found.group(1), folder))
    for service in tree.services:
        for one in service.at("healthcheck", "test"):
            asked = re.search(r"https?://(?:localhost|127\.0\.0\.1)(?::\d+)?(/[\w/-]+)", one.value)
            if asked and service.context is not None:
                line, start = tree.line(service.path, one.start), tree.texts[service.path].index(asked[1], one.start)
                places.append((service.path, start, line, asked[1], service.context))
    for path, start, line, route, folder in places:
        segment = route.rstrip("/").rpartition("/")[2]
        served = tree.lines(_ROUTE % re.escape(segment), r"\.(py|[cm]?[jt]s|go)$")
        routes = [(where, found) for where, found in served if not folder or where.startswith(f"{folder}/")]
        if routes:
            at = start + route.rindex(segment)
            yield tree.changed("route of a check changed", path, at, segment, f"{segment}-renamed", ((path, line),))
        if len(routes) == 1 and tree.mentions(segment) <= 2:
            where, found = routes[0]
            yield tree.changed(
                "route moved in code", where, found.start(1), segment, f"{segment}-renamed", ((path, line),)
            )
    for path, found in tree.lines(
        r"^HEALTHCHECK(?:[^\n]*\\\n)*[^\n]*https?://(?:localhost|127\.0\.0\.1):(\d+)", _DOCKER
    ):
        if re.search(rf"^EXPOSE\s+{found.group(1)}\s*$", tree.texts[path], re.MULTILINE):
            mirror = ((path, tree.line(path, found.start())),)
            yield tree.changed("port of a check changed", path, found.start(1), found.group(1), "17171", mirror)


def _settings(tree: Tree) -> Iterator[Fault]:
    """Yield settings of Django that are renamed where they are read, and where they are set."""
    for path, found in tree.lines(r"(?<!\.)\bsettings\.([A-Z][A-Z0-9_]{3,})\b(?!\s*=[^=])", r"\.py$"):
        homes = tree.naming(rf"^({found.group(1)})\s*(?::[^=\n]+)?=", r"settings[^/]*(/[^/]*)?\.py$")
        if "django.conf import settings" in tree.texts[path] and homes:
            name = found.group(1)
            yield tree.changed("setting renamed in code", path, found.start(1), name, f"{name}_RENAMED")
            if len(homes) == 1 and tree.mentions(name) == 2:
                start = re.compile(rf"^({name})\b", re.MULTILINE).search(tree.texts[homes[0][0]])
                mirror = ((path, tree.line(path, found.start(1))),)
                if start:
                    yield tree.changed(
                        "setting renamed in settings", homes[0][0], start.start(), name, f"{name}_RENAMED", mirror
                    )


def _paths(tree: Tree) -> Iterator[Fault]:
    """Yield paths of OpenAPI's descriptions that code has a route for."""
    for path, scalars in tree.documents:
        if not any(one.keys in (("openapi",), ("swagger",)) for one in scalars):
            continue
        for one in scalars:
            found = re.fullmatch(r"/(?:[\w{}-]+/)*([a-z][\w-]+)", one.value)
            if one.keys[:-1] == ("paths", "?") and found:
                segment = found.group(1)
                if tree.naming(_ROUTE % re.escape(segment), r"\.(py|[cm]?[jt]s|go)$"):
                    start = one.start + tree.texts[path][one.start : one.end].rindex(segment)
                    yield tree.changed("described path renamed", path, start, segment, f"{segment}-renamed")


def _migrations(tree: Tree) -> Iterator[Fault]:
    """Yield migrations that are renamed where another depends on them, and those that are deleted."""
    needed: dict[str, list[tuple[str, int]]] = {}
    for path, found in tree.lines(
        r"\(\s*[\"']\w+[\"'],\s*[\"'](\d{4}_\w+)[\"']\s*,?\s*\)", r"/migrations/\d{4}_[^/]*\.py$"
    ):
        block = tree.texts[path][: found.start()]
        files = [one for one in tree.paths if one.endswith(f"/migrations/{found.group(1)}.py")]
        if files and block.rfind("dependencies") > block.rfind("operations") and "replaces" not in tree.texts[path]:
            for file in files if len(files) == 1 else ():
                needed.setdefault(file, []).append((path, tree.line(path, found.start(1))))
            yield tree.changed(
                "dependency of a migration renamed", path, found.start(1), found.group(1), f"{found.group(1)}_renamed"
            )
    for path, found in tree.lines(r"^down_revision[^=\n]*=\s*[\"'](\w+)[\"']", r"/versions/[^/]*\.py$"):
        homes = tree.naming(rf"^revision[^=\n]*=\s*[\"']({found.group(1)})[\"']", r"/versions/[^/]*\.py$")
        if homes:
            yield tree.changed(
                "dependency of a migration renamed", path, found.start(1), found.group(1), f"{found.group(1)}f"
            )
            if len(homes) == 1:
                needed.setdefault(homes[0][0], []).append((path, tree.line(path, found.start(1))))
    for file, lines in needed.items():
        yield tree.deleted("migration deleted", file, tuple(lines))


def chosen(trees: list[Tree], count: int, seed: int, kind: str) -> list[tuple[Tree, Fault]]:
    """Return so many faults, from all kinds in turn, and of each kind from all projects in turn."""
    generator = random.Random(seed)
    kinds: dict[str, list[list[tuple[Tree, Fault]]]] = {}
    for tree in trees:
        of_tree: dict[str, list[tuple[Tree, Fault]]] = {}
        for fault in dict.fromkeys(faults(tree)):
            if kind in fault.kind:
                of_tree.setdefault(fault.kind, []).append((tree, fault))
        for name, some in of_tree.items():
            generator.shuffle(some)
            kinds.setdefault(name, []).append(some)
    pools: dict[str, list[tuple[Tree, Fault]]] = {}
    for name, projects in sorted(kinds.items()):
        generator.shuffle(projects)
        rounds = max(len(some) for some in projects)
        pools[name] = [some[index] for index in range(rounds) for some in projects if index < len(some)]
    picked: list[tuple[Tree, Fault]] = []
    while len(picked) < count and any(pools.values()):
        for pool in pools.values():
            if pool and len(picked) < count:
                picked.append(pool.pop(0))
    return picked


class Line(NamedTuple):
    """Where a finding stands, and what it says."""

    policy: str
    path: str
    line: int
    last: int
    message: str


class Result(NamedTuple):
    """What came of a fault: the findings at its places, others that name what was changed, and those that don't."""

    fault: Fault
    here: list[Line]
    counterparts: list[Line]
    others: list[Line]


def _findings(session: polcheck.Session) -> list[Line]:
    """Return each finding that has a place."""
    return [
        Line(
            one.ref,
            one.location.path,
            one.location.line or 0,
            one.location.place.end_line if one.location.place else one.location.line or 0,
            one.message,
        )
        for one in session.check().findings
        if one.location is not None
    ]


def _results(root: Path, some: list[Fault], pack: str) -> list[Result]:
    """Return what comes of each fault of a project, within limits that a busy machine doesn't reach."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "polcheck.yaml")
        config.write_text("limits: {seconds: 60, run_seconds: 600, search_seconds: 60}\n", "utf-8")
        return _results_within(root, some, pack, config)


def _results_within(root: Path, some: list[Fault], pack: str, config: Path) -> list[Result]:
    """Return what comes of each fault of a project under a configuration."""
    made = []
    with polcheck.Session(root, [pack], config=config) as session:
        before = set(_findings(session))
        for fault in some:
            session.overlay({fault.path: fault.after})
            new = [one for one in _findings(session) if one not in before]
            session.revert()
            places = {(fault.path, fault.line), *fault.mirrors}
            here = [
                one for one in new if any(one.path == path and one.line <= line <= one.last for path, line in places)
            ]
            rest = [one for one in new if one not in here]
            named = [one for one in rest if any(name in one.message for name in fault.names)]
            made.append(Result(fault, here, named, [one for one in rest if one not in named]))
    return made


def main() -> int:
    """Inject the faults, print each that is missed or makes something else new, and the figures by kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=700, help="leave out projects with more text files than this")
    parser.add_argument("--kind", default="", help="only kinds of faults that contain this")
    parser.add_argument("--pack", default="service")
    parser.add_argument("--jobs", type=int, default=1, help="so many processes")
    options = parser.parse_args()
    started = time.monotonic()
    projects = sorted(path for folder in options.folder for path in folder.iterdir() if path.is_dir())
    trees = [
        tree
        for path in projects
        if sum(1 for _ in path.rglob("*")) < 3 * options.limit and len((tree := Tree(path)).texts) <= options.limit
    ]
    by_root: dict[Path, list[Fault]] = {}
    for tree, fault in chosen(trees, options.count, options.seed, options.kind):
        by_root.setdefault(tree.root, []).append(fault)
    found: Counter[str] = Counter()
    across = 0
    kinds: Counter[str] = Counter(fault.kind for some in by_root.values() for fault in some)
    elsewhere = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(_results, root, some, options.pack): root for root, some in by_root.items()}
        for future in as_completed(futures):
            for fault, here, counterparts, others in future.result():
                place = f"{fault.kind}: {futures[future].name}/{fault.path}:{fault.line}: {fault.names[0]}"
                found[fault.kind] += bool(here)
                across += bool(counterparts) and not here
                elsewhere += bool(others)
                if not here:
                    print(f"missed: {place}", *counterparts, sep="\n  but: ", flush=True)
                if others:
                    print(f"also: {place}", *others, sep="\n  ", flush=True)
    for kind in sorted(kinds):
        print(f"{found[kind]:4} of {kinds[kind]:4}  {kind}")
    print(f"{elsewhere} of {sum(kinds.values())} made a finding elsewhere that doesn't name what was changed")
    print(f"{sum(found.values())} of {sum(kinds.values())} found at the changed place")
    print(f"{across} of {sum(kinds.values())} found at the other side alone")
    print(f"{len(by_root)} projects, {len(kinds)} kinds, {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
