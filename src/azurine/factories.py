"""Where the rooms of data factories meet: the kinds of the wing, and the doors by which its runs are begun and asked about.

A part of `app`, which puts the kinds, the table and the performers among the others.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from azurine import factory, lake, results
from azurine.api.actions import Asked, Table
from azurine.api.factory import absent, monitoring, running, subscribing
from azurine.api.factory import callbacks as callback_door
from azurine.compute.movers import Movers
from azurine.expressions.factory import ExpressionError, Scope
from azurine.factory import callbacks, connections, exchanges, integration_runtimes, mappings, moving, runs, secrets, triggers
from azurine.factory import kinds as names
from azurine.factory.activities import azure_ml
from azurine.identity.directory import Directory
from azurine.identity.endpoint_keys import EndpointKeys
from azurine.identity.tokens import AZURE_ML, Tokens
from azurine.ml import jobs
from azurine.model import clock, errors
from azurine.model.kinds import Kind
from azurine.model.resources import Json, Resource
from azurine.outbound import calls, errands
from azurine.outbound.vault import Vault
from azurine.reconcile.chores import Chores
from azurine.reconcile.following import Following
from azurine.reconcile.performers import Performer
from azurine.storage import outside
from azurine.storage.accounts import Accounts
from azurine.store.log import Log
from azurine.store.references import LogReferences
from azurine.tracking.contract import Tracking

_logger = logging.getLogger(__name__)

TEST_SECONDS = 10.0
CALLS = 64
"""Requests of activities that are under way at once; one that hangs holds up no other until there are so many."""
COPIES = 4
"""Copies that are under way at once, and beside them as many shorter pieces of work with data."""
Do = Callable[[Json, Callable[[], bool]], Json]
KINDS = factory.KINDS
_NAMES = monitoring.Names(names.FACTORIES, names.RUNS, names.PAGES, names.TRIGGERS, names.TRIGGER_RUNS)


def table() -> Table:
    """The questions that are asked of factories, pipelines, runs and triggers."""
    status: Table = {
        **absent.table(names.FACTORIES, names.INTEGRATION_RUNTIMES, names.PIPELINES),
        (names.INTEGRATION_RUNTIMES, "getStatus"): lambda asked: integration_runtimes.status(asked.resource),
        (names.INTEGRATION_RUNTIMES, "start"): lambda asked: integration_runtimes.status(asked.resource),
        (names.INTEGRATION_RUNTIMES, "monitoringData"): lambda asked: {"name": asked.resource.name, "nodes": []},
        (names.INTEGRATION_RUNTIMES, "syncCredentials"): lambda asked: None,
    }
    events = subscribing.table(names.TRIGGERS, triggers.subscribe, triggers.unsubscribe, triggers.subscription)
    return {**status, **events, **running.table(names.PIPELINES, names.RUNS, runs.cancel), **monitoring.table(_NAMES, runs.told)}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the work of activities needs of the house. url: of the server. trust: authorities that are trusted outside. vault: named secrets.

    moved: hears of the files that activities have written and removed.
    """

    home: Path
    accounts: Accounts
    log: Log
    kinds: Mapping[str, Kind]
    tracking: Tracking
    url: str
    trust: Path
    tokens: Tokens
    directory: Directory
    keys: EndpointKeys
    vault: Vault
    moved: Callable[[list[dict[str, Any]]], None]


