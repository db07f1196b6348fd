"""The stage of the plays."""

import pytest

from ml.jobs.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()
