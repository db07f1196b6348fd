"""What the official clients keep from one test to the next."""

from collections.abc import Iterator

import pytest

from postgresql import programs

collect_ignore = [] if programs() else ["test_factory_postgresql.py"]


@pytest.fixture(autouse=True)
def _headers_of_calls_are_forgotten() -> Iterator[None]:
    """azure-ai-ml writes the deployment that a call names into one dictionary for all calls of the process, and never takes it out again."""
    from azure.ai.ml.constants._endpoint import EndpointInvokeFields

    yield
    for name in [name for name in EndpointInvokeFields.DEFAULT_HEADER if name != "Content-Type"]:
        del EndpointInvokeFields.DEFAULT_HEADER[name]
