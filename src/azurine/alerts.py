"""Where alerts leave the house: by the mail server of the settings, by the webhooks that monitors name. A part of `app`.

Events are told by `events`, as whatever a kind wishes to publish is. The password of the mail server is the secret `smtp-password`.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from azurine.ml.alerting import drift_alerts
from azurine.model import errors
from azurine.model.resources import Json
from azurine.outbound import calls, mail
from azurine.outbound.calls import Call
from azurine.outbound.vault import Vault
from azurine.reconcile.chores import Chores
from azurine.reconcile.performers import Performer

PASSWORD = "smtp-password"
SECONDS = 30.0
LARGEST = 64 * 1024
"""Bytes of a webhook's answer: nobody reads it."""


class Alerts:
    """server: address of the mail server, "" when there is none. sender: the address that mail comes from. trust: authorities that are trusted outside."""

    def __init__(self, server: str, sender: str, vault: Vault, trust: Path) -> None:
        self._server = mail.server(server) if server else None
        self._sender = sender
        self._vault = vault
        self._trust = trust
        self._chores = (Chores(drift_alerts.MAIL, self._mail, 2), Chores(drift_alerts.HOOK, self._hook, 8))
        self.performers: Mapping[str, Performer] = dict(zip((drift_alerts.MAIL, drift_alerts.HOOK), self._chores, strict=True))

    def close(self) -> None:
        for chore in self._chores:
            chore.close()

    def _mail(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        if self._server is None:
            raise errors.Invalid(
                "This server has no mail server: AZURINE_SMTP names one, as in smtp://user@mail.example.org:587.", code="NoMailServer"
            )
        sender = self._sender or f"azurine@{self._server.host}"
        letter = mail.Letter(str(wish["id"]), sender, str(wish["to"]), str(wish["subject"]), str(wish["text"]))
        mail.send(self._server, self._vault.secret(PASSWORD) if self._server.user else "", letter, self._trust)
        return {}

    def _hook(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        headers = {"Content-Type": "application/json", "Accept": "*/*", "Idempotency-Key": str(wish["id"])}
        body = json.dumps(wish["body"], ensure_ascii=True, separators=(",", ":")).encode()
        answer = calls.call(Call("POST", str(wish["url"]), headers, body, SECONDS), self._trust, LARGEST)
        if not 200 <= answer.status < 300:
            said = f": {' '.join(answer.text.split())[:300]}" if answer.body else ""
            raise errors.Denied(f"It answered {answer.status} {answer.reason}{said}", code="WebhookRefused")
        return {"status": answer.status}
