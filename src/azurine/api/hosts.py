"""The Host header decides which door: `{account}.blob.…` is a storage account, everything else is the main host."""

from starlette.types import ASGIApp, Receive, Scope, Send


class ByHost:
    def __init__(self, main: ASGIApp, blobs: ASGIApp) -> None:
        self._main = main
        self._blobs = blobs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = self._blobs if scope["type"] == "http" and is_account(scope) else self._main
        await chosen(scope, receive, send)


def is_account(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"host":
            labels = value.split(b":")[0].lower().split(b".")
            return len(labels) > 2 and labels[1] == b"blob"
    return False
