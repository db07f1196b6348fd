"""What can be wrong with a formula, in Data Factory's words, with the place marked.

A function says `Refused` with a sentence; the call that it stands in knows source and place and makes the `ExpressionError`
of it, which is all that leaves this room.
"""

from azurine.expressions.tree import excerpt
from azurine.model import errors

CODE = "InvalidTemplate"
USAGE = "Please see https://aka.ms/logicexpressions for usage details."


class ExpressionError(errors.Invalid):
    """message: Data Factory's words. source: the formula without its sign. place: where in it. path: of the string in its document."""

    code = CODE

    def __init__(self, message: str, source: str = "", place: int = 0, path: str = "") -> None:
        super().__init__(message, code=CODE, path=path)
        self.source = source
        self.place = place

    @property
    def excerpt(self) -> str:
        """The line with the place, and a caret below it; "" when there is no source to show."""
        return excerpt(self.source, self.place) if self.source else ""

    def at(self, path: str) -> "ExpressionError":
        """The same, found at this path."""
        return ExpressionError(self.message, self.source, self.place, path + self.path)


class Refused(Exception):
    """A function's own finding about what it was given. place: which argument, counted from 0; -1 for the call as a whole."""

    def __init__(self, message: str, argument: int = -1) -> None:
        super().__init__(message)
        self.message = message
        self.argument = argument


def unparsed(source: str, place: int, why: str) -> ExpressionError:
    return ExpressionError(f"Unable to parse template language expression '{source}': {why}.", source, place)


def unselected(source: str, place: int, why: str) -> ExpressionError:
    return ExpressionError(f"The template language expression '{source}' cannot be evaluated because {why} {USAGE}", source, place)
