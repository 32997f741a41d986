"""Snippets find code that says more: type arguments, casts, results, declared types, bases, further modifiers."""

from __future__ import annotations

import time

import pytest

from polcheck.base.spans import Source
from polcheck.languages.grammars import parse
from polcheck.selectors.syntax.compile import compile_code, compile_pattern
from polcheck.selectors.syntax.query_set import QuerySet

ALIKE: list[tuple[str, str, str, list[str]]] = [
    ("typescript", "http.get($u)", "%s;", ["http.get(u)", "http.get<User>(u)", "http?.get<User>(u)", "http!.get(u)"]),
    ("typescript", "a.b($x)", "%s;", ["a.b(x)", "(a as any).b(x)", "(<any>a).b(x)", "(a satisfies A)!.b(x)"]),
    ("typescript", "f('x')", "%s;", ["f('x')", "f('x' as const)", "f(<any>'x')", "f!('x')", "(f as any)('x')"]),
    ("typescript", "new Map($x)", "%s;", ["new Map(x)", "new Map<string, A>(x)"]),
    ("typescript", "this.c.q($x)", "class A { m() { %s } }", ["this.c.q(x)", "this.c!.q(x)", "this!.c!.q<T>(x)"]),
    ("typescript", "function $f(...) { ... }", "%s", ["function f(x) {}", "async function f<T>(x: T): Promise<T> {}"]),
    (
        "typescript",
        "class $c { ... }",
        "%s",
        ["class A {}", "class A<T> extends B<T> implements C {}", "abstract class A {}"],
    ),
    ("typescript", "const $x = f()", "%s;", ["const x = f()", "const x: number = f()"]),
    ("typescript", "interface $i { ... }", "%s", ["interface I {}", "interface I<T> extends J {}"]),
    ("typescript", "type $t = $v", "%s;", ["type T = A", "type T<X> = A"]),
    ("javascript", "class $c { ... }", "%s", ["class A {}", "class A extends B {}"]),
    (
        "javascript",
        "constructor(...) { ... }",
        "%s",
        ["class A { constructor() {} }", "class A { constructor(x) { super(x) } }"],
    ),
    (
        "typescript",
        "private $x: $t",
        "%s",
        ["class A { private x: T }", "class A { private static readonly x: T }"],
    ),
    ("javascript", "case $x: ...", "%s", ["switch (a) { case 1: b() }", "switch (a) { case 1: b(); c(); break }"]),
    ("javascript", "catch ($e) { ... }", "%s", ["try {} catch (e) {}", "try {} catch (e) { a() } finally {}"]),
    ("javascript", "if ($c) { ... }", "%s", ["if (a) { b() }", "if (a) { b() } else { c() }"]),
    (
        "go",
        "func $f(...) { ... }",
        "package a\n%s\n",
        ["func f() {}", "func f() error {}", "func f[T any](x T) (a T, err error) {}"],
    ),
    ("go", "func ($r $t) $m(...) { ... }", "package a\n%s\n", ["func (r T) m() {}", "func (r T) m() error {}"]),
    ("go", "type $t struct { ... }", "package a\n%s\n", ["type T struct{}", "type T[X any] struct{}"]),
    ("go", "var $x = f()", "package a\n%s\n", ["var x = f()", "var x int = f()"]),
    (
        "java",
        "new ArrayList($x)",
        "class A { List a = %s; }",
        ["new ArrayList(x)", "new ArrayList<>(x)", "new ArrayList<B>(x)"],
    ),
    ("java", "List.of($x)", "class A { List a = %s; }", ["List.of(x)", "List.<B>of(x)", "List.of(/* one */ x)"]),
    ("java", "enum $e { ... }", "%s", ["enum E {}", "enum E { A, B; int x; }", "public enum E implements I { A }"]),
    ("csharp", "F($x)", "class A { int a = %s; }", ["F(x)", "F<int>(x)"]),
    ("csharp", "o.G($x)", "class A { int a = %s; }", ["o.G(x)", "o.G<int>(x)"]),
    ("csharp", "$o.G($x)", "class A { int a = %s; }", ["o.G(x)", "o.G<int>(x)", "f().G<int>(x)"]),
    ("csharp", "o.G($x)", "class A { int a = %s; }", ["o?.G(x)", "o!.G(x)", "o!.G<int>(x)", "(o)?.G(x)"]),
    ("csharp", "$o.G($x)", "class A { int a = %s; }", ["a?.o?.G(x)", "a?[0].G(x)", "a.b?.c.G(x)"]),
    ("csharp", "new F(...)", "class A { object a = %s; }", ["new F(x)", "new F { a = 1 }", "new F(1) { a = 1 }"]),
    ("csharp", "[Foo(...)]", "%s class A {}", ["[Foo]", "[Foo(1)]"]),
    ("csharp", "new List($x)", "class A { object a = %s; }", ["new List(x)", "new List<int>(x)"]),
    ("rust", "k($x)", "fn f() { %s; }", ["k(x)", "k::<u8>(x)", "(k)(x)", "(k::<u8>)(x)"]),
    ("rust", "a::b($x)", "fn f() { %s; }", ["a::b(x)", "a::b::<u8>(x)", "a::<T>::b(x)"]),
    ("rust", "$o.m($x)", "fn f() { %s; }", ["o.m(x)", "o.m::<u8>(x)"]),
    (
        "rust",
        "k($x)",
        "fn f() { %s; }",
        ['p!("{}", k(x))', "vec![k(x); 3]", "a!(b!(c!(k(x))))", 'j!({"a": k(x), "b": 1})'],
    ),
    (
        "rust",
        "$o.m($x)",
        "fn f() { %s; }",
        ["select! { v = o.m(x) => { a }, else => {} }", "a!(matches!(o.m(x), Some(_) if c))"],
    ),
    ("rust", "k($x)", "%s", ["macro_rules! q { ($($e:expr),*) => { $( k($e); )* } }", "t! { static A: B = k(x); }"]),
    (
        "c",
        "k($x)",
        "%s\n",
        ["#define M k(x)", "#define M(x) do { k(x); } while (0)", "#define M(x) \\\n  (k(x), 1) // k(x)"],
    ),
    ("cpp", "k($x)", "%s\n", ["#define M if (a) k(x); else b", "#ifdef A\n# define M(...) k(__VA_ARGS__)\n#endif"]),
    ("c", "k($x);", "%s\n", ["#define M k(x)", "void f() {\n#define M k(x);\n}"]),
    ("bash", "for $i in ...; do ...; done", "%s\n", ["for x in a b; do c; done", "for x in a; do c; d; done"]),
    ("bash", "$f() { ... }", "%s\n", ["f() { a; }", "function f { a; }", "function f() { a; b; }"]),
    ("bash", "case $x in ... esac", "%s\n", ["case a in b) c;; esac", "case a in b) c;; d) e;; esac"]),
    ("bash", "curl ... | sh", "%s\n", ["curl -x y | sh", "curl a |& sh"]),
    (
        "javascript",
        "function $f(...) { ... }",
        "%s\n",
        ["function f() {}", "function* f() {}", "async function f() {}"],
    ),
    ("swift", "F($x)", "let a = %s\n", ["F(x)", "F<Int>(x)", "F?(x)", "F!(x)", "F(x) { y }"]),
    ("swift", "F(...)", "let a = %s\n", ["F<Int>()", "F { x }", "F(1) { x }", "F<Int> { x }", "F<Int, B>(x, y)"]),
    ("swift", "o.g($x)", "let a = %s\n", ["o.g(x)", "o?.g(x)", "o!.g(x)", "o.g<Int>(x)", "o.g(x) { y }"]),
    ("swift", "$o.g($x)", "let a = %s\n", ["a?.b?.g(x)", "a.g<Int, B>(x)"]),
    ("solidity", "k($x)", "contract A { function f() { %s; } }", ["k(x)", "k{value: 1}(x)", "(k)(x)"]),
    ("solidity", "$a.k($x)", "contract A { function f() { %s; } }", ["a.k{value: 1, gas: 2}(x)", "b.a.k{value: 1}(x)"]),
    ("solidity", "new C($x)", "contract A { function f() { %s; } }", ["new C(x)", "new C{salt: s}(x)"]),
    ("kotlin", "o.g($x)", "val a = %s\n", ["o.g(x)", "o?.g(x)", "o!!.g(x)", "o?.g<Int>(x)"]),
    ("kotlin", "F(...)", "val a = %s\n", ["F()", "F { x }", "F(1) { x }", "F<Int> { x }", "F<Int>(1)"]),
    ("go", "o.G($x, $y)", "package a\nvar a = %s\n", ["o.G(x, y)", "o.G[int](x, y)", "o.G[T](x, y)"]),
    ("elixir", "A.f($x)", "%s\n", ["A.f(x)", "A.f x", "A.f(x) do\n  y\nend"]),
    ("javascript", "new F(...)", "%s;", ["new F(x)", "new F()", "new F"]),
    ("tsx", "<A $x />", "a = %s;", ["<A x />", "<A<T> x />"]),
    ("java", "@Foo(...) class $c { ... }", "%s", ["@Foo class A {}", "@Foo(1) class A {}"]),
    ("scala", "new A(...)", "object A { val a = %s }", ["new A", "new A(1)"]),
    ("cpp", "new B($x)", "auto a = %s;", ["new B(x)", "new B<int>(x)", "new (p) B(x)", "::new B(x)"]),
    ("cpp", "new B(...)", "auto a = %s;", ["new B(x)", "new B", "new B<int>"]),
    ("php", "new Foo(...)", "<?php %s;", ["new Foo", "new foo($x)", "new \\FOO()"]),
    ("php", "Foo(1)", "<?php %s;", ["foo(1)", "FOO(1)", "\\foo(1)"]),
    ("php", "Foo::bar(1)", "<?php %s;", ["FOO::Bar(1)", "\\foo::BAR(1)"]),
    ("php", "$$a->bar(TRUE)", "<?php %s;", ["$a->BAR(true)", "$a?->Bar(True)"]),
    (
        "php",
        "class Foo extends Bar { ... }",
        "<?php %s",
        ["class foo extends BAR {}", "final class FOO extends bar {}"],
    ),
    ("php", "$_ instanceof Foo", "<?php $b = %s;", ["$a instanceof FOO"]),
    ("php", "Foo::A", "<?php $b = %s;", ["foo::A"]),
    ("kotlin", "f($x, $y)", "val a = %s\n", ["f(x, y)", "f<Int>(x, y)"]),
    ("scala", "f($x)", "object A { val a = %s }", ["f(x)", "f[Int](x)"]),
    ("scala", "o.m($x)", "object A { val a = %s }", ["o.m(x)", "o.m[Int](x)"]),
    ("scala", "new A($x)", "object A { val a = %s }", ["new A(x)", "new A[Int](x)"]),
    ("cpp", "k($x)", "int a = %s;", ["k(x)", "k<int>(x)", "::k(x)", "(k)(x)"]),
    ("cpp", "o.m($x)", "int a = %s;", ["o.m(x)", "o.m<int>(x)"]),
    ("cpp", "std::make($x)", "int a = %s;", ["std::make(x)", "std::make<int>(x)"]),
    ("php", "k($x)", "<?php %s;", ["k($x)", "\\k($x)"]),
    ("php", "$$o->m($x)", "<?php %s;", ["$o->m($x)", "$o?->m($x)"]),
    ("ruby", "class $c; ...; end", "%s\n", ["class A; end", "class A < B; end", "class A\n  x\n  y\nend"]),
    ("ruby", "def $f(...); ...; end", "%s\n", ["def f(); end", "def f(x); end", "def f(x)\n  y\nend"]),
    ("ruby", "module $m; ...; end", "%s\n", ["module A; end", "module A\n  x\nend"]),
    ("ruby", "o.k($x)", "%s\n", ["o.k(x)", "o&.k(x)", "o::k(x)"]),
    (
        "csharp",
        "async void $m(...) { ... }",
        "class A { %s }",
        ["async void M() {}", "[X] public static async void M() {}"],
    ),
    ("csharp", "public class $c { ... }", "%s", ["public class A {}", "[X] public sealed partial class A : B {}"]),
    ("csharp", "$x.F($y)", "class A { int a = %s; }", ["x.F(1)", "this.F(1)", "base.F(1)"]),
    ("csharp", "$x == b", "class A { bool a = %s; }", ["x == b", "this == b"]),
    ("csharp", "throw new E($x)", "class A { void M() { %s; } }", ["throw new E(x)", "a = b ?? throw new E(x)"]),
    ("c", "static int $f(...) { ... }", "%s", ["static int f() {}", "static inline int f() {}"]),
    ("c", "const int $x = $v;", "%s", ["const int x = 1;", "static const volatile int x = 1;"]),
    (
        "typescript",
        "class $c { $m(...) { ... } }",
        "%s",
        ["class A { m() {} }", "class A { public static async m() {} }"],
    ),
]
APART: list[tuple[str, str, str, list[str]]] = [
    ("typescript", "http.get<User>($u)", "%s;", ["http.get(u)", "http.get<Other>(u)"]),
    ("typescript", "$x as any", "%s;", ["x as string", "x"]),
    ("typescript", "$x!", "%s;", ["x", "!x"]),
    ("csharp", "F<int>($x)", "class A { int a = %s; }", ["F(x)", "F<string>(x)"]),
    ("rust", "k::<u8>($x)", "fn f() { %s; }", ["k(x)", "k::<u16>(x)"]),
    ("scala", "f[Int]($x)", "object A { val a = %s }", ["f(x)", "f[Long](x)"]),
    ("cpp", "k<int>($x)", "int a = %s;", ["k(x)", "k<long>(x)", "std::k(x)"]),
    ("php", "k($x)", "<?php %s;", ["A\\k($x)", "$k($x)"]),
    ("php", "Foo::A", "<?php $b = %s;", ["Foo::a"]),
    ("php", "FOO", "<?php $b = %s;", ["foo"]),
    ("php", "$$a->p", "<?php $b = %s;", ["$A->p", "$a->P"]),
    ("c", "k($x)", "%s\n", ['#define M "k(x)"', "#define M 1 /* k(x) */"]),
    ("csharp", "o?.G($x)", "class A { int a = %s; }", ["o.G(x)"]),
    ("swift", "F<Int>($x)", "let a = %s\n", ["F(x)", "F<B>(x)"]),
    ("solidity", "k{value: 1}($x)", "contract A { function f() { %s; } }", ["k(x)", "k{value: 2}(x)"]),
    ("rust", "[$x, $y]", "fn f() { %s; }", ["a!(x, y)", "a!{ x => y }"]),
    ("go", "func $f(...) error { ... }", "package a\n%s\n", ["func f() {}", "func f() int {}"]),
    (
        "csharp",
        "public void $m(...) { ... }",
        "class A { %s }",
        ["private static void M() {}", "public static int M() {}"],
    ),
    ("csharp", "public class $c { ... }", "%s", ["public interface A {}", "public struct A {}", "class A {}"]),
    ("go", "F($x, $y)", "package a\nfunc a() { %s }\n", ["F[int](x)", "G[int](x, y)"]),
    ("kotlin", "f($x)", "fun a() {\n%s\n}\n", ["f < x", "a < f && g > (x)", "g<Int>(x)", "f<Int>(x, y)"]),
    ("c", "static int $f(...) { ... }", "%s", ["inline int f() {}", "static inline long f() {}"]),
]


