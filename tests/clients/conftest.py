"""What the official clients keep from one test to the next, and the command line as tests ask it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from azurine import cli
from postgresql import programs
from running import RunningServer

collect_ignore = [] if programs() else ["test_factory_postgresql.py"]


@pytest.fixture(autouse=True)
def _headers_of_calls_are_forgotten() -> Iterator[None]:
    """azure-ai-ml writes the deployment that a call names into one dictionary for all calls of the process, and never takes it out again."""
    from azure.ai.ml.constants._endpoint import EndpointInvokeFields

    yield
    for name in [name for name in EndpointInvokeFields.DEFAULT_HEADER if name != "Content-Type"]:
        del EndpointInvokeFields.DEFAULT_HEADER[name]


@pytest.fixture
def said(server: RunningServer, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    """`said("job", "list")`: what one command, run against the server in this process, says on stdout and on stderr. code: its exit code."""

    def run(*words: str, code: int = 0) -> tuple[str, str]:
        capfd.readouterr()
        answer = cli.main([*words, "--home", str(server.home)])
        out, err = capfd.readouterr()
        assert answer == code, f"{words}: {answer}\n{out}\n{err}"
        return out, err

    return run


@pytest.fixture
def azurine(said: Callable[..., tuple[str, str]]) -> Callable[..., Any]:
    """`azurine("pipeline", "list")`: its JSON; with another `code`, what it said on stderr."""

    def run(*words: str, code: int = 0) -> Any:
        out, err = said(*words, "-o", "json", code=code)
        return err if code else json.loads(out) if out.strip() else None

    return run
