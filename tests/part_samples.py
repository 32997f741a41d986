"""Code in which functions, classes, calls, imports, assignments, arguments and decorators have all they can have."""

# ruff: noqa: E501 - a sample is a program in one string

from __future__ import annotations

KINDS = {
    "bash": """
        command function_definition variable_assignment declaration_command redirected_statement
    """,
    "c": """
        call_expression function_definition struct_specifier enum_specifier preproc_include declaration
        init_declarator assignment_expression parameter_declaration field_declaration
    """,
    "cpp": """
        call_expression new_expression function_definition class_specifier struct_specifier using_declaration
        declaration init_declarator assignment_expression parameter_declaration optional_parameter_declaration
        field_declaration template_declaration namespace_definition
    """,
    "csharp": """
        invocation_expression object_creation_expression method_declaration local_function_statement
        constructor_declaration class_declaration interface_declaration struct_declaration record_declaration
        enum_declaration using_directive variable_declaration variable_declarator assignment_expression argument
        attribute parameter field_declaration property_declaration lambda_expression
    """,
    "elixir": """
        call
    """,
    "go": """
        call_expression function_declaration method_declaration func_literal type_spec import_spec import_declaration
        short_var_declaration assignment_statement var_spec const_spec parameter_declaration field_declaration
    """,
    "haskell": """
        apply function bind import class instance data_type signature
    """,
    "hcl": """
        function_call block attribute
    """,
    "java": """
        method_invocation object_creation_expression method_declaration constructor_declaration class_declaration
        interface_declaration enum_declaration record_declaration import_declaration local_variable_declaration
        field_declaration variable_declarator assignment_expression formal_parameter annotation lambda_expression
    """,
    "javascript": """
        call_expression new_expression function_declaration function_expression generator_function_declaration
        arrow_function method_definition class_declaration class import_statement import_clause import_specifier
        export_statement lexical_declaration variable_declaration variable_declarator assignment_expression
        field_definition decorator
    """,
    "kotlin": """
        call_expression function_declaration class_declaration object_declaration import property_declaration
        variable_declaration assignment value_argument annotation class_parameter parameter lambda_literal
    """,
    "lua": """
        function_call function_declaration function_definition variable_declaration assignment_statement
    """,
    "nix": """
        apply_expression function_expression binding formal inherit attrset_expression let_expression
    """,
    "php": """
        function_call_expression member_call_expression scoped_call_expression object_creation_expression
        function_definition method_declaration anonymous_function arrow_function class_declaration
        interface_declaration trait_declaration enum_declaration namespace_use_declaration namespace_use_clause
        assignment_expression argument attribute simple_parameter property_declaration const_declaration
        property_element
    """,
    "python": """
        call function_definition class_definition import_statement import_from_statement assignment keyword_argument
        decorated_definition decorator lambda typed_parameter default_parameter typed_default_parameter with_item
    """,
    "ruby": """
        call method singleton_method class module assignment block lambda do_block
    """,
    "rust": """
        call_expression macro_invocation function_item closure_expression struct_item enum_item trait_item impl_item
        mod_item use_declaration let_declaration const_item static_item assignment_expression parameter
        field_declaration type_item attribute_item enum_variant field_initializer
    """,
    "scala": """
        call_expression instance_expression function_definition function_declaration class_definition
        object_definition trait_definition import_declaration val_definition var_definition assignment_expression
        parameter class_parameter annotation lambda_expression given_definition
    """,
    "solidity": """
        call_expression call_argument function_definition constructor_definition modifier_definition
        contract_declaration interface_declaration library_declaration struct_declaration import_directive
        variable_declaration variable_declaration_statement state_variable_declaration assignment_expression parameter
        event_definition emit_statement
    """,
    "swift": """
        call_expression value_argument function_declaration init_declaration class_declaration protocol_declaration
        import_declaration property_declaration assignment attribute parameter lambda_literal typealias_declaration
        enum_entry
    """,
    "typescript": """
        call_expression new_expression function_declaration function_expression arrow_function method_definition
        method_signature class_declaration abstract_class_declaration interface_declaration import_statement
        import_clause import_specifier export_statement lexical_declaration variable_declarator assignment_expression
        public_field_definition property_signature decorator required_parameter optional_parameter
        type_alias_declaration enum_declaration catch_clause
    """,
}
"""The kinds of nodes whose parts are tried, by language."""