class Workshop:
    """Those who do the work of activities. What they are given has its secrets opened, and what they say has none (`_with_secrets`)."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._log = around.log
        self._tracking = around.tracking
        self._following = Following(around.log, "job", self._results)
        self._movers = Movers(around.home, sys.executable)
        self._chores = (
            Chores(exchanges.WORK, self._with_secrets(self._call), CALLS),
            Chores(moving.COPY, self._with_secrets(self._move), COPIES),
            Chores(moving.DATA, self._with_secrets(self._move), COPIES),
        )
        works = (exchanges.WORK, moving.COPY, moving.DATA)
        self.performers: Mapping[str, Performer] = {azure_ml.WORK: self._following, **dict(zip(works, self._chores, strict=True))}

    def close(self) -> None:
        self._following.close()
        for chore in self._chores:
            chore.close()
        self._movers.close()

    def routes(self) -> list[BaseRoute]:
        around = self._around
        return callback_door.routes(around.log, around.kinds, callbacks.NAME, around.keys.key)

    def table(self) -> Table:
        """`POST …/linkedservices/N/testConnection`, with {"parameters": {…}} when it has some."""
        return {(names.LINKED_SERVICES, "testConnection"): self._tested}

    def _tested(self, asked: Asked) -> dict[str, Any]:
        service, given = asked.resource, asked.body.get("parameters") or {}
        place = connections.Place(names.factory_of(service.id), LogReferences(self._log), Scope())
        try:
            connection = connections.connect(place, {"referenceName": service.name, "parameters": given})
            self._with_secrets(self._greeted)({**connection, "run": ""}, lambda: False)
        except (errors.AzurineError, ExpressionError) as problem:
            return {"succeeded": False, "errors": [{"code": problem.code, "message": problem.message}]}
        return {"succeeded": True, "kind": connection["kind"], "errors": []}

    def _greeted(self, connection: Json, is_ceased: Callable[[], bool]) -> Json:
        """Is it there? Raises errors.AzurineError when it is not. A workspace was found when the connection was."""
        match connection["kind"], connection.get("store"):
            case "files", "folder" if not Path(connection["root"]).is_dir():
                raise errors.Missing(f"There is no folder {connection['root']}.", code="FolderNotFound")
            case "files", "lake" if not self._around.accounts.exists(connection["account"]):
                raise errors.Missing(f"There is no storage account '{connection['account']}' on this server.", code="AccountNotFound")
            case "files", "outside":
                system, path = outside.filesystem(connection["root"], connection.get("options"))
                system.ls(path)
            case "sql", _:
                self._movers.move({"do": "greet", "connection": connection}, is_ceased, self._around.moved)
            case "http", _:
                wish = {**connection, "method": "GET", "body": None, "seconds": TEST_SECONDS}
                status = errands.carry_out(wish, self._token, self._around.trust)["status"]
                if status in (401, 403) or status >= 500:
                    raise errors.Denied(f"It answered with the status {status}.", code="ConnectionFailed")
        return {}

    def _with_secrets(self, do: Do) -> Do:
        """The same work, with marks of secrets opened for the time it takes, and no secret in what it says of a failure."""

        def done(wish: Json, is_ceased: Callable[[], bool]) -> Json:
            opened, seen = secrets.opened(wish, self._secret)
            try:
                return do(opened, is_ceased)
            except errors.AzurineError as problem:
                raise errors.AzurineError(secrets.scrubbed(problem.message, seen), code=problem.code) from None
            except Exception as problem:  # noqa: BLE001  the edge of the work; its traceback may quote a secret, so it is not logged
                _logger.error("the work of an activity failed: %s", type(problem).__name__)
                raise errors.AzurineError(secrets.scrubbed(f"{type(problem).__name__}: {problem}", seen), code="InternalError") from None

        return done

    def _secret(self, content: Json) -> str:
        """What a mark stands for. Raises errors.Missing."""
        if "name" in content:
            return self._around.vault.secret(str(content["name"]), str(content.get("vault") or ""))
        text = content.get("text")
        if text is None:
            holder = self._log.get(str(content["of"]))
            text = secrets.of(holder).get(str(content["at"])) if holder is not None else None
            if text is None or holder is None:
                raise errors.Missing(f"The secret {content.get('at')} is not there any more.", code="SecretNotFound")
            if holder.kind != mappings.NAME:
                return text
        return secrets.NAMED.sub(lambda found: self._around.vault.secret(found[1]), str(text))

    def _call(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        if wish["callback"]:
            address = callback_door.address(self._around.url, str(wish["run"]), str(wish["callback"]), self._around.keys.key)
            wish = {**wish, "body": {**wish["body"], "callBackUri": address}}
        return errands.carry_out(wish, self._token, self._around.trust)

    def _move(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        return self._movers.move(lake.opened(wish, self._around.accounts), is_ceased, self._around.moved)

    def _token(self, wish: Json, resource: str) -> str:
        """A token of whoever began the run. One that this server would take is given to this server alone."""
        here = _is_here(str(wish["url"]), self._around.url)
        audience = AZURE_ML if here else resource
        if not here and (not resource or self._around.tokens.known_audience(resource)):
            message = f"Get access token from MSI failed: the identities of this server hold for itself, and not for {wish['url']}."
            raise errors.Denied(message, code=errands.NO_TOKEN)
        run = self._log.get(str(wish["run"]))
        principal = (self._around.directory.find(run.created_by) if run is not None else None) or self._around.directory.owner
        return self._around.tokens.issue(principal, audience)

    def _results(self, job: Resource) -> dict[str, Any]:
        """What a later activity can read of a job that has ended."""
        steps = results.steps(self._log, job)
        metrics = results.measured(self._tracking, [job, *steps.values()])
        merged: dict[str, float] = {}
        for one in sorted(steps.values(), key=lambda step: float(step.status.get("ended") or 0)):
            merged.update(metrics.get(one.id, {}))
        shown = jobs.KIND.show(job)["properties"]
        began, ended = job.status.get("started"), job.status.get("ended")
        return {
            "runId": job.name,
            "experimentName": shown["experimentName"],
            "status": shown["status"],
            "pipelineId": shown["properties"].get("azureml.pipelineid"),
            "startTime": clock.iso(began) if began else None,
            "endTime": clock.iso(ended) if ended else None,
            "metrics": {**merged, **metrics.get(job.id, {})},
            "outputs": shown["outputs"],
            "steps": {node: self._step(one, metrics.get(one.id, {})) for node, one in steps.items()},
            "message": str((job.status.get("error") or {}).get("message") or ""),
        }

    def _step(self, step: Resource, metrics: Mapping[str, float]) -> dict[str, Any]:
        shown = jobs.KIND.show(step)["properties"]
        return {"runId": step.name, "status": shown["status"], "metrics": metrics, "outputs": shown["outputs"]}


def _is_here(url: str, server: str) -> bool:
    """Does an address lead to this server? By any of its names on this machine, and at its port."""
    scheme, host, port = calls.origin(url)
    own = calls.origin(server)
    return (scheme, port) == (own[0], own[2]) and (host == own[1] or host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost"))
