"""A server with an endpoint has a warm process at hand, so that the first deployment does not wait for imports."""

from pathlib import Path

import rest
from azurine.compute import zygotes
from running import RunningServer, wait_until

AHEAD = "azurine.guest.serving.ahead:done"
"""What only the processes that deployments are forks of have done."""


def test_an_endpoint_is_awaited_once_it_is_made_and_when_its_server_comes_back(tmp_path: Path) -> None:
    warm = tmp_path / "home" / "warm"

    def awaited() -> bool:
        return any(AHEAD in one["imported"] for one in zygotes.report(warm))

    with RunningServer(tmp_path / "home") as server:
        assert not awaited()
        by_hand = rest.Rest(server.home)
        by_hand.put("onlineEndpoints/awaited", {"location": "local", "properties": {"authMode": "Key"}})
        by_hand.close()
        wait_until(awaited, 60, "no process was warmed up")
        server.stop()
        zygotes.end_all(warm)
        wait_until(lambda: not awaited(), 20, "the warm process did not end")
        server.start()
        wait_until(awaited, 60, "no process was warmed up after a restart")
        zygotes.end_all(warm)
