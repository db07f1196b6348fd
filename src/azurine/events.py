"""Where events come in and where they go: blobs that are written or deleted, outputs of steps, what is published to topics.

    Files, steps, the door of topics, other kinds (a wish for the work `event`) ─▶ the announcer ─▶ runs of the triggers that listen

A part of `app`. An event is told before the change that it speaks of is acknowledged, and named by it, so none is lost and none counts twice.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from azurine import lake
from azurine.api.factory import topics
from azurine.api.house import Authorize
from azurine.compute import tasks
from azurine.factory import kinds as names
from azurine.factory import triggers
from azurine.factory.triggers.events import Blob, Custom
from azurine.model import clock, errors
from azurine.model.kinds import Kind
from azurine.model.resources import Json
from azurine.reconcile.announcing import Announcer
from azurine.reconcile.chores import Chores
from azurine.reconcile.performers import Performer
from azurine.storage import files, properties, urls
from azurine.storage.files import Files
from azurine.store.log import Log

WORK = "event"
"""What a kind wishes for to publish an event: {"topic": its ARM id, "event": {"id", "subject", "eventType", "data"}}."""
Locate = Callable[[str, str], urls.Location | None]
"""(workspace, address) → where in our accounts that is; None for what lies elsewhere."""


class Events:
    def __init__(self, log: Log, kinds: dict[str, Kind], files: Files, locate: Locate) -> None:
        self._files = files
        self._locate = locate
        self._announcer = Announcer(log, kinds, names.TRIGGERS, triggers.hears, triggers.called, clock.system)
        self._chores = Chores(WORK, self._wished, threads=1)
        self.performers: Mapping[str, Performer] = {WORK: self._chores}
        files.listen(self._changed)

    def start(self) -> None:
        self._announcer.start()

    def close(self) -> None:
        self._chores.close()

    def routes(self, may: Authorize) -> list[BaseRoute]:
        return topics.routes(self.publish, may)

    def publish(self, topic: str, event: Mapping[str, Any]) -> None:
        """Raises errors.Temporary when it could not be kept."""
        self._announcer.tell(Custom(topic, event))

    def moved(self, changes: list[dict[str, Any]]) -> None:
        """Tells of the files that an activity wrote or removed in our accounts; told again, as after a crash, they count once."""
        if not self._announcer.is_awaited:
            return
        for one in changes:
            location = lake.location(Path(one["path"]), self._files.accounts)
            if location is not None:
                version = properties.plain_tag(one["modified"], one["size"])
                self._announcer.tell(Blob(location.account, location.container, location.path, one["size"], version, bool(one["gone"])))

    def step_ended(self, folder: Path) -> None:
        """Tells of the files that a task wrote: those in its outputs that are no older than its order."""
        if not self._announcer.is_awaited:
            return
        order = tasks.order(folder)
        since = os.stat(folder / tasks.ORDER).st_mtime
        for output in (order.get("outputs") or {}).values():
            path, location = output.get("path"), self._locate(str(order["workspace"]), str(output.get("uri") or ""))
            if path and location is not None:
                for location_of, size, version in self._written(Path(path), location, since):
                    self._announcer.tell(Blob(location_of.account, location_of.container, location_of.path, size, version))

    def _written(self, path: Path, location: urls.Location, since: float) -> Iterator[tuple[urls.Location, int, str]]:
        for one in [path] if path.is_file() else (Path(folder) / name for folder, _, inside in os.walk(path) for name in sorted(inside)):
            try:
                stat = one.stat()
            except OSError:  # gone again, or a link that leads nowhere
                continue
            if stat.st_mtime >= since:
                relative = "" if one == path else one.relative_to(path).as_posix()
                whole = "/".join(part for part in (location.path.strip("/"), relative) if part)
                place = urls.Location(location.account, location.container, whole)
                found = self._files.find(place)
                yield place, stat.st_size, found.properties.etag if found is not None else properties.of_plain_file(stat).etag

    def _changed(self, blob: files.Blob, deleted: bool) -> None:
        if self._announcer.is_awaited:
            at = blob.location
            self._announcer.tell(Blob(at.account, at.container, at.path, blob.size, blob.properties.etag, deleted))

    def _wished(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        topic, event = wish.get("topic"), wish.get("event")
        if not isinstance(topic, str) or not isinstance(event, Mapping) or not event.get("id") or not event.get("eventType"):
            raise errors.Invalid("an event needs a topic, an id and a type", code="BadRequest")
        self.publish(topic, event)
        return {}