def _matches(language: str, pattern: str, around: str, code: str) -> int:
    """Return how many matches of a pattern there are in a file with the code at the place of `%s`."""
    tree = parse(Source("a", (around % code).encode()), language)
    assert not tree.tree.root_node.has_error, code
    return len(QuerySet([compile_pattern([pattern], language)]).search(tree)[0].matches)


@pytest.mark.parametrize("body", ["k(", "#x k(x)", "} k(x)"])
def test_a_macro_whose_body_cannot_be_parsed_is_undecided_where_it_may_hold_a_match(body: str) -> None:
    """In C and C++, whose grammars have it as a string."""
    tree = parse(Source("a.c", f"#define M(x) {body}\n".encode()), "c")
    calls, others = (QuerySet([compile_pattern([pattern], "c")]).search(tree)[0] for pattern in ("k($x)", "g($x)"))
    assert "macro" in calls.incomplete
    assert not others.incomplete


def test_what_is_between_names_is_part_of_what_they_bind() -> None:
    """A match in the file without its `?` binds what the file has there."""
    tree = parse(Source("a", b"class A { int a = b?.c!.G(d!); }"), "csharp")
    (match,) = QuerySet([compile_pattern(["$o.c.G($x)"], "csharp")]).search(tree)[0].matches
    assert [bound.value for _, bound in match.bindings] == ["b", "d"]


