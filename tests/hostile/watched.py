"""Judges everything while the interpreter tells of every file, process and line of code that is touched.

Run as a process of its own, since what watches can't be taken away again. Prints what was touched, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from polcheck.authoring.testing.cases import read_cases
from polcheck.base import sandbox as confined
from polcheck.packs.shipped import schemas, shipped_packs
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import Settings
from polcheck.project.packs import read_pack
from polcheck.render import Options, output_format, output_formats
from polcheck.sources.submission import of_files

Files = dict[str, str | bytes]
EVERY = 96  # of the cases of packs one in so many, for the sake of time

HOSTILE: list[Files] = [
    {
        "src/a.py": "import os\nos.system('touch pwned')\nopen('pwned', 'w')\n__import__('socket').socket()\n",
        "src/b.py": "raise SystemExit\n",
        "src/train.py": "eval('1')\nexec(open('x').read())\nx = f'{os.getenv(1)}'\n",
        "conftest.py": "import subprocess; subprocess.run(['touch', 'pwned'])\n",
        "setup.py": "open('pwned', 'w')\n",
        "config/evil.yaml": "a: !!python/object/apply:os.system ['touch pwned']\nb: !!python/name:os.system ''\n",
        "config/ok.yaml": "runs: [{run: 'curl -s http://localhost/x | sh', n: 3, v: '1.2'}]\nurl: file:///etc/passwd\n",
        "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['requests @ file:///etc/passwd']\n",
        "data.json": '{"$ref": "file:///etc/passwd", "run": "{{ range(9) }}", "a": [1, 2, {"b": null}]}',
        "run.sh": "touch pwned\n",
        "../up".replace("..", "dots"): "x",
    },
    {"src/a.py": b"\xff\xfe\x00broken\n", "src/b.py": "(" * 300, "src/c.py": "def f(:\n  'x\n", "src/d.py": "x" * 99},
    {
        "config/a.yaml": "a: " + "[" * 150 + "]" * 150,
        "config/b.yaml": "&a [*a]\n",
        "config/c.yaml": "a: &x [1]\nb: [*x, *x]\n",
    },
    {
        "config/a.json": "[" * 300,
        "pyproject.toml": "a = {b = 1",
        "config/b.json": '{"a": 1e999, "a": NaN}',
        "x.ini": "[a\nb",
    },
    {"src/\x1b[31m::error::x.py": "eval(1)\n", "src/<img src=x>.py": "eval(2)\n", "src/a\nb.py": "eval(3)\n"},
]
HEAD = """
name: every
version: 1.0.0
params: {most: {type: integer, default: 3}}
requirements: {R1: it is so, R2: {title: it is read, decided_by: review, because: nobody can tell}}
selectors:
  evals: {pattern: eval($x)}
verdict:
  good: verdict == 'pass'
  text: {template: issue.txt}
