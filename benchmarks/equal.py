"""Equal work, as each tool writes it: policies for polcheck, rules for its peers."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BUILTINS = ("eval", "exec", "compile", "__import__", "globals", "locals", "vars", "breakpoint", "input", "memoryview")
_MODULES = ("os", "shutil", "socket", "subprocess", "tempfile", "pickle", "signal", "threading", "time", "inspect")


def calls(number: int) -> list[str]:
    """The names of so many functions, to find their calls: ten builtins, then functions of modules, dotted."""
    names = list(_BUILTINS)
    for module in _MODULES:
        members = importlib.import_module(module)
        found = (name for name in sorted(vars(members)) if not name.startswith("_"))
        names += [f"{module}.{name}" for name in found if callable(getattr(members, name)) and name.islower()]
    number_of_known = len(names)
    names += [f"module{index}.function{index}" for index in range(max(0, number - number_of_known))]
    return names[:number]


@dataclass(frozen=True)
class Kind:
    """One thing that holds no literal: for polcheck a query, for ast-grep a rule."""

    id: str
    query: str
    rule: dict[str, object]
    inside: str = ""


def _plain(kind: str) -> Kind:
    return Kind(kind.replace("_", "-"), f"({kind}) @here", {"kind": kind})


KINDS = (
    _plain("assert_statement"),
    _plain("lambda"),
    _plain("global_statement"),
    _plain("nonlocal_statement"),
    _plain("while_statement"),
    _plain("delete_statement"),
    _plain("set_comprehension"),
    _plain("yield"),
    Kind(
        "bare-except",
        '((except_clause) @here (#match? @here "^except\\\\s*:"))',
        {"kind": "except_clause", "regex": "^except\\s*:"},
    ),
    Kind(
        "nested-function",
        "(function_definition) @here",
        {"kind": "function_definition", "inside": {"kind": "function_definition", "stopBy": "end"}},
        "(function_definition) @_outer",
    ),
)
KEYS = ("domain", "documentation", "iot_class", "integration_type", "quality_scale")


def call_pack(folder: Path, names: Sequence[str]) -> Path:
    """A pack with one policy a function: it is not called."""
    policies = [
        {
            "id": f"call-{index}",
            "title": f"{name} is not called",
            "forbid": {"files": "**/*.py", "pattern": f"{name}(...)", "resolve": False},
            "message": f"{name} is called",
        }
        for index, name in enumerate(names)
    ]
    return _pack(folder / f"pack-calls-{len(names)}", policies)


def kind_pack(folder: Path) -> Path:
    """A pack with one policy a kind."""
    policies = []
    for kind in KINDS:
        item: dict[str, object] = {"files": "**/*.py", "code": kind.query}
        if kind.inside:
            item["inside"] = {"code": kind.inside}
        policies.append({"id": kind.id, "title": f"No {kind.id}", "forbid": item, "message": f"a {kind.id}"})
    return _pack(folder / "pack-kinds", policies)


def key_pack(folder: Path) -> Path:
    """A pack with one policy a key: every manifest has it."""
    policies = [
        {
            "id": f"has-{key.replace('_', '-')}",
            "title": f"Every manifest has {key}",
            "for": {"files": "**/manifest.json"},
            "require": {"data": key},
            "message": f"{key} is missing",
        }
        for key in KEYS
    ]
    return _pack(folder / "pack-keys", policies)


def _pack(root: Path, policies: Sequence[object]) -> Path:
    (root / "policies").mkdir(parents=True, exist_ok=True)
    (root / "pack.yaml").write_text("name: bench\nversion: 1.0.0\n")
    (root / "policies" / "p.yaml").write_text(_documents(policies))
    return root


def _documents(values: Sequence[object]) -> str:
    return "\n---\n".join(json.dumps(value) for value in values) + "\n"  # JSON is YAML


def ast_grep_calls(folder: Path, names: Sequence[str]) -> Path:
    """The same for ast-grep: one rule a function."""
    rules = [_rule(f"call-{index}", {"pattern": f"{name}($$$)"}) for index, name in enumerate(names)]
    return _written(folder / f"ast-grep-calls-{len(names)}.yml", _documents(rules))


def ast_grep_kinds(folder: Path) -> Path:
    """The same for ast-grep: one rule a kind."""
    return _written(folder / "ast-grep-kinds.yml", _documents([_rule(kind.id, kind.rule) for kind in KINDS]))


def _rule(id: str, rule: object) -> dict[str, object]:
    return {"id": id, "language": "python", "severity": "error", "message": id, "rule": rule}


def semgrep_calls(folder: Path, names: Sequence[str]) -> Path:
    """The same for semgrep."""
    rules = [
        {"id": f"call-{i}", "languages": ["python"], "severity": "ERROR", "message": name, "pattern": f"{name}(...)"}
        for i, name in enumerate(names)
    ]
    return _written(folder / f"semgrep-calls-{len(names)}.yml", json.dumps({"rules": rules}))


def spectral_keys(folder: Path) -> Path:
    """The same for Spectral: one rule a key."""
    rules = {
        f"has-{key.replace('_', '-')}": {
            "given": "$",
            "severity": "error",
            "message": f"{key} is missing",
            "then": {"field": key, "function": "defined"},
        }
        for key in KEYS
    }
    return _written(folder / "spectral.json", json.dumps({"rules": rules}))


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
