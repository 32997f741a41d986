"""Constants of JavaScript and TypeScript: tables of small programs with the right answers."""

from __future__ import annotations

import pytest

from constant_programs import DYNAMIC, Program, check, program

JAVASCRIPT = [
    # literals
    program("string", "use('a'); use(\"b\")", "a", "b"),
    program("escapes", r"use('\x61\u{62}\n')", "ab\n"),
    program("template", "use(`a`)", "a"),
    program("template with a part", "use(`a${f()}`)", DYNAMIC),
    program("template of constants", "const X = 'a'\nuse(`${X}_B`)", "a_B"),
    program("template of a number", "use(`a${1}`)", "a1"),
    program("tagged template", "use(String.raw`a`)", DYNAMIC),
    program("integer", "use(7); use(0x1F); use(1_000)", 7, 31, 1000),
    program("float", "use(1.5); use(1e3)", 1.5, 1000.0),
    program("sign", "use(-3)", -3),
    program("big integer", "use(10n)", DYNAMIC),
    program("truth values", "use(true); use(false)", True, False),
    program("null", "use(null)", None),
    program("undefined", "use(undefined)", DYNAMIC),
    program("regular expression", "use(/a/)", DYNAMIC),
    program("array", "use(['a'])", DYNAMIC),
    program("object", "use({a: 1})", DYNAMIC),
    program("parentheses", "use(('a'))", "a"),
    program("concatenation", "const P = 'a'\nuse(P + '_' + P)", "a_a"),
    program("sum of numbers", "use(1 + 2)", DYNAMIC),
    program("or", "use(y || 'a')", DYNAMIC),
    program("conditional", "use(y ? 'a' : 'b')", DYNAMIC),
    # modules
    program("const", "const X = 'a'\nuse(X)", "a"),
    program("const after its use", "function f() { use(X) }\nconst X = 'a'", "a"),
    program("let", "let X = 'a'\nuse(X)", "a"),
    program("var", "var X = 'a'\nuse(X)", "a"),
    program("let that is assigned", "let X = 'a'\nX = 'b'\nuse(X)", DYNAMIC),
    program("let that is assigned in a function", "let X = 'a'\nfunction f() { X = 'b' }\nuse(X)", DYNAMIC),
    program("let without a value", "let X\nX = 'a'\nuse(X)", DYNAMIC),
    program("augmented", "let X = 1\nX += 1\nuse(X)", DYNAMIC),
    program("incremented", "let X = 1\nX++\nuse(X)", DYNAMIC),
    program("assigned by a pattern", "let X = 1;\n[X] = y\nuse(X)", DYNAMIC),
    program("assigned by an object", "let X = 1;\n({X} = y)\nuse(X)", DYNAMIC),
    program("assigned by a loop", "let X = 1\nfor (X of y) {}\nuse(X)", DYNAMIC),
    program("another that is assigned", "let X = 'a'\nfunction f() { let X; X = 'b' }\nuse(X)", "a"),
    program("twice", "var X = 'a'\nvar X = 'b'\nuse(X)", DYNAMIC),
    program("var in a branch", "if (y) { var X = 'a' }\nuse(X)", DYNAMIC),
    program("const in a block", "{ const X = 'a'; use(X) }", "a"),
    program("outside of its block", "{ const X = 'a' }\nuse(X)", DYNAMIC),
    program("loop", "for (const X of ['a']) use(X)", DYNAMIC),
    program("loop that counts", "for (let X = 0; X < 1; X++) use(X)", DYNAMIC),
    program("of another name", "const X = 'a'\nconst Y = X\nuse(Y)", "a"),
    program("of a call", "const X = f()\nuse(X)", DYNAMIC),
    program("destructured", "const {X} = y\nuse(X)", DYNAMIC),
    program("function", "function X() {}\nuse(X)", DYNAMIC),
    program("never", "use(X)", DYNAMIC),
    program("several in one statement", "const X = 'a', Y = 'b'\nuse(X); use(Y)", "a", "b"),
    program("attribute of an object", "const X = {a: 'b'}\nuse(X.a)", DYNAMIC),
    # functions
    program("hidden by a parameter", "const X = 'a'\nfunction f(X) { use(X) }", DYNAMIC),
    program("hidden by a parameter of an arrow", "const X = 'a'\nconst f = X => use(X)", DYNAMIC),
    program("hidden by a pattern", "const X = 'a'\nconst f = ({X}) => use(X)", DYNAMIC),
    program("hidden by a local variable", "const X = 'a'\nfunction f() { let X = g(); use(X) }", DYNAMIC),
    program("hidden by catch", "const X = 'a'\ntry {} catch (X) { use(X) }", DYNAMIC),
    program("hidden by its function", "const X = 'a'\nconst f = function X() { use(X) }", DYNAMIC),
    program("local const", "function f() { const X = 'b'; use(X) }", "b"),
    program("local let that is assigned", "function f() { let X = 'b'; X = 'c'; use(X) }", DYNAMIC),
    program("local const of a parameter", "function f(y) { const X = y; use(X) }", DYNAMIC),
    program("local const in a circle", "function f() { const X = Y; const Y = X; use(X) }", DYNAMIC),
    # classes
    program("static field", "class A { static X = 'a' }\nuse(A.X)", "a"),
    program("field of instances", "class A { X = 'a' }\nuse(A.X)", DYNAMIC),
    program("this", "class A { X = 'a'; f() { use(this.X) } }", "a"),
    program("this in an arrow", "class A { X = 'a'; f() { return () => use(this.X) } }", "a"),
    program("this in a function", "class A { X = 'a'; f() { return function () { use(this.X) } } }", DYNAMIC),
    program("this in a static method", "class A { static X = 'a'; static f() { use(this.X) } }", "a"),
    program("this of an object", "class A { X = 1; f() { return { g() { use(this.X) } } } }", DYNAMIC),
    program("set on this", "class A { X = 'a'; f() { this.X = 'b'; use(this.X) } }", DYNAMIC),
    program("set on the class", "class A { static X = 'a' }\nA.X = 'b'\nuse(A.X)", DYNAMIC),
    program("static field twice", "class A { static X = 'a'; static X = 'b' }\nuse(A.X)", DYNAMIC),
    program("overridden field", "class A { X = 1; f() { use(this.X) } }\nclass B extends A { X = 2 }", DYNAMIC),
    program("inherited static field", "class A { static X = 'a' }\nclass B extends A {}\nuse(B.X)", "a"),
    # several files
    program("imported", {"a.js": "import { X } from './b'\nuse(X)", "b.js": "export const X = 'a'"}, "a"),
    program(
        "imported by name", {"a.js": "import { X as Y } from './b.js'\nuse(Y)", "b.js": "export const X = 'a'"}, "a"
    ),
    program("module", {"a.js": "import * as b from './b'\nuse(b.X)", "b.js": "export const X = 'a'"}, "a"),
    program("default", {"a.js": "import X from './b'\nuse(X)", "b.js": "export default 'a'"}, "a"),
    program("default of a name", {"a.js": "import X from './b'\nuse(X)", "b.js": "const Y = 1\nexport default Y"}, 1),
    program("not exported", {"a.js": "import { X } from './b'\nuse(X)", "b.js": "const X = 'a'"}, DYNAMIC),
    program(
        "exported by another name",
        {"a.js": "import { Y } from './b'\nuse(Y)", "b.js": "const X = 'a'\nexport { X as Y }"},
        "a",
    ),
    program(
        "exported let that is assigned",
        {"a.js": "import { X } from './b'\nuse(X)", "b.js": "export let X = 1\nexport const f = () => { X = 2 }"},
        DYNAMIC,
    ),
    program(
        "passed on",
        {
            "a.js": "import { X } from './p'\nuse(X)",
            "p/index.js": "export { X } from './b'",
            "p/b.js": "export const X = 1",
        },
        1,
    ),
    program(
        "passed on whole",
        {
            "a.js": "import { X } from './p'\nuse(X)",
            "p/index.js": "export * from './b'",
            "p/b.js": "export const X = 1",
        },
        1,
    ),
    program(
        "passed on whole by two",
        {
            "a.js": "import { X } from './p'\nuse(X)",
            "p/index.js": "export * from './b'\nexport * from './c'",
            "p/b.js": "export const X = 1",
            "p/c.js": "export const X = 2",
        },
        DYNAMIC,
    ),
    program("package", "import { X } from 'b'\nuse(X)", DYNAMIC),
    program("above the project", {"a.js": "import { X } from '../b'\nuse(X)", "b.js": "export const X = 1"}, DYNAMIC),
    program(
        "required",
        {"a.js": "const { X } = require('./b')\nuse(X)", "b.js": "const X = 'a'\nmodule.exports = { X }"},
        "a",
    ),
    program("required module", {"a.js": "const b = require('./b')\nuse(b.X)", "b.js": "exports.X = 'a'"}, "a"),
    program("required in place", {"a.js": "use(require('./b').X)", "b.js": "module.exports = { X: 'a' }"}, "a"),
    program("exported twice", {"a.js": "use(require('./b').X)", "b.js": "exports.X = 1\nexports.X = 2"}, DYNAMIC),
    program("exported in a branch", {"a.js": "use(require('./b').X)", "b.js": "if (y) exports.X = 1"}, DYNAMIC),
    program("in a circle", {"a.js": "import { X } from './b'\nuse(X)", "b.js": "export { X } from './a'"}, DYNAMIC),
    program(
        "two files",
        {"a.js": "import { X } from './b'\nuse(X)", "b.js": "export const X = 1", "b.ts": "export const X = 1"},
        DYNAMIC,
    ),
]
TYPESCRIPT = [
    program("typed", "const X: string = 'a'\nuse(X)", "a"),
    program("as const", "const X = 'a' as const\nuse(X)", "a"),
    program("satisfies", "const X = 'a' satisfies string\nuse(X)", "a"),
    program("not null", "const X = 'a'\nuse(X!)", "a"),
    program("exported", "export const X = 'a'\nuse(X)", "a"),
    program("declared elsewhere", "declare const X: string\nuse(X)", DYNAMIC),
    program("enum of strings", "enum E { A = 'x' }\nuse(E.A)", "x"),
    program("enum of numbers", "enum E { A, B = 5, C }\nuse(E.A); use(E.B); use(E.C)", 0, 5, 6),
    program("const enum", "const enum E { A = 'x' }\nuse(E.A)", "x"),
    program("enum in two parts", "enum E { A = 'x' }\nenum E { B = 'y' }\nuse(E.A)", DYNAMIC),
    program("unknown member", "enum E { A = 'x' }\nuse(E.B)", DYNAMIC),
    program("static readonly", "class A { static readonly X = 'a' }\nuse(A.X)", "a"),
    program("readonly", "class A { private readonly X = 'a'; f() { use(this.X) } }", "a"),
    program(
        "set in the constructor",
        "class A { readonly X = 'a'; constructor() { this.X = y } f() { use(this.X) } }",
        DYNAMIC,
    ),
    program("parameter property", "class A { constructor(public X: string) {} f() { use(this.X) } }", DYNAMIC),
    program("namespace", "namespace N { export const X = 'a' }\nuse(N.X)", DYNAMIC),
    program("hidden by a typed parameter", "const X = 'a'\nfunction f(X: string) { use(X) }", DYNAMIC),
    program("default of a parameter", "const X = 'a'\nfunction f(y = use(X)) {}", "a"),
    program("imported", {"a.ts": "import { X } from './b'\nuse(X)", "b.ts": "export const X = 'a'"}, "a"),
    program("imported as .js", {"a.ts": "import { X } from './b.js'\nuse(X)", "b.ts": "export const X = 'a'"}, "a"),
    program("from JavaScript", {"a.ts": "import { X } from './b'\nuse(X)", "b.js": "export const X = 'a'"}, "a"),
    program(
        "enum of a module", {"a.ts": "import { E } from './b'\nuse(E.A)", "b.ts": "export enum E { A = 'x' }"}, "x"
    ),
    program("in JSX", {"a.tsx": "const X = 'a'\nconst f = () => <p>{use(X)}</p>"}, "a"),
]


@pytest.mark.parametrize("case", JAVASCRIPT, ids=[case.name for case in JAVASCRIPT])
def test_javascript(case: Program) -> None:
    """A binding that nothing assigns again is its value; everything else is dynamic."""
    check(case, "a.js")


@pytest.mark.parametrize("case", TYPESCRIPT, ids=[case.name for case in TYPESCRIPT])
def test_typescript(case: Program) -> None:
    """The same, and members of enumerations."""
    check(case, "a.ts")


def test_the_tables_are_large() -> None:
    """Every program has a name of its own."""
    for table in (JAVASCRIPT, TYPESCRIPT):
        assert len({case.name for case in table}) == len(table)
    assert len(JAVASCRIPT) + len(TYPESCRIPT) >= 60
