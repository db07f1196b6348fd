from pathlib import Path

import pytest

from azurine.model import clock
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """An account `azurine` with an empty container `data`, and a clock that stands still."""
    accounts = Accounts(tmp_path / "storage", clock.Movable())
    accounts.create("azurine")
    accounts.create_container("azurine", "data")
    return Files(accounts)
