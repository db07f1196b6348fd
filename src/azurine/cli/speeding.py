"""Running a pipeline on a clock that jumps: in this process, on a store in memory, with `azurine.testing`.

The server's clock cannot be moved for one run, so the run is not the server's: its factory's pipelines and global parameters are read from
there, and control activities, waits, retries and time-outs go as they would, as fast as they can be computed. Work outside is not done:
it is answered by the mocks file, and a run that meets an activity without an answer fails and says which.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azurine.cli import commands, factory_import, faults, printing
from azurine.cli.commands import Here
from azurine.cli.manner import note


def run(here: Here, factory: str, pipeline: str, given: Mapping[str, Any], mocks: Path | None) -> commands.Result:
    from azurine import testing  # here: with it comes the whole wing

    where = factory_import.address(here, factory)
    written = {one["name"]: one["properties"] for one in factory_import.everything(here, f"{where}/pipelines")}
    if pipeline not in written:
        raise faults.Failure(f"There is no pipeline {pipeline} in the factory {factory}.", code=faults.MISSING)
    known = (factory_import.ask(here, "GET", where)["properties"]).get("globalParameters") or {}
    answers = _answers(mocks)
    try:
        over = testing.Factory(written, known).run(pipeline, given, mocks=answers)
    except (testing.Unmocked, testing.Stuck) as problem:
        raise faults.Failure(str(problem)[:1].upper() + str(problem)[1:], advice="give an answer for it in a file: --mocks mocks.yaml") from problem
    _tell(over)
    shown = {"runId": "", "pipelineName": over.pipeline, "status": over.status, "message": over.message, "seconds": round(over.seconds, 3)}
    shown["activities"] = [{"name": one.name, "type": one.type, "status": one.status, "output": dict(one.output)} for one in over.activities]
    return commands.Result(shown, 0 if over.status == "Succeeded" else faults.FAILED)


def _tell(over: Any, depth: int = 0) -> None:
    note(f"{'  ' * depth}{over.pipeline}: {over.status} after {printing.seconds_text(over.seconds)} of its own clock")
    for one in over.activities:
        error = f": {one.error['message']}" if one.status in ("Failed", "TimedOut") and one.error.get("message") else ""
        note(f"{'  ' * depth}  {one.name}: {one.status} after {printing.seconds_text(one.ended - one.began)}{error}")
    for below in over.called:
        _tell(below, depth + 1)


def _answers(file: Path | None) -> dict[str, Any]:
    """The mocks of a file: an output for an activity; `{error: {code, message}}` fails it. Raises faults.Failure."""
    if file is None:
        return {}
    import yaml

    from azurine import testing

    if not file.is_file():
        raise faults.Failure(f"There is no file {file}.")
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (ValueError, yaml.YAMLError) as problem:
        raise faults.Failure(f"{file} is no YAML.", *str(problem).splitlines()) from problem
    if not isinstance(read, Mapping) or not all(isinstance(one, Mapping) for one in read.values()):
        raise faults.Failure(f"{file} must hold the outputs of activities, such as `Copy: {{rowsCopied: 7}}`.")

    def answer(one: Mapping[str, Any]) -> Any:
        if set(one) != {"error"} or not isinstance(one["error"], Mapping):
            return one
        return testing.Failure(str(one["error"].get("code") or "2100"), str(one["error"].get("message") or "The activity failed."))

    return {str(name): answer(one) for name, one in read.items()}
