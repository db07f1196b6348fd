"""The rule of params: written once."""

from collections.abc import Mapping

from azurine.model import errors


def check(run: str, known: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    for key, value in wanted.items():
        before = known.get(key, value)
        if before != value:
            raise errors.Invalid(
                f"Changing param values is not allowed. Param with key='{key}' was already logged with value='{before}' "
                f"for run ID='{run.rsplit('/', 1)[-1]}'. Attempted logging new value '{value}'.",
                path="params",
            )