"""
BODIES = """
forbid: {files: "src/{name}.py"}
forbid: {files: "src/"}
forbid: {files: "src/*.py", pattern: ["eval($x, ...)", "os.system(...)"]}
forbid: {files: "src/*.py", code: '((call function: (identifier) @f) (#match? @f "^e"))'}
forbid: {files: "src/*.py", code: '((call function: (_) @f) (#resolves-to? @f "os.system"))'}
forbid: {files: "config/*.yaml", data: "leaves(@)[?matches(value, 'curl')]"}
forbid: {files: "**/*.json", data: "nodes(@)"}
forbid: {files: pyproject.toml, data: "project.dependencies[]", as: it}
forbid: {files: "**", text: '(?P<word>pwned)'}
forbid: {values: tables.words, as: word}
forbid: [{files: "config/*.yaml", data: "runs[].run", as: run}, {in: run, text: 'curl (?P<flag>-\\w)'}]
forbid: [{files: "config/*.yaml", data: "runs[].run", as: run}, {in: run, language: bash, code: '(command_name) @c'}]
forbid: [{files: "config/*.yaml", data: "runs[].run", as: run}, {in: run, language: json, data: "a"}]
forbid: [{files: "**/*.py", use: python/import}, {not: {values: tables.words, as: module}}]
forbid: [{files: "**/*.py", use: evals}, {not: {inside: {pattern: "print($_)"}}}]
forbid: {files: "src/*.py", pattern: "eval(...)", has: {code: "(integer) @i"}}
require: {files: "src/*.py", pattern: "evil(...)", count: {min: 2, max: 5}}
require: {files: "config/*.yaml", data: "runs[].ran", as: x}
require: {any: [{files: "nope"}, {files: "src/*.py", pattern: "nope(...)"}]}
for: {files: "**/*.py"}
for: [{files: "**/*.py", use: python/import}, {per: [module]}]
for: {files: "config/*.yaml", data: "runs[].v", as: v, where: "satisfies(v, '>2')"}
for: {files: "config/*.yaml", data: "runs[].run", as: v, let: {top: "split(v, ' ')[0]"}, where: "lower(top) == 'curl'"}
"""
TEMPLATE = "{% for one in findings %}{{ one.message }} {{ one.path }}\n{% endfor %}{{ params.most }}"


def _pack() -> PackFiles:
    """A pack that uses every kind of selector."""
    documents = []
    for number, body in enumerate(BODIES.strip().splitlines()):
        more = '\nrequire: {where: "file.parsed"}' if body.startswith("for:") else ""
        documents.append(
            f"id: p{number}\ntitle: it is so\nrequirement: R{number % 2 + 1}\n{body}{more}\n"
            'message: "{{ path }} {{ line }} {{ params.most }}"\nremedy: "{{ path }}"\n'
        )
    return PackFiles(
        "every",
        {
            "pack.yaml": HEAD.encode(),
            "policies/p.yaml": "---\n".join(documents).encode(),
            "tables/words.yaml": b"[os, sys]",
            "templates/issue.txt": TEMPLATE.encode(),
        },
    )


def _submissions() -> list[Files]:
    """Those above, and cases of the packs that ship with polcheck."""
    cases = [case for name in shipped_packs() for case in read_cases(read_pack(name), schemas().tests)]
    own = [{path: bytes(data) for path, data in case.files.items()} for case in cases[::EVERY] if case.files]
    return [*HOSTILE, *own]  # type: ignore[list-item]


def _checkers() -> list[Checker]:
    packs = [[_pack()], *([read_pack(name)] for name in shipped_packs())]
    return [Checker(compile_packs(one, Settings(), schemas()), jobs=1) for one in packs]


def _judge(checkers: list[Checker], submissions: list[Files]) -> Counter[str]:
    """How often each outcome comes out; every format is rendered."""
    outcomes: Counter[str] = Counter()
    for number, files in enumerate(submissions):
        for checker in checkers:
            report = checker.check(of_files(files))
            outcomes.update(policy.outcome for policy in report.policies)
            outcomes.update(
                "fault" for notice in report.notices if notice.kind == "fault" or " failed: " in notice.message
            )
            for name in output_formats() if number < len(HOSTILE) else ():
                try:
                    output_format(name).render(report, Options(template=TEMPLATE))
                except Exception as error:
                    outcomes[f"{name}: {type(error).__name__}"] += 1
    return outcomes


def main() -> None:
    """Judges all twice: first so that everything is imported, then watched."""
    confined._state["sandboxed"] = True  # NOTE: what is searched in processes beside this one is searched here
    checkers, submissions = _checkers(), _submissions()
    first = _judge(checkers, submissions)
    checkers = _checkers()
    for checker in checkers:
        _ = checker.extractor, checker.demands
    touched: Counter[str] = Counter()
    watching = [True]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching[0] and event not in HARMLESS and not (event == "open" and arguments[0] == ""):
            touched[f"{event} {str(arguments)[:200]}" if event != "compile" else event] += 1
            if event != "compile":
                raise PermissionError(event)

    sys.addaudithook(watch)
    second = _judge(checkers, submissions)
    watching[0] = False
    left = sorted(str(path) for path in Path.cwd().iterdir())
    told = {"first": first, "second": second, "touched": touched, "submissions": len(submissions), "left": left}
    sys.stdout.write(json.dumps(told))


# what tells of objects in memory and of nothing else
HARMLESS = frozenset(
    {"object.__getattr__", "sys._getframe", "code.__new__", "array.__new__", "builtins.id", "gc.get_objects"}
)

if __name__ == "__main__":
    main()
