"""The script of a parallel job: `init()` once, `run(mini_batch)` again and again, `shutdown()` at the end; the first and last if there.

`run` gets a list of paths or a frame, and, where it has a second parameter, a context that tells the keys of the partition.
https://learn.microsoft.com/azure/machine-learning/how-to-use-parallel-job-in-pipeline
"""

from __future__ import annotations

import importlib.util
import inspect
import logging
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

USER = "azureml_user.parallel_run"


class Broken(Exception):
    """The script cannot be used; says why."""


class Context:
    """What run's second parameter gets."""

    def __init__(self, mini_batch_id: int, key: dict[str, str]) -> None:
        self.mini_batch_id = mini_batch_id
        self.minibatch_index = mini_batch_id
        self.partition_key_value = key


class Script:
    def __init__(self, path: str, arguments: list[str], level: str, log: str) -> None:
        """Imports it and calls init(). Raises whatever that raises."""
        sys.argv = [path, *arguments]
        for folder in (os.getcwd(), os.path.dirname(path)):
            if folder in sys.path:
                sys.path.remove(folder)
            sys.path.insert(0, folder)
        _stand_in(level, log)
        module = _imported(path)
        self._run = _callable(module, "run")
        self._takes_context = _takes_two(self._run)
        self._shutdown = getattr(module, "shutdown", None)
        init = getattr(module, "init", None)
        if callable(init):
            init()

    def run(self, number: int, mini_batch: Any, key: dict[str, str]) -> Any:
        if self._takes_context:
            return self._run(mini_batch, Context(number, key))
        return self._run(mini_batch)

    def end(self) -> None:
        if callable(self._shutdown):
            self._shutdown()


def _imported(path: str) -> Any:
    if not os.path.isfile(path):
        beside = ", ".join(sorted(os.listdir(os.path.dirname(path)))[:20]) if os.path.isdir(os.path.dirname(path)) else ""
        raise Broken(f"there is no entry script {os.path.basename(path)} in the code folder; it holds: {beside or 'nothing'}")
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Broken(f"the entry script {os.path.basename(path)} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _callable(module: Any, name: str) -> Callable[..., Any]:
    found = getattr(module, name, None)
    if not callable(found):
        raise Broken(f"the entry script has no function {name}()")
    function: Callable[..., Any] = found
    return function


def _takes_two(run: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(run).parameters.values()
    except (TypeError, ValueError):
        return False
    return sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in parameters) >= 2


def _stand_in(level: str, log: str) -> None:
    """`from azureml_user.parallel_run import EntryScript`: scripts take their logger there."""

    class EntryScript:
        """What of Azure's class scripts use: a logger of their own, and where they are."""

        def __init__(self) -> None:
            self.logger = logging.getLogger("EntryScript")
            self.working_dir = os.getcwd()
            self.log_dir = os.path.dirname(log)

    logger = logging.getLogger("EntryScript")
    if not logger.handlers:
        os.makedirs(os.path.dirname(log), exist_ok=True)
        handler = logging.FileHandler(log, delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s|%(levelname)s|%(process)d|%(message)s"))
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
    parts = USER.split(".")
    above = ModuleType(parts[0])
    module = ModuleType(USER)
    module.EntryScript = EntryScript  # type: ignore[attr-defined]
    above.parallel_run = module  # type: ignore[attr-defined]
    sys.modules.setdefault(parts[0], above)
    sys.modules.setdefault(USER, module)