SAMPLES = {
    "bash": [
        "A=1 curl -x y > z\n",
        "function f() { a; }\n",
        "export A=1\n",
        "f() { a; } > b\n",
    ],
    "c": [
        "static inline const int f(int a, char *b) { return 1; }\n",
        "static const unsigned int x = 1;\n",
        "struct S { int a; const char *b; };\n",
        "void g() { f(a, b); x = y; }\n",
    ],
    "cpp": [
        "template <typename T> static inline virtual const int f(int a = 1, const char *b) noexcept override { return 1; }\n",
        "class A final : public B, C { public: static const int x = 1; virtual void f() const override; };\n",
        "namespace n { using std::x; auto y = new B<int>(a, b); auto z = k<int>(a); }\n",
    ],
    "csharp": [
        "[X] public static partial class Z { [Y] static async Task<int> A() { await b; } }\n",
        "[X] public partial class A<T> : B, C where T : D { [Y] public static async Task<int> M<U>([Z] ref int a = 1) where U : E { o?.F<int>(name: x); var b = new G<int>(1) { c = 1 }; int d = 1; e = f; return 1; } [Y] private readonly int g = 1; [Y] public int H { get; set; } = 1; [Y] public A(int a) : base(a) { } }\n",
        "using X = System.IO;\n",
        "[X] public interface I<T> : J where T : K { }\n",
        "[X] public enum E : int { A = 1 }\n",
        "[X] public record R<T>(int A) : B;\n",
    ],
    "elixir": [
        "A.f(x) do\n y\nend\n",
        "def f(a) when a > 1 do\n y\nend\n",
        'defmodule A do\n @doc "x"\nend\n',
        "import A, only: [f: 1]\n",
        "alias A.B, as: C\n",
    ],
    "go": [
        'package a\nimport b "c"\nfunc f[T any](a int, b ...string) (c int, err error) { return }\nfunc (r *T) g(a int) error { return nil }\ntype A[T any] struct { B int `json:"b"` }\nvar c int = 1\nconst d int = 1\nvar h = func(a int) error { return nil }\nfunc z() { x := f(1); y = 2; f[int](x, y) }\n',
        "package a\nfunc z() { k[int, string](x, y) }\n",
    ],
    "haskell": [
        "import qualified A as B hiding (c)\n",
        "f :: Int -> Int\nf x | y = z where y = 1\n",
        "data A b = C b deriving (D)\n",
    ],
    "hcl": [
        'a "b" "c" { d = e(f...) }\n',
    ],
    "java": [
        "@X public abstract class A<T> extends B implements C { @Y private static final int d = 1; @Z public static <U> int f(@W final int a, String... b) throws E { g.<V>h(1); final int c = 1; var i = new B<J>(1) { int k; }; c = 2; l(a -> b); return 1; } @Q public <U> A(int a) throws F { } }\n",
        "import static a.b.*;\n",
        "@X public interface I<T> extends J { }\n",
        "@X public enum E implements I { @Y A(1) { }, B }\n",
        "@X public record R<T>(int a) implements I { }\n",
        "@X(1) class A permits B { int[] f() []{ return new <T> B(1); } void g(int a[]) { int b[] = 1; } }\n",
        "interface I permits B { }\n",
    ],
    "javascript": [
        "export default async function f(a = 1, ...b) { return 1; }\n",
        "@dec export class A extends B { static async *m(a) { } static #x = 1; get y() { return 1; } }\n",
        "import a, { b as c } from 'd' with { type: 'json' };\n",
        "const x = async (a) => { b?.(a); };\n",
        "let y = new F(1), z = function* g() { };\n",
        "async function* h() { await f(a); }\n",
        "@d class A { @e f() { } @g h = 1 }\nexport * from 'a';\nexport default 1;\nlet x = class B { }, y = function k(a) { }, z = a => b;\nx = y;\n",
    ],
    "kotlin": [
        "@X private suspend inline fun <T> A.f(@Y vararg a: Int = 1): B where T : C { g<Int>(x, b = 1) { y } }\n",
        "@X open class A<T>(@Y private val a: Int = 1) : B(1), C where T : D { }\n",
        "import a.b as c\n",
        "@X private val <T> a: Int = 1\n",
        "@X lateinit var b: Int\n",
        "@X object O : B { }\n",
        "val d by lazy { 1 }\n",
        "class A<T> private constructor(a: Int) { }\n",
    ],
    "lua": [
        "local function f(a, ...) return 1 end\n",
        "local x <const> = f(1)\n",
        "a.b = function(c) end\n",
        "local x = function(c) return 1 end\n",
    ],
    "nix": [
        "{ a ? 1, b, ... }@c: { d = e; inherit (f) g; }\n",
        "rec { a = b c; }\n",
        "let a = 1; in { inherit b; }\n",
    ],
    "php": [
        "<?php #[X] final class A extends B implements C { use D; #[Y] public static ?int $e = 1; #[Z] final public static function f(#[W] private readonly ?int $a = 1, int ...$b): ?int { $c->g(x: 1); $d = new H(1); return 1; } public const int I = 1; }\n",
        "<?php #[X] function &f(int &$a = 1): int { }\n",
        "<?php use function A\\b as c;\n",
        "<?php $f = static function (int $a) use ($b): int { };\n",
        "<?php $f = static fn (int $a): int => 1;\n",
        "<?php #[X] enum E: string implements I { case A = 'a'; }\n",
        "<?php #[X] interface I extends J { }\n",
    ],
    "python": [
        "@dec\nasync def f[T](a: int = 1, *b, **c) -> int:\n    pass\n",
        "@dec\nclass A[T](B, metaclass=C):\n    pass\n",
        "x: int = f(a, *b, c=d, **e)\n",
        "from a import b as c\n",
        "import a as b\n",
        "g = lambda a=1: a\n",
        "with a as b:\n    pass\n",
        "def f(a: int): pass\n",
    ],
    "ruby": [
        "class A < B\n  def f(a, b = 1, *c, d:, &e)\n    g(1) { |x| y }\n  end\n  def self.h(a)\n  end\nend\n",
        "o&.k(1, a: 2) do |x|\n  y\nend\n",
        "begin\n  a\nrescue B => c\n  d\nelse\n  e\nensure\n  f\nend\n",
    ],
    "rust": [
        "#[x] pub(crate) const async unsafe extern \"C\" fn f<'a, T: U>(&mut self, a: &'a T) -> V where T: W { g::<u8>(x); let mut y: u8 = 1 else { return }; }\n",
        "#[x] pub struct S<T>(pub T) where T: U;\n",
        "#[x] pub struct S<T> where T: U { #[y] pub a: T }\n",
        "#[x] pub unsafe trait R<T>: U where T: V { }\n",
        "unsafe impl<T> R<T> for S<T> where T: U { }\n",
        "pub use a::b as c;\n",
        "pub static mut X: u8 = 1;\n",
        "pub type A<T> = B<T>;\n",
        "fn f() { let z = async move |a: u8| -> u8 { 1 }; }\n",
        "#[x] pub enum E<T> where T: U { #[y] A = 1, B(u8), C { d: u8 } }\n",
        "#[x] pub mod a { pub const B: u8 = 1; fn f() { a = b; m!(c); D { e: f } } }\n",
    ],
    "scala": [
        "@x private case class A[T](@y val a: Int = 1) extends B(1) with C { @z override final def f[U](implicit a: Int = 1): D = g[Int](x)(y) ; private lazy val h: Int = 1; var i: Int = 2 }\n",
        "@x object O extends B { }\n",
        "@x sealed trait T[U] extends V { self => def f: Int }\n",
        "import a.b\n",
    ],
    "solidity": [
        "abstract contract A is B, C { uint public constant override x = 1; constructor(uint a) B(a) payable { } modifier m(uint a) virtual override { _; } function f(uint memory a) public view virtual override m returns (uint b) { k{value: 1}(x); uint c = 1; emit E(a); } event E(uint indexed a) anonymous; }\n",
        'import {a as b} from "c";\n',
        "interface I is J { }\n",
        "library L { struct S { uint a; } function f() public { uint memory b = 1; b = 2; } }\n",
    ],
    "swift": [
        "@x public static func f<T>(_ a: inout Int = 1, b: String...) async throws -> Int where T: U { g(1, h: 2) { y } }\n",
        "@x public final class A<T>: B, C where T: D { @y private lazy var e: Int = 1\n @z public convenience init?(a: Int) throws { } }\n",
        "@x public struct S: T { let a: Int? = nil }\n",
        "public protocol P: Q { func f() throws -> Int }\n",
        "@testable import a\n",
        "public typealias X<T> = Y<T>\n",
        "public enum E: Int { case a = 1 }\n",
        "let z = { [weak self] (a: Int) -> Int in a }\n",
    ],
    "typescript": [
        "@dec export default abstract class A<T> extends B<T> implements C { @d public static override readonly x?: number = 1; private async m?<U>(@e private readonly a: T = 1, b?: U, ...c): Promise<U> { o!.f?.<U>(x as T); return 1; } declare y: number; }\n",
        "export declare async function f<T>(this: A, a?: T): asserts a is T;\n",
        "export async function* g<T>(a: T): B { }\n",
        "import type a, { type b as c } from 'd';\n",
        "export declare const x: number = 1;\n",
        "export interface I<T> extends J { readonly a?: T; m?<U>(a: T): U }\n",
        "export type T<U> = V;\n",
        "export const enum E { A = 1 }\n",
        "const h = async <T>(a: T): Promise<T> => { };\n",
        "let k = new M<T>(1);\n",
        "try { } catch (e: unknown) { } finally { }\n",
    ],
}
