"""What generated policies look for, and the files in which it stands: one vocabulary, so that policies match."""

from __future__ import annotations

from typing import Any, NamedTuple

Item = dict[str, Any]


class Look(NamedTuple):
    """A selector, the names that it binds, and whether a match of it is a node of a syntax tree."""

    item: Item
    binds: tuple[str, ...] = ()
    syntax: bool = False


_PY = ("src/*.py", "src/**/*.py", "src/{a,b}.py")
_QUERIES = {
    "(call function: (identifier) @f) @here": ("f",),
    "(import_statement name: (dotted_name) @m)": ("m",),
    "(import_from_statement module_name: (_) @m name: (dotted_name) @name)": ("m", "name"),
    '((identifier) @name (#match? @name "^[a-f]"))': ("name",),
    '((call function: (_) @_f arguments: (argument_list . (_) @key)) (#resolves-to? @_f "torch.load" "torch.*"))': (
        "key",
    ),
    "(argument_list (identifier)+ @name)": ("name",),
    "(string) @key": ("key",),
    "[(try_statement) (with_statement)] @here": (),
}
_SNIPPETS = {
    'cfg["$key"]': ("key",),
    "torch.load($x, ...)": ("x",),
    "torch.$f(...)": ("f",),
    "def $f(...): ...": ("f",),
    "class $name(...): ...": ("name",),
    "$name = $_": ("name",),
    '{"$key": $_, ...}': ("key",),
    "go($x)": ("x",),
    "p.add_argument($flag, ...)": ("flag",),
    "with open($x) as $f: ...": ("x", "f"),
    "eval(...)": (),
    "assert $_": (),
}
_YAML = ("config/*.yaml", "config/{run,more}.yaml", "config/**")
_DATA = {
    "keys(@)": (_YAML, "key"),
    "rows[].key": (_YAML, "key"),
    "names[]": (_YAML, "name"),
    "values(jobs)[].steps[].run": (_YAML, "x"),
    "[].name": (("data/*.json",), "name"),
    "project.dependencies[].lower(replace(@, '[^A-Za-z].*', ''))": (("meta/pyproject.toml",), "m"),
    "tool.*.names[]": (("meta/*.toml",), "name"),
}
_ROWS = {
    "leaves(@)": (("config/run.yaml", "data/*.json", "meta/*"), ("key", "value", "pointer")),
    "entries(@)": (("config/*.yaml", "meta/*.cfg"), ("key", "value", "pointer")),
    "rows[].{key: key, value: value}": (_YAML, ("key", "value")),
    "nodes(@)[?type(value) == 'object'].{x: pointer, key: key}": (_YAML, ("x", "key")),
}
_TEXTS = {
    r"(?P<key>[a-z_]+) ?[=:]": ("key",),
    r"TODO ?(?P<name>\w*)": ("name",),
    r"--(?P<flag>[\w-]+)": ("flag",),
    "(?i)fixme": (),
}
_TEXT_FILES = ("notes/*.txt", "src/**", "config/*.yaml")
_PATHS = {
    "src/{m}.py": ("m",),
    "src/{m:**}.py": ("m",),
    "config/{name}.yaml": ("name",),
    "src/{name}/": ("name",),
    "notes/{x:**}": ("x",),
    "data/*": (),
}
_VALUES: tuple[tuple[list[Any], tuple[str, ...]], ...] = (
    ([{"key": "run_id"}, {"key": "lr"}, {"key": "a"}], ("key",)),
    ([{"name": "a", "key": "b"}, {"name": "torch", "key": 1}], ("name", "key")),
    ([{"m": "torch"}, {"m": "os"}], ("m",)),
    ([{"flag": "--lr"}, {"flag": "lr"}], ("flag",)),
)


def looks() -> list[Look]:
    """Every selector there is; each that reads files says which."""
    found: list[Look] = []
    for number, (text, binds) in enumerate(_QUERIES.items()):
        found.append(Look({"files": _PY[number % len(_PY)], "code": text}, binds, True))
    for number, (text, binds) in enumerate(_SNIPPETS.items()):
        found.append(Look({"files": _PY[number % len(_PY)], "pattern": text}, binds, True))
    for text, (files, name) in _DATA.items():
        found += [Look({"files": pattern, "data": text, "as": name}, (name,)) for pattern in files[:2]]
    for text, (files, names) in _ROWS.items():
        found += [Look({"files": pattern, "data": text}, names) for pattern in files]
    for number, (text, binds) in enumerate(_TEXTS.items()):
        found.append(Look({"files": _TEXT_FILES[number % len(_TEXT_FILES)], "text": text}, binds))
    found += [Look({"files": text}, binds) for text, binds in _PATHS.items()]
    found += [Look({"values": rows}, binds) for rows, binds in _VALUES]
    return found


CODE = (
    "import torch\n",
    "import os.path, torch as t\n",
    "from torch import load as l, save\n",
    "from . import b\n",
    "cfg = {'run_id': 1, 'lr': x, **more}\n",
    "key = cfg['run_id'] + cfg[\"a\"]\n",
    "torch.load(a, map_location=b)\n",
    "t.save('lr', l(f))\n",
    "def go(x, lr=1):\n    with open(x) as f:\n        return go(f)\n",
    "class a(b):\n    def run(self): go(self)\n",
    "try:\n    go(a)\nexcept E:\n    eval('x')\n",
    "p.add_argument('--lr', type=float)\np.add_argument('--run' '-id')\n",
    "assert go(lr), f'{a} TODO b'\n",
    "# TODO a\n# fixme\n",
    "größe = '🦉'; go('run_id')\n",
    "\tx = (\n",
    "def (:\n",
)
TREES = (
    "run_id: a\nlr: 0.1\n",
    "names: [a, torch, b, 1, null]\n",
    "rows:\n  - {key: run_id, value: 1}\n  - &r {key: lr, value: [a]}\n  - *r\n  - <<: *r\n    value: 2\n",
    "jobs:\n  a:\n    steps:\n      - run: |\n          go --lr 1 --run-id 2\n      - name: TODO\n",
    "---\nlr: 1\n---\nnames: ['🦉']\n",
    "? a\n: b\n'größe': \"x\\ty\"\n",
    "on: true\n# fixme\n",
    "a: [\n",
    "- a\n- b\n",
)
ARRAYS = (
    '[{"name": "a"}, {"name": "b", "run_id": 1}]',
    '[{"name": 1.0}, {"name": null}, 3]',
    '{"name": "run\\u005fid", "lr": [[], {}]}',
    '[{"name":',
    "[]",
)
TABLES = (
    "[project]\nname = 'a'\ndependencies = ['torch>=2', 'numpy', 'os']\n",
    "[tool.x]\nnames = ['a', \"b\"]\n[tool.y]\nnames = [1, 1.5]\n",
    "a.b.run_id = {lr = 1979-05-27}\n",
    "x = = 1\n",
)
OPTIONS = ("[a]\nrun_id = 1\nlr: two\n  more\n", "[names]\na\n", "x = 1\n")
NOTES = ("--lr 1\n--run-id = x\n", "TODO a\r\nFIXME\r\n", "key = run_id\n", "", "\x00\x01--lr", "größe: 🦉 --flag\n")
