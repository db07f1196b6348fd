"""What the door asks of storage to answer questions about it: signatures, addresses, containers. Functions, given when wired."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

HOUR = 3600.0
ALL = "racwdl"
"""Letters of a signature that may do everything in a container; READ may look."""
READ = "rl"


@dataclass(frozen=True, slots=True)
class Stores:
    """sign: (account, container, permissions, seconds) → SAS, without "?". url: account → `https://{account}.blob.host:port`.

    ensure: makes a container when it is missing. known: is this account one of ours? keys: both keys of an account.
    """

    sign: Callable[[str, str, str, float], str]
    url: Callable[[str], str]
    ensure: Callable[[str, str], None]
    known: Callable[[str], bool]
    keys: Callable[[str], Sequence[str]]