@pytest.mark.parametrize(
    ("pattern", "incomplete"),
    [("g($x)", True), ("f($x)", False), ("h($x)", False), ("p($x)", True), ("k.g($x)", True)],
)
def test_a_macro_whose_arguments_cannot_be_parsed_is_undecided_where_they_may_hold_a_match(
    pattern: str, incomplete: bool
) -> None:
    """The words of the snippet stand there, and no match does."""
    code = b"fn a() { f(x); q!{ <p>impl #n { k.g(#x) }</p> f(y) } }"
    result = QuerySet([compile_pattern([pattern], "rust")]).search(parse(Source("a.rs", code), "rust"))[0]
    assert bool(result.incomplete) == incomplete
    assert not incomplete or "`q!`" in result.incomplete


def _cases(table: list[tuple[str, str, str, list[str]]]) -> list[tuple[str, str, str, str]]:
    return [(language, pattern, around, code) for language, pattern, around, codes in table for code in codes]


@pytest.mark.parametrize(("language", "pattern", "around", "code"), _cases(ALIKE))
def test_a_pattern_finds_code_that_says_more(language: str, pattern: str, around: str, code: str) -> None:
    """Each of the codes is found once, whatever types and modifiers it names."""
    assert _matches(language, pattern, around, code) == 1


