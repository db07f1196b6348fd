"""Running again from where another run stopped: which activities keep what they made.

The whole group of runs has the id of the first. From a named activity on, that activity and all that depend on it run again; from the
failed ones on, those and all that depend on them. What is kept is what succeeded and depends on none of these; its results and the
variables are those of the earlier run, so that what comes after sees the same. Without either everything runs again.
https://learn.microsoft.com/rest/api/datafactory/pipelines/create-run
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azurine.factory import activities, kinds
from azurine.factory.definitions import Line
from azurine.factory.runs import records, verdicts
from azurine.model import states
from azurine.model.errors import Invalid
from azurine.model.kinds import Admission
from azurine.model.resources import Json

if TYPE_CHECKING:
    from azurine.factory.runs.walk import Walk

RESUMED = "Skipped"
"""The recovery status of what was kept."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """earlier: id of the run that was before. pipeline: as it was pinned in the earlier run, {} when there is none. kept: {"results", "variables"}."""

    pipeline: Json = field(default_factory=dict)
    parameters: Json = field(default_factory=dict)
    group: str = ""
    earlier: str = ""
    kept: Json = field(default_factory=dict)


def read(admission: Admission, wish: Json) -> Recovered:
    """wish: {"run", "from": activity, "failed": bool}. Raises errors.Invalid for a run or an activity that is not there, or not over."""
    name = str(wish.get("run") or "")
    if not name:
        return Recovered()
    earlier = admission.references.get(kinds.of(admission.id, kinds.RUNS, name))
    if earlier is None:
        raise Invalid(f"The pipeline run '{name}' does not exist.", code="BadRequest", path="referencePipelineRunId")
    if earlier.spec["pipeline"]["name"] != admission.body.get("pipeline"):
        message = f"The pipeline run '{name}' is one of the pipeline '{earlier.spec['pipeline']['name']}'."
        raise Invalid(message, code="BadRequest", path="referencePipelineRunId")
    if not states.is_final(earlier.status.get("state", "")):
        raise Invalid(f"The pipeline run '{name}' has not ended yet.", code="BadRequest", path="referencePipelineRunId")
    parameters, group = earlier.spec["parameters"], str(earlier.spec["group"])
    pipeline = earlier.spec["pipeline"]
    line = activities.DEFINITIONS.of(str(pipeline["name"]), pipeline["properties"], str(pipeline["print"])).line
    start = str(wish.get("from") or "")
    if start:
        if start.lower() not in line.spelled:
            raise Invalid(f"The pipeline has no activity '{start}'.", code="BadRequest", path="startActivityName")
        again = {line.spelled[start.lower()]}
    elif wish.get("failed"):
        again = {name for name, result in _results(earlier.status).items() if _word(result) == verdicts.FAILED}
    else:
        return Recovered({}, parameters, group, earlier.id)
    results = _results(earlier.status)
    later = _downstream(line, again | {one for one in line.activities if one not in results})
    kept = {one: result for one, result in results.items() if one not in later and _word(result) == verdicts.SUCCEEDED}
    # What was kept must not depend on anything that was not.
    gone = _downstream(line, [one for one in line.activities if one not in kept and one not in results])
    kept = {one: result for one, result in kept.items() if one not in gone}
    return Recovered(pipeline, parameters, group, earlier.id, {"results": kept, "variables": earlier.status.get("variables", {}) if kept else {}})


def keep(walk: "Walk", kept: Json) -> None:
    """Puts what was kept into a run that begins; recorded as it was, so that monitoring shows the whole pipeline."""
    line = walk.root.line
    for name, result in kept.get("results", {}).items():
        walk.root.over[name] = result
        activity = line.activities[name]
        told: Mapping[str, Any] = result if isinstance(result, Mapping) else {}
        began, ended = told.get("b", walk.look.now), told.get("f", walk.look.now)
        own = f"{walk.run.name}-{len(walk.records)}"
        walk.records.append(records.record(activity, verdicts.SUCCEEDED, id=own, began=began, ended=ended, output=told.get("o"), recovery=RESUMED))
    for name in kept.get("results", {}):
        walk.follow(walk.root, name)


def _results(status: Json) -> dict[str, Any]:
    found: dict[str, Any] = (status.get("walk") or {}).get("d", {})
    return found


def _word(result: Any) -> str:
    return result if isinstance(result, str) else str(result["s"])


def _downstream(line: Line, names: Iterable[str]) -> set[str]:
    """These and all that depend on them."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(line.followers[name])
    return found
