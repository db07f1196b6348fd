"""A factory on a server that is killed: spoken to by REST, kill -9 at a chosen moment, starts that are cut short too, and then it must go on."""

import http.client
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import rest
from running import RunningServer

GONE = (OSError, http.client.HTTPException)
PATIENCE = 60.0
WINDOW = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
OVER = ("Succeeded", "Failed", "Cancelled")


class Factory:
    """name: of the factory, which is made."""

    def __init__(self, server: RunningServer, name: str) -> None:
        self.server = server
        self.rest = rest.Rest(server.home)
        self.group = self.rest.workspace.partition("/providers/")[0]
        self.found(name)

    def found(self, name: str) -> None:
        """From now on that factory is spoken of."""
        self.factory = f"{self.group}/providers/Microsoft.DataFactory/factories/{name}"
        self.call("PUT", "", {"location": "local"})

    def close(self) -> None:
        self.rest.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.rest.call(method, f"{self.factory}{path}?api-version=2018-06-01", body)

    def begin(self, pipeline: str) -> str:
        return str(self.call("POST", f"/pipelines/{pipeline}/createRun", {})["runId"])

    def status(self, run: str) -> Any:
        return self.call("GET", f"/pipelineruns/{run}")

    def activities(self, run: str) -> list[Any]:
        return list(self.call("POST", f"/pipelineruns/{run}/queryActivityruns", WINDOW)["value"])

    def is_over(self, run: str) -> bool:
        return self.status(run)["status"] in OVER

    def killed(self, offset: float, starts: list[float], meanwhile: Callable[[], object]) -> None:
        """The server is killed so many seconds from now, whatever it is asked meanwhile; its next starts are cut short; the last one is not."""
        killer = threading.Timer(offset, self.server.kill)
        killer.start()
        with suppress(*GONE):
            meanwhile()
        killer.join()
        for seconds in starts:
            self.server.launch()
            threading.Event().wait(seconds)
            self.server.kill()
        self.again()

    def again(self) -> None:
        """The killed server is started."""
        self.rest.close()
        self.server.start()
        self.rest = rest.Rest(self.server.home)
