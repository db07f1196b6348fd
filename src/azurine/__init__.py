"""Azurine: Azure Machine Learning and Azure Data Factory on your own machine.

Importing this package does nothing but name it. `azurine.connect()` gives the official clients, pointed at a running
server; it is imported when it is first asked for, so that a guest process that only wants `azurine.__version__` stays light.
"""

from typing import TYPE_CHECKING, Any

from azurine.model.version import __version__

if TYPE_CHECKING:
    from azurine.client import connect as connect

__all__ = ["__version__", "connect"]


def __getattr__(name: str) -> Any:
    if name == "connect":
        from azurine.client import connect

        return connect
    raise AttributeError(f"module 'azurine' has no attribute {name!r}")
