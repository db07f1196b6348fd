"""The libraries that learners need: found when a component needs them, with an answer to what is missing."""

import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from azurine.model.errors import Unsupported


def load(name: str) -> Any:
    """The module of that name."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise Unsupported(f"this component needs {name.split('.')[0]}, which is not installed here: pip install 'azurine[ml]'") from error


@contextmanager
def warnings_said(say: Callable[[str], None]) -> Iterator[None]:
    """Warnings of a library become lines of the node's log, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for text in dict.fromkeys(str(one.message).strip().split("\n")[0] for one in caught):
        say(f"warning: {text}")
