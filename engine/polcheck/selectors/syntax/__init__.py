"""Selectors over syntax trees: `code` (tree-sitter queries) and `pattern` (snippets of the language)."""

from polcheck.selectors.syntax.bank import LIMITS, Bank, Limits
from polcheck.selectors.syntax.compiled import Syntax, compile_code, compile_pattern
from polcheck.selectors.syntax.nearest import Near, nearest
from polcheck.selectors.syntax.problem import SyntaxProblem

__all__ = [
    "LIMITS",
    "Bank",
    "Limits",
    "Near",
    "Syntax",
    "SyntaxProblem",
    "compile_code",
    "compile_pattern",
    "nearest",
]
