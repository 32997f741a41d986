"""Constants of Python: a table of small programs with the right answers."""

from __future__ import annotations

import pytest

from constant_programs import DYNAMIC, Program, check, program

PROGRAMS = [
    # literals
    program("string", "use('a')", "a"),
    program("escapes", r"use('\x61\u0062\n')", "ab\n"),
    program("raw string", r"use(r'\d')", "\\d"),
    program("adjacent strings", "use('a' \"b\"\n    'c')", "abc"),
    program("string over lines", "use('''a\nb''')", "a\nb"),
    program("integer", "use(7)", 7),
    program("other notations of integers", "use(0x1F); use(1_000); use(0b11); use(0o17)", 31, 1000, 3, 15),
    program("float", "use(1.5); use(1e3)", 1.5, 1000.0),
    program("signs", "use(-3); use(+4); use(-2.5)", -3, 4, -2.5),
    program("truth values", "use(True); use(False)", True, False),
    program("none", "use(None)", None),
    program("parentheses", "use(('a'))", "a"),
    program("infinity", "use(1e999)", DYNAMIC),
    program("imaginary number", "use(1j)", DYNAMIC),
    program("large integer", "use(123456789012345678901234567890)", 123456789012345678901234567890),
    program("list", "use(['a'])", DYNAMIC),
    program("call", "use(str('a'))", DYNAMIC),
    program("ellipsis", "use(...)", DYNAMIC),
    program("f-string without parts", "use(f'a{{b}}')", "a{b}"),
    program("f-string with a part", "X = g()\nuse(f'a{X}')", DYNAMIC),
    program("f-string of constants", "X = 'a'\nuse(f'{X}_B')", "a_B"),
    program("f-string of a number", "use(f'a{1}')", "a1"),
    program("f-string of a truth value", "use(f'a{True}')", DYNAMIC),
    program("f-string with a format", "X = 'a'\nuse(f'{X!r}'); use(f'{X:>3}')", DYNAMIC, DYNAMIC),
    program("concatenation", "P = 'a'\nuse(P + '_' + P); use('a' + 'b')", "a_a", "ab"),
    program("concatenation of what isn't constant", "use('a' + x)", DYNAMIC),
    program("sum of numbers", "use(1 + 2)", DYNAMIC),
    program("repetition", "use('a' * 2)", DYNAMIC),
    program("percent", "use('%s' % 'a')", DYNAMIC),
    # modules
    program("once", "X = 'a'\nuse(X)", "a"),
    program("once, after its use", "def f():\n    use(X)\nX = 'a'", "a"),
    program("typed values", "A = 1\nB = None\nC = True\nD = 2.5\nuse(A); use(B); use(C); use(D)", 1, None, True, 2.5),
    program("twice", "X = 'a'\nX = 'b'\nuse(X)", DYNAMIC),
    program("twice the same", "X = 'a'\nX = 'a'\nuse(X)", DYNAMIC),
    program("never", "use(X)", DYNAMIC),
    program("of another name", "X = 'a'\nY = X\nuse(Y)", "a"),
    program("of itself", "X = X\nuse(X)", DYNAMIC),
    program("in a circle", "X = Y\nY = X\nuse(X)", DYNAMIC),
    program("of a call", "X = f()\nuse(X)", DYNAMIC),
    program("of a list", "X = ['a']\nuse(X)", DYNAMIC),
    program("several targets", "X = Y = 'a'\nuse(X); use(Y)", "a", "a"),
    program("unpacked", "X, Y = 'a', 'b'\nuse(X); use(Y)", "a", "b"),
    program("unpacked from a call", "X, Y = f()\nuse(X)", DYNAMIC),
    program("unpacked with a star", "X, *Y = 'a', 'b'\nuse(X); use(Y)", "a", DYNAMIC),
    program("nested unpacking", "(X, (Y, Z)) = 1, (2, 3)\nuse(X); use(Z)", 1, 3),
    program("annotated", "X: str = 'a'\nuse(X)", "a"),
    program("annotated before", "X: str\nX = 'a'\nuse(X)", "a"),
    program("only annotated", "X: str\nuse(X)", DYNAMIC),
    program("Final", "from typing import Final\nX: Final = 'a'\nuse(X)", "a"),
    program("global", "X = 'a'\ndef f():\n    global X\n    X = 'b'\nuse(X)", DYNAMIC),
    program("global that is only read", "X = 'a'\ndef f():\n    global X\n    use(X)", "a"),
    program("global, and nowhere else", "def f():\n    global X\n    X = 'b'\nuse(X)", DYNAMIC),
    program("del", "X = 'a'\ndel X\nuse(X)", DYNAMIC),
    program("augmented", "X = 'a'\nX += 'b'\nuse(X)", DYNAMIC),
    program("loop", "for i in y:\n    X = 'a'\nuse(X)", DYNAMIC),
    program("target of a loop", "for X in ['a']:\n    use(X)", DYNAMIC),
    program("while", "while y:\n    X = 'a'\nuse(X)", DYNAMIC),
    program("branch", "if y:\n    X = 'a'\nuse(X)", DYNAMIC),
    program("both branches", "if y:\n    X = 'a'\nelse:\n    X = 'b'\nuse(X)", DYNAMIC),
    program("match", "match y:\n    case 1:\n        X = 'a'\nuse(X)", DYNAMIC),
    program("capture of match", "match y:\n    case X:\n        use(X)", DYNAMIC),
    program("try", "try:\n    X = 'a'\nexcept E:\n    pass\nuse(X)", DYNAMIC),
    program("with", "with y:\n    X = 'a'\nuse(X)", "a"),
    program("as of with", "with y as X:\n    use(X)", DYNAMIC),
    program("as of except", "try:\n    pass\nexcept E as X:\n    use(X)", DYNAMIC),
    program("conditional expression", "X = 'a' if y else 'b'\nuse(X)", DYNAMIC),
    program("or", "X = y or 'a'\nuse(X)", DYNAMIC),
    program("walrus", "print(X := 'a')\nuse(X)", "a"),
    program("walrus in a condition", "if (X := 'a'):\n    pass\nuse(X)", DYNAMIC),
    program("walrus that is skipped", "y and (X := 'a')\nuse(X)", DYNAMIC),
    program("walrus in a comprehension", "[(X := 'a') for i in y]\nuse(X)", DYNAMIC),
    program("walrus as the argument", "use(X := 'a')", "a"),
    program("star import", "from y import *\nX = 'a'\nuse(X)", DYNAMIC),
    program("function", "def X(): pass\nuse(X)", DYNAMIC),
    program("setattr on the module", "import sys\nX = 'a'\nsetattr(sys.modules[__name__], 'X', 'b')\nuse(X)", DYNAMIC),
    program("setattr of another name", "import sys\nX = 'a'\nsetattr(sys.modules[__name__], 'Y', 'b')\nuse(X)", "a"),
    program("setattr of any name", "import sys\nX = 'a'\nsetattr(sys.modules[__name__], y, 'b')\nuse(X)", DYNAMIC),
    program("setattr through a name", "m = sys.modules[__name__]\nX = 'a'\nsetattr(m, y, 1)\nuse(X)", DYNAMIC),
    program("globals", "X = 'a'\nglobals()['X'] = 'b'\nuse(X)", DYNAMIC),
    program("globals of any name", "X = 'a'\nglobals().update(y)\nuse(X)", DYNAMIC),
    program("globals that are read", "X = 'a'\nglobals()['X']\nuse(X)", "a"),
    program("exec", "X = 'a'\nexec(y)\nuse(X)", DYNAMIC),
    # functions
    program("hidden by a parameter", "X = 'a'\ndef f(X):\n    use(X)", DYNAMIC),
    program("hidden by a local variable", "X = 'a'\ndef f():\n    X = 'b'\n    use(X)", DYNAMIC),
    program("local variable", "def f():\n    X = 'b'\n    use(X)", DYNAMIC),
    program("hidden by a comprehension", "X = 'a'\n[use(X) for X in y]", DYNAMIC),
    program("seen by a comprehension", "X = 'a'\n[use(X) for Y in y]", "a"),
    program("hidden by a lambda", "X = 'a'\nlambda X: use(X)", DYNAMIC),
    program("default of a parameter", "X = 'a'\ndef f(y=use(X)): pass", "a"),
    # classes
    program("class", "class A:\n    X = 'a'\nuse(A.X)", "a"),
    program("class, inside its body", "class A:\n    X = 'a'\n    use(X)", "a"),
    program("no class in its methods", "X = 'm'\nclass A:\n    X = 'a'\n    def f(self):\n        use(X)", "m"),
    program("self", "class A:\n    X = 'a'\n    def f(self):\n        use(self.X)", "a"),
    program("cls", "class A:\n    X = 'a'\n    @classmethod\n    def f(cls):\n        use(cls.X)", "a"),
    program(
        "static method", "class A:\n    X = 'a'\n    @staticmethod\n    def f(self):\n        use(self.X)", DYNAMIC
    ),
    program("self of a function", "def f(self):\n    use(self.X)", DYNAMIC),
    program(
        "set on an instance",
        "class A:\n    X = 'a'\n    def f(self):\n        self.X = 'b'\n        use(self.X)",
        DYNAMIC,
    ),
    program("set on a class", "class A:\n    X = 'a'\nA.X = 'b'\nuse(A.X)", DYNAMIC),
    program("setattr on a class", "class A:\n    X = 'a'\nsetattr(A, 'X', 'b')\nuse(A.X)", DYNAMIC),
    program("twice in a class", "class A:\n    X = 'a'\n    X = 'b'\nuse(A.X)", DYNAMIC),
    program("inherited", "class A:\n    X = 'a'\nclass B(A):\n    def f(self): use(self.X)\nuse(B.X)", "a", "a"),
    program(
        "overridden",
        "class A:\n    X = 'a'\n    def f(self): use(self.X)\nclass B(A):\n    X = 'b'\nuse(A.X)",
        DYNAMIC,
        "a",
    ),
    program("nested class", "class A:\n    class B:\n        X = 'a'\nuse(A.B.X)", "a"),
    program("class in a function", "def f():\n    class A:\n        X = 'a'\n    use(A.X)", DYNAMIC),
    program("class in a branch", "if y:\n    class A:\n        X = 'a'\nuse(A.X)", DYNAMIC),
    program("decorated class", "@y\nclass A:\n    X = 'a'\nuse(A.X)", DYNAMIC),
    program(
        "data class", "@dataclass\nclass A:\n    x: str = 'a'\n    def f(self): use(self.x)\nuse(A.x)", DYNAMIC, DYNAMIC
    ),
    program("ClassVar", "@dataclass\nclass A:\n    x: ClassVar[str] = 'a'\n    def f(self): use(self.x)", "a"),
    program("field of a model", "class A(BaseSettings):\n    x: str = 'a'\nuse(A.x)", DYNAMIC),
    program("member of Enum", "from enum import Enum\nclass C(Enum):\n    R = 'r'\nuse(C.R)", DYNAMIC),
    program("value of a member", "from enum import Enum\nclass C(Enum):\n    R = 'r'\nuse(C.R.value)", "r"),
    program("name of a member", "from enum import Enum\nclass C(Enum):\n    R = 'r'\nuse(C.R.name)", DYNAMIC),
    program("member of StrEnum", "import enum\nclass C(enum.StrEnum):\n    R = 'r'\nuse(C.R)", "r"),
    program("member of str and Enum", "from enum import Enum\nclass C(str, Enum):\n    R = 'r'\nuse(C.R)", "r"),
    program("member of IntEnum", "from enum import IntEnum as I\nclass C(I):\n    R = 3\nuse(C.R)", 3),
    program(
        "member that is made",
        "from enum import IntEnum\nclass C(IntEnum):\n    R = 3\n    def __new__(cls, x): pass\nuse(C.R.value)",
        DYNAMIC,
    ),
    program("member of another type", "from enum import IntEnum\nclass C(IntEnum):\n    R = '3'\nuse(C.R)", DYNAMIC),
    program("auto", "from enum import Enum, auto\nclass C(Enum):\n    R = auto()\nuse(C.R.value)", DYNAMIC),
    program("metaclass", "class C(metaclass=M):\n    R = 'r'\nuse(C.R)", DYNAMIC),
    # several files
    program("imported", {"a.py": "from b import X\nuse(X)", "b.py": "X = 'a'"}, "a"),
    program("imported under another name", {"a.py": "from b import X as Y\nuse(Y)", "b.py": "X = 'a'"}, "a"),
    program("of an imported module", {"a.py": "import b\nuse(b.X)", "b.py": "X = 'a'"}, "a"),
    program("of a module under another name", {"a.py": "import p.b as c\nuse(c.X)", "p/b.py": "X = 'a'"}, "a"),
    program(
        "of a module in a package", {"a.py": "import p.b\nuse(p.b.X)", "p/__init__.py": "", "p/b.py": "X = 'a'"}, "a"
    ),
    program(
        "module from a package", {"a.py": "from p import b\nuse(b.X)", "p/__init__.py": "", "p/b.py": "X = 'a'"}, "a"
    ),
    program("relative", {"p/a.py": "from .b import X\nuse(X)", "p/b.py": "X = 'a'"}, "a"),
    program("relative module", {"p/a.py": "from . import b\nuse(b.X)", "p/b.py": "X = 'a'"}, "a"),
    program("relative, above", {"p/q/a.py": "from ..b import X\nuse(X)", "p/b.py": "X = 'a'"}, "a"),
    program("relative, beyond the project", {"a.py": "from ..b import X\nuse(X)", "b.py": "X = 'a'"}, DYNAMIC),
    program("src", {"src/p/a.py": "from p.b import X\nuse(X)", "src/p/__init__.py": "", "src/p/b.py": "X = 'a'"}, "a"),
    program("src from outside", {"tests/a.py": "from p.b import X\nuse(X)", "src/p/b.py": "X = 'a'"}, "a"),
    program(
        "passed on", {"a.py": "from p import X\nuse(X)", "p/__init__.py": "from .b import X", "p/b.py": "X = 'a'"}, "a"
    ),
    program(
        "passed on twice",
        {
            "a.py": "from p import X\nuse(X)",
            "p/__init__.py": "from .q import X",
            "p/q/__init__.py": "from .b import X",
            "p/q/b.py": "X = 1",
        },
        1,
    ),
    program(
        "passed on as a star",
        {"a.py": "from p import X\nuse(X)", "p/__init__.py": "from .b import *", "p/b.py": "X = 'a'"},
        DYNAMIC,
    ),
    program("twice where it is from", {"a.py": "from b import X\nuse(X)", "b.py": "X = 'a'\nX = 'b'"}, DYNAMIC),
    program(
        "set from elsewhere", {"a.py": "import b\nuse(b.X)", "b.py": "X = 'a'", "c.py": "import b\nb.X = 'c'"}, DYNAMIC
    ),
    program(
        "setattr from elsewhere",
        {"a.py": "import b\nuse(b.X)", "b.py": "X = 'a'", "c.py": "import b\nsetattr(b, 'X', 1)"},
        DYNAMIC,
    ),
    program("of a class of a module", {"a.py": "from b import A\nuse(A.X)", "b.py": "class A:\n    X = 'a'"}, "a"),
    program(
        "overridden elsewhere",
        {
            "a.py": "class A:\n    X = 1\n    def f(self): use(self.X)",
            "b.py": "from a import A\nclass B(A):\n    X = 2",
        },
        DYNAMIC,
    ),
    program(
        "conditional import",
        {"a.py": "try:\n    from b import X\nexcept ImportError:\n    X = 'c'\nuse(X)", "b.py": "X = 'a'"},
        DYNAMIC,
    ),
    program("import in a branch", {"a.py": "if y:\n    from b import X\nuse(X)", "b.py": "X = 'a'"}, DYNAMIC),
    program("import in a function", {"a.py": "def f():\n    from b import X\n    use(X)", "b.py": "X = 'a'"}, "a"),
    program("not of the project", "from os import sep\nuse(sep)", DYNAMIC),
    program("named like a module of Python", {"a.py": "from enum import X\nuse(X)", "enum.py": "X = 'a'"}, DYNAMIC),
    program(
        "two modules of that name",
        {"x/a.py": "from b import X\nuse(X)", "b.py": "X = 'a'", "x/b.py": "X = 'b'"},
        DYNAMIC,
    ),
    program("imports in a circle", {"a.py": "from b import X\nuse(X)", "b.py": "from a import X"}, DYNAMIC),
    program("broken module", {"a.py": "from b import X\nuse(X)", "b.py": "X = 'a'\ndef (:"}, DYNAMIC),
    program("namespace package", {"a.py": "from p.q.b import X\nuse(X)", "p/q/b.py": "X = 'a'"}, "a"),
]


@pytest.mark.parametrize("case", PROGRAMS, ids=[case.name for case in PROGRAMS])
def test_a_name_is_what_it_is_when_the_program_runs_or_dynamic(case: Program) -> None:
    """A name that is assigned once, unconditionally, is its value; everything else is dynamic."""
    check(case, "a.py")


def test_the_table_is_large() -> None:
    """Every program has a name of its own."""
    assert len({case.name for case in PROGRAMS}) == len(PROGRAMS) >= 60
