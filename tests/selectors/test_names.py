"""What names stand for: imports, aliases, relative modules, star imports."""

from __future__ import annotations

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.query_set import QuerySet

FOLLOWED = [
    ("import torch\ntorch.load(p)", True),
    ("import torch as t\nt.load(p)", True),
    ("from torch import load\nload(p)", True),
    ("from torch import load as l\nl(p)", True),
    ("def f():\n    from torch import load\n    load(p)", True),
    ("import torch\nload = torch.load\nload(p)", True),
    ("import torch\nt = torch\nt.load(p)", True),
    ("from torch import *\nload(p)", True),
    ("import torch.nn\ntorch.load(p)", True),
    ("torch.load(p)", True),
    ("(torch\n  .load)(p)", True),
    ("import torch\n(torch).load(p)", True),
    ("try:\n    import torch\nexcept ImportError:\n    import fake as torch\ntorch.load(p)", True),
    ("import fake as torch\ntorch.load(p)", True),
    ("from fake import torch\ntorch.load(p)", True),
    ("import torch\nload(p)", False),
    ("load(p)", False),
    ("import torch\nself.torch.load(p)", False),
    ("import torch\nload = torch.load\nload = other\nload(p)", True),
    ("import torch\ndef f(load): load(p)", False),
    ("from torch import *\ndef load(p): pass\nload(p)", False),
    ("from torch import save as load\nload(p)", False),
]


@pytest.mark.parametrize(("code", "wanted"), FOLLOWED)
def test_a_dotted_name_is_followed_through_imports(code: str, wanted: bool) -> None:
    """`torch.load(...)` finds the calls of what the file's imports make `torch.load`, and no others."""
    tree = parse(Source("src/main.py", code.encode()), "python")
    pattern = compile_pattern(["torch.load(...)"], "python")
    query = compile_code(['((call function: (_) @f) (#resolves-to? @f "torch.load"))'], "python")
    found = QuerySet([pattern, query]).search(tree)
    assert [bool(found[0].matches), bool(found[1].matches)] == [wanted, wanted]


RELATIVE = [
    ("src/main.py", "from . import train\ntrain.go()", "src.train.go"),
    ("src/main.py", "from .train import go\ngo()", "src.train.go"),
    ("src/a/b.py", "from .. import train\ntrain.go()", "src.train.go"),
    ("src/a/b.py", "from ..train import go as g\ng()", "src.train.go"),
    ("src/__init__.py", "from . import train\ntrain.go()", "src.train.go"),
    ("main.py", "from . import train\ntrain.go()", "train.go"),
    ("src/main.py", "from .train import *\ngo()", "src.train.go"),
]


@pytest.mark.parametrize(("path", "code", "name"), RELATIVE)
def test_a_relative_import_is_absolute(path: str, code: str, name: str) -> None:
    """A relative import stands for the module's path from the submission's root."""
    tree = parse(Source(path, code.encode()), "python")
    assert QuerySet([compile_pattern([f"{name}(...)"], "python")]).search(tree)[0].matches


def test_a_followed_name_binds_its_segment() -> None:
    """`$m` in a followed chain is the segment that was imported, at the word that stands for it."""
    code = "from torchvision.models import resnet18 as r\nfrom torchvision import models\nr()\nmodels.vgg()\n"
    tree = parse(Source("a.py", code.encode()), "python")
    hits = QuerySet([compile_pattern(["torchvision.models.$m(...)"], "python")]).search(tree)[0].matches
    bound = [dict(hit.bindings)["m"] for hit in hits]
    assert [value.value for value in bound] == ["resnet18", "vgg"]
    assert [code[slice(*value.span)] for value in bound if value.span] == ["r", "vgg"]


@pytest.mark.parametrize(("code", "count"), [("import torch as t\nt.load(p)", 0), ("torch.load(p)", 1)])
def test_names_can_be_taken_as_they_are_written(code: str, count: int) -> None:
    """With `resolve: false` a chain matches by its text."""
    tree = parse(Source("a.py", code.encode()), "python")
    syntax = compile_pattern(["torch.load(...)"], "python", resolve=False)
    assert len(QuerySet([syntax]).search(tree)[0].matches) == count


def test_a_name_without_a_dot_matches_by_its_text() -> None:
    """`load(...)` finds calls of that name wherever it comes from."""
    tree = parse(Source("a.py", b"from torch import load\nload(p)\n"), "python")
    assert len(QuerySet([compile_pattern(["load($p, ...)"], "python")]).search(tree)[0].matches) == 1


def test_what_a_name_resolves_to_can_be_refused_and_wild() -> None:
    """`#not-resolves-to?` keeps the others, and `*` stands for one segment."""
    code = "from torch import nn, load\nnn.Linear(); nn.utils.clip(); load()"
    tree = parse(Source("a.py", code.encode()), "python")
    call = "((call function: (_) @f) "
    wild = compile_code([call + '(#resolves-to? @f "torch.nn.*"))'], "python")
    others = compile_code([call + '(#not-resolves-to? @f "torch.nn.*"))'], "python")
    found = QuerySet([wild, others]).search(tree)
    names = [[hit.bindings[0][1].value for hit in found[index].matches] for index in (0, 1)]
    assert names == [["nn.Linear"], ["nn.utils.clip", "load"]]
