"""JMESPath: expressions over plain values, what they read and bind, and where each result came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polcheck.on_demand import on_demand

if TYPE_CHECKING:
    from polcheck.selectors.jmes.cells import Origin
    from polcheck.selectors.jmes.errors import EvaluationError, ExpressionError, LimitError
    from polcheck.selectors.jmes.expression import Expression, Traced, compile_expression
    from polcheck.selectors.jmes.functions import FUNCTIONS
    from polcheck.selectors.jmes.nearest import Nearest
    from polcheck.selectors.jmes.signature import Function

__all__ = [
    "FUNCTIONS",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Function",
    "LimitError",
    "Nearest",
    "Origin",
    "Traced",
    "compile_expression",
]

__getattr__ = on_demand(
    __name__,
    {
        "EvaluationError": "polcheck.selectors.jmes.errors",
        "Expression": "polcheck.selectors.jmes.expression",
        "ExpressionError": "polcheck.selectors.jmes.errors",
        "FUNCTIONS": "polcheck.selectors.jmes.functions",
        "Function": "polcheck.selectors.jmes.signature",
        "LimitError": "polcheck.selectors.jmes.errors",
        "Nearest": "polcheck.selectors.jmes.nearest",
        "Origin": "polcheck.selectors.jmes.cells",
        "Traced": "polcheck.selectors.jmes.expression",
        "compile_expression": "polcheck.selectors.jmes.expression",
    },
)
