"""What can go wrong with an expression: when it is compiled, and when it meets a value."""

from __future__ import annotations

from polcheck.documents.config import Pointer


class ExpressionError(Exception):
    """An expression that can't be used: `position` is an offset in its text, `help` what would be right."""

    def __init__(self, message: str, position: int = 0, help: str = "") -> None:
        self.message = message
        self.position = position
        self.help = help
        super().__init__(message)


class EvaluationError(Exception):
    """A value that the expression can't work on; `pointer` says where it stands, when that is known."""

    def __init__(self, message: str, pointer: Pointer | None = None) -> None:
        self.message = message
        self.pointer = pointer
        super().__init__(message)


class LimitError(EvaluationError):
    """The evaluation was stopped: too many steps, too large a result, or too deep a value."""


class TypeMismatchError(EvaluationError):
    """An argument of the wrong type: which argument, and which item of it where the item is what is wrong."""

    def __init__(self, message: str, argument: int, item: int | None = None) -> None:
        self.argument = argument
        self.item = item
        super().__init__(message)
