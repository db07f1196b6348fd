"""Triggers in plays: a factory in memory whose triggers are started and whose clock is moved to their due times."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from azurine.factory import kinds
from azurine.model.resources import Resource
from azurine.store.log import Update
from factory_plays import FACTORY, KINDS, Play, done

Json = Mapping[str, Any]


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class TriggerPlay(Play):
    """at: what time it is to begin with. The pipeline `work` takes what it is given and succeeds at once."""

    def __init__(self, at: str = "2024-01-01T00:00:00", **more: Any) -> None:
        super().__init__(**more)
        self.clock.now = seconds(at)
        given = {"type": "String", "defaultValue": ""}
        self.pipeline("work", done("w"), parameters={"a": given, "b": given})

    def trigger(self, name: str, kind: str, parameters: Json | None = None, *, pipelines: Any = None, start: bool = True, **properties: Any) -> None:
        wanted = pipelines if pipelines is not None else [pipeline("work", parameters)]
        own = {"pipeline": wanted[0]} if kind == "TumblingWindowTrigger" else {"pipelines": wanted}
        self.put(f"triggers/{name}", {"properties": {"type": kind, "typeProperties": properties, **own}})
        if start:
            self.wish(f"triggers/{name}", "start")

    def wish(self, path: str, word: str) -> None:
        current = self.one(path)
        spec = KINDS[current.kind].wishes[word](current, {})
        self.log.write([Update(current.id, spec, settled=False)], self.clock())
        self.loop.settle()

    def one(self, path: str) -> Resource:
        found = self.log.get(f"{FACTORY}/{path}")
        assert found is not None
        return found

    def to(self, moment: str) -> None:
        """Moves the clock there, stopping wherever something is due on the way."""
        end = seconds(moment)
        while (due := self.loop.next_due()) is not None and due <= end:
            self.clock.now = max(due, self.clock.now)
            self.loop.settle()
        self.clock.now = end
        self.loop.settle()

    def away(self, moment: str) -> None:
        """The server was not there until then."""
        self.clock.now = seconds(moment)
        self.restart()
        self.loop.settle()

    def fired(self, trigger: str) -> list[dict[str, Any]]:
        """Runs of a trigger, oldest first, as they are shown."""
        found = self.log.page(kinds.TRIGGER_RUNS, f"{FACTORY}/triggers/{trigger}", newest_first=False, limit=100_000)
        return [dict(KINDS[one.kind].show(one)) for one in found]

    def times(self, trigger: str) -> list[str]:
        return [one["properties"]["ScheduleTime"][:16] for one in self.fired(trigger)]

    def pipeline_runs(self) -> list[Resource]:
        return self.log.page(kinds.RUNS, FACTORY, newest_first=False, limit=100_000)


def pipeline(name: str, parameters: Json | None = None) -> dict[str, Any]:
    return {"pipelineReference": {"type": "PipelineReference", "referenceName": name}, "parameters": parameters or {}}
