"""Constants of Go: a table of small programs with the right answers."""

from __future__ import annotations

import pytest

from constant_programs import DYNAMIC, Program, check, program

P = "package p\n"


def f(body: str, top: str = "") -> str:
    """A file with these declarations and one function of this body."""
    return f"{P}{top}\nfunc f() {{\n{body}\n}}\n"


def module(files: dict[str, str]) -> dict[str, str]:
    """The files of a module called example.com/m."""
    return {**files, "go.mod": "module example.com/m\n\ngo 1.22\n"}


PROGRAMS = [
    # literals
    program("string", f('use("a")'), "a"),
    program("raw string", f("use(`a\\n`)"), "a\\n"),
    program("escapes", f(r'use("\x61\u0062\n")'), "ab\n"),
    program("integers", f("use(7); use(0x1F); use(0b11); use(0o17); use(017); use(1_000)"), 7, 31, 3, 15, 15, 1000),
    program("float", f("use(1.5); use(1e3)"), 1.5, 1000.0),
    program("signs", f("use(-3); use(-2.5)"), -3, -2.5),
    program("rune", f("use('a')"), 97),
    program("truth values", f("use(true); use(false)"), True, False),
    program("nil", f("use(nil)"), None),
    program("imaginary number", f("use(1i)"), DYNAMIC),
    program("concatenation", f('use("a" + "b")'), "ab"),
    program("sum of numbers", f("use(1 + 2)"), 3),
    program("call", f("use(g())"), DYNAMIC),
    program("composite", f("use([]int{1})"), DYNAMIC),
    program("conversion", f('use(string("a"))'), DYNAMIC),
    # packages
    program("const", f("use(X)", 'const X = "a"'), "a"),
    program("typed const", f("use(X)", 'const X string = "a"'), "a"),
    program("const of a type", f("use(X)", 'type K string\nconst X K = "a"'), "a"),
    program("group", f("use(X); use(Y)", 'const (\n\tX = "a"\n\tY = "b"\n)'), "a", "b"),
    program("repeated", f("use(X); use(Y)", 'const (\n\tX = "a"\n\tY\n)'), "a", "a"),
    program("several", f("use(X); use(Y)", 'const X, Y = "a", 2'), "a", 2),
    program("iota", f("use(X); use(Y); use(Z)", "const (\n\tX = iota\n\tY\n\tZ\n)"), 0, 1, 2),
    program(
        "iota that is computed", f("use(X); use(Y)", "const (\n\tX = 1 << (10 * (iota + 1))\n\tY\n)"), 1024, 1048576
    ),
    program("iota that is skipped", f("use(Y)", "const (\n\t_ = iota\n\tY\n)"), 1),
    program("iota of each group", f("use(Y)", "const (\n\tX = iota\n)\nconst (\n\tY = iota\n)"), 0),
    program("iota after others", f("use(Y)", 'const (\n\tX = "a"\n\tY = iota\n)'), 1),
    program("of another name", f("use(Y)", 'const X = "a"\nconst Y = X'), "a"),
    program("concatenation of names", f("use(Y)", 'const X = "a"\nconst Y = X + "_B"'), "a_B"),
    program("concatenation in place", f('use(X + "_B")', 'const X = "a"'), "a_B"),
    program("converted", f("use(X); use(Y)", 'const X = Key("a")\nconst Y = Day(3)'), "a", 3),
    program("number as a string", f("use(X)", "const X = string(65)"), DYNAMIC),
    program("length", f("use(X)", 'const X = len("abc")'), DYNAMIC),
    program("of another package", f("use(X)", 'import "time"\nconst X = 5 * time.Second'), DYNAMIC),
    program("in a circle", f("use(X)", "const X = Y\nconst Y = X"), DYNAMIC),
    program("var", f("use(X)", 'var X = "a"'), "a"),
    program("var of a group", f("use(X); use(Y)", 'var (\n\tX = "a"\n\tY, Z = 1, 2\n)'), "a", 1),
    program("var without a value", f("use(X)", "var X string"), DYNAMIC),
    program("var of a call", f("use(X)", "var X = g()"), DYNAMIC),
    program("var that is assigned", f('X = "b"\nuse(X)', 'var X = "a"'), DYNAMIC),
    program("var that is assigned with others", f('X, y = "b", 1\nuse(X)', 'var X = "a"'), DYNAMIC),
    program("augmented", f("X += 1\nuse(X)", "var X = 1"), DYNAMIC),
    program("incremented", f("X++\nuse(X)", "var X = 1"), DYNAMIC),
    program("assigned by a range", f("for X = range y {\n}\nuse(X)", "var X = 1"), DYNAMIC),
    program("whose address is taken", f("g(&X)\nuse(X)", "var X = 1"), DYNAMIC),
    program("another that is assigned", f("X := 2\nX = 3\n_ = X\n}\nfunc h() {\nuse(X)", "var X = 1"), 1),
    program("function", f("use(f)"), DYNAMIC),
    program("type", f("use(T)", "type T int"), DYNAMIC),
    program("never", f("use(X)"), DYNAMIC),
    # functions
    program("local const", f('const X = "a"\nuse(X)'), "a"),
    program("local const that hides", f('const X = "b"\nuse(X)', 'const X = "a"'), "b"),
    program("local const after its use", f('use(X)\nconst X = "b"', 'const X = "a"'), DYNAMIC),
    program("local const of a block", f('{\nconst X = "b"\n}\nuse(X)', 'const X = "a"'), "a"),
    program("local variable", f('X := "b"\nuse(X)', 'const X = "a"'), DYNAMIC),
    program("local var", f('var X = "b"\nuse(X)', 'const X = "a"'), DYNAMIC),
    program("parameter", f"{P}const X = 1\nfunc f(X int) {{ use(X) }}\n", DYNAMIC),
    program("result", f"{P}const X = 1\nfunc f() (X int) {{ use(X); return }}\n", DYNAMIC),
    program("receiver", f"{P}const X = 1\nfunc (X T) f() {{ use(X) }}\n", DYNAMIC),
    program("loop", f("for X := range y {\nuse(X)\n}", "const X = 1"), DYNAMIC),
    program("loop that counts", f("for X := 0; X < 1; X++ {\nuse(X)\n}", "const X = 1"), DYNAMIC),
    program("if", f("if X := y; X > 0 {\nuse(X)\n}\nuse(X)", "const X = 1"), DYNAMIC, 1),
    program("function literal", f("_ = func(X int) { use(X) }", "const X = 1"), DYNAMIC),
    program("type switch", f("switch X := y.(type) {\ncase int:\nuse(X)\n}", "const X = 1"), DYNAMIC),
    program("attribute", f("use(y.X)", "const X = 1"), DYNAMIC),
    # several files
    program("another file of the package", {"a.go": f("use(X)"), "b.go": f'{P}const X = "a"\n'}, "a"),
    program("assigned in another file", {"a.go": f("use(X)", "var X = 1"), "b.go": f("X = 2")}, DYNAMIC),
    program(
        "defined in two files", {"a.go": f("use(X)"), "b.go": f"{P}const X = 1\n", "c.go": f"{P}const X = 2\n"}, DYNAMIC
    ),
    program("another package of the folder", {"a.go": f("use(X)"), "b.go": "package q\nconst X = 1\n"}, DYNAMIC),
    program("of a test", {"a_test.go": f("use(X)"), "b.go": f"{P}const X = 1\n"}, 1),
    program("from a test", {"a.go": f("use(X)"), "b_test.go": f"{P}const X = 1\n"}, DYNAMIC),
    program(
        "imported",
        module({"a.go": f("use(q.X)", 'import "example.com/m/q"'), "q/b.go": 'package q\nconst X = "a"\n'}),
        "a",
    ),
    program(
        "imported under another name",
        module({"a.go": f("use(r.X)", 'import r "example.com/m/q"'), "q/b.go": 'package q\nconst X = "a"\n'}),
        "a",
    ),
    program(
        "imported variable that is assigned elsewhere",
        module(
            {
                "a.go": f("use(q.X)", 'import "example.com/m/q"'),
                "q/b.go": "package q\nvar X = 1\n",
                "c/c.go": f("q.X = 2", 'import "example.com/m/q"'),
            }
        ),
        DYNAMIC,
    ),
    program(
        "imported from another module",
        module({"a.go": f("use(q.X)", 'import "example.com/other/q"'), "q/b.go": "package q\nconst X = 1\n"}),
        DYNAMIC,
    ),
    program(
        "without go.mod",
        {"a.go": f("use(q.X)", 'import "example.com/m/q"'), "q/b.go": "package q\nconst X = 1\n"},
        DYNAMIC,
    ),
    program(
        "module in a folder",
        {
            "s/a.go": f("use(q.X)", 'import "example.com/s/q"'),
            "s/q/b.go": "package q\nconst X = 1\n",
            "s/go.mod": "module example.com/s\n",
        },
        1,
    ),
    program("not of the project", f("use(os.Args)", 'import "os"'), DYNAMIC),
    program(
        "import with a dot",
        module({"a.go": f("use(X)", 'import . "example.com/m/q"'), "q/b.go": "package q\nconst X = 1\n"}),
        DYNAMIC,
    ),
]


@pytest.mark.parametrize("case", PROGRAMS, ids=[case.name for case in PROGRAMS])
def test_a_name_is_what_it_is_when_the_program_runs_or_dynamic(case: Program) -> None:
    """A constant, or a variable of a package that nothing assigns, is its value."""
    check(case, "a.go")


def test_the_table_is_large() -> None:
    """Every program has a name of its own."""
    assert len({case.name for case in PROGRAMS}) == len(PROGRAMS) >= 60
