"""The certificate of a server that runs for longer than the certificate lasts: looked at now and then, made anew before it ends.

Connections made from then on show the new one; those that stand go on as they are. The authority stays (it lasts for ten years), so whoever
trusted the old certificate trusts the new one.
"""

import logging
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

from azurine.identity import certificates
from azurine.model.clock import Clock

LOOK_SECONDS = 3600.0
_logger = logging.getLogger(__name__)


class Renewal:
    """context: of the listening socket; given the certificate here. folder, names: as of `certificates.prepare`."""

    def __init__(self, context: ssl.SSLContext, folder: Path, names: Sequence[str], clock: Clock) -> None:
        self._context = context
        self._folder = folder
        self._names = names
        self._clock = clock
        self._shown = b""
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.look()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="renewal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def look(self) -> bool:
        """Shows the certificate as it should be now; answers whether that is another one than before."""
        server = certificates.prepare(self._folder, self._clock(), self._names).server
        content = server.read_bytes()
        if content == self._shown:
            return False
        self._context.load_cert_chain(server)
        self._shown = content
        return True

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            try:
                if self.look():
                    _logger.info("the server's certificate was made anew")
            except Exception:
                # The old one holds for weeks yet: the server goes on, and the next look tries again.
                _logger.exception("the server's certificate could not be made anew")
