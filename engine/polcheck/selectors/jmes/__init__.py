"""JMESPath: expressions over plain values, what they read and bind, and where each result came from."""

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