@pytest.mark.parametrize(("language", "pattern", "around", "code"), _cases(APART))
def test_what_a_pattern_says_is_asked_for(language: str, pattern: str, around: str, code: str) -> None:
    """What a snippet writes has to be there."""
    assert _matches(language, pattern, around, code) == 0


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("rust", "fn a() { m!(" + "{ % " * 3_000 + "}" * 3_000 + "); }"),
        ("rust", "fn a() { " + "m!(" * 2_000 + ")" * 2_000 + "; }"),
        ("rust", "fn a() { m!(" + ": a b" * 20_000 + "); }"),
        ("rust", "fn a() { m!(" + "a % " * 20_000 + "); }"),
        ("rust", "fn a() { " + "m!(k b);" * 10_000 + " }"),
        ("c", "#define A k(\n" * 5_000),
        ("c", "#define A " + "k(" * 20_000 + "\n"),
    ],
    ids=["deep", "macros", "weak", "parts", "many", "bodies", "long"],
)
def test_macros_that_cannot_be_parsed_take_bounded_work(language: str, code: str) -> None:
    """Seconds at most, and what isn't read is said."""
    started = time.monotonic()
    QuerySet([compile_pattern(["k($x)"], language)]).search(parse(Source("a", code.encode()), language))
    assert time.monotonic() - started < 30


def test_a_file_that_cannot_be_read_without_what_is_left_out_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """For snippets: queries see the file as the grammar has it."""
    from polcheck.languages import readings

    broken = parse(Source("b", b"class {"), "csharp").tree

    class Parser:
        def parse(self, code: bytes) -> object:
            return broken

    monkeypatch.setattr(readings, "parser_of", lambda language: Parser())
    tree = parse(Source("a", b"class A { int a = o?.G(x); }"), "csharp")
    selectors = [compile_pattern(["o.G($x)"], "csharp"), compile_code(["(class_declaration) @c"], "csharp")]
    snippet, query = QuerySet(selectors).search(tree).values()
    assert "line 1" in snippet.incomplete
    assert not query.incomplete
    assert len(query.matches) == 1
