"""The guest that runs one step: a process of its own, which survives the server's death and says how the step went.

The order (`task.json`), written by whoever wants the step run:

    key          names the work for ever                          run          name of the job
    experiment   its experiment                                   workspace    id of its workspace
    command      with expressions: "python train.py --data ${{inputs.data}}"
    code         folder that is copied for the command to run in, or null (an empty folder)
    python       path of the environment's interpreter             warm         may it start from a warm process?
    inputs       {name: {"type", "mode", "path", "uri"} or {"value"}}           (guest.inputs)
    outputs      {name: {"type", "mode", "path", "uri"}}                        (guest.outputs)
    variables    environment variables of the step                              (guest.variables)
    artifacts    folder that gets user_logs/, system_logs/, outputs/, logs/ of this run
    nodes        for a graph of library components, which has no command      (guest.nodes)
    timeout      seconds that the command may run, or null        distribution, instances    (guest.ranks)
    parallel, part, model     of a parallel job (guest.batch.share); a part alone, of a command of several instances (guest.instances)
    grace        seconds between asking a cancelled command to end and ending it; 5 when it is not there

What it does: takes the task's lock (so that there is one guest), prepares, runs the command in a private copy of the code, delivers
the outputs, and as its last act writes `outcome.json`:

    {"state", "exit_code", "seconds", "error": {"code", "message"}, "phases": {"prepare_s", "run_s", "finalize_s"}, "ended", "values"?}

Meanwhile it says through `events` (a descriptor, one word a line) where it is: preparing, running, finalizing, done. SIGTERM, or a
file `cancel` in the task's folder, makes it end the command with all it started. The user's code failing is an outcome,
not an error of ours. It does not make the files that the user's program wrote durable; only the outcome is.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from azurine.compute import logs, tasks, trees
from azurine.expressions import bindings
from azurine.guest import commands, footing, inputs, instances, nodes, outputs, ranks, running, variables, warming
from azurine.guest.batch import share
from azurine.model.errors import AzurineError, Missing
from azurine.model.states import State

WORK, SCRATCH = "work", "scratch"
LOG = "std_log.txt"


@dataclass(slots=True)
class Course:
    """How far the step is, and since when."""

    folder: Path
    order: Mapping[str, Any]
    events: int | None
    began: float = field(default_factory=time.monotonic)
    since: dict[str, float] = field(default_factory=dict)

    def enter(self, phase: str) -> None:
        self.since[phase] = time.monotonic()
        _say(self.events, phase)

    def outcome(self, state: State, exit_code: int | None = None, code: str = "", message: str = "") -> dict[str, Any]:
        now = time.monotonic()
        running_, finalizing = self.since.get("running", now), self.since.get("finalizing", now)
        phases = {"prepare_s": running_ - self.began, "run_s": finalizing - running_, "finalize_s": now - finalizing}
        return {
            "state": str(state),
            "exit_code": exit_code,
            "seconds": now - self.began,
            "error": {"code": code, "message": message} if code else None,
            "phases": {name: round(seconds, 6) for name, seconds in phases.items()},
            "ended": time.time(),
        }


def rehearse() -> None:
    """Goes through what every step goes through: once in the nursery, for what need be found out only once; and again in each guest, so
    that the memory it takes is the guest's own before anybody waits for it."""
    footing.can_protect()
    commands.plain("python train.py --x 'a b'")
    bindings.substitute("${{inputs.x}}", {"inputs": {"x": "1"}, "outputs": {}}, "command")
    json.loads(json.dumps({"guest": asdict(tasks.mark(os.getpid()))}))
    dict(os.environ)


def attend(warm: str, events: int) -> int:
    """Waits to be told a task's folder, by a line on the connection; then as `main`. Ends when nobody is there any more to tell it."""
    rehearse()
    told = b""
    while not told.endswith(b"\n"):
        data = os.read(events, 4096)
        if not data:
            return 0
        told += data
    return main(told.decode().rstrip("\n"), warm, events)


def main(folder: str, warm: str = "", events: int | None = None) -> int:
    """Runs the task of a folder to its end. warm: folder of the zygotes' sockets, "" for none. Answers this process's exit code."""
    task = Path(folder)
    lock = tasks.take(task)
    if lock is None or tasks.outcome(task) is not None:
        _say(events, "done")
        return 0
    bell = running.Bell()
    tasks.write_guest(task, tasks.mark(os.getpid()), [])
    course = Course(task, tasks.order(task), events)
    try:
        outcome = _run(course, bell, warm)
    except AzurineError as problem:
        outcome = course.outcome(State.FAILED, None, problem.code, problem.message)
    except Exception as problem:  # noqa: BLE001 the guest's edge: whatever it is becomes the outcome
        outcome = course.outcome(State.FAILED, None, "GuestFailed", f"{type(problem).__name__}: {problem}")
    tasks.write_outcome(task, outcome)
    _say(events, "done")
    for name in (WORK, SCRATCH, share.MODELS):
        shutil.rmtree(task / name, ignore_errors=True)
    if artifacts := course.order.get("artifacts"):
        outputs.tidy(Path(artifacts))
    os.close(lock)
    return 0


def _run(course: Course, bell: running.Bell, warm: str) -> dict[str, Any]:
    course.enter("preparing")
    order, folder = course.order, course.folder
    if tasks.cancel_wished(folder):
        return tasks.cancelled()
    artifacts, work = Path(order["artifacts"]), folder / WORK
    _copy_code(order.get("code"), work)
    outputs.link_special(work, artifacts)
    brought = inputs.bring(order.get("inputs") or {}, folder / SCRATCH / "inputs")
    prepared = outputs.prepare(order.get("outputs") or {}, folder / SCRATCH / "outputs")
    scope: dict[str, dict[str, Any]] = {"inputs": dict(brought.values), "outputs": dict(prepared.values)}
    is_graph = bool(order.get("nodes"))
    command = nodes.lay_out(folder, order, scope) if is_graph else bindings.substitute(str(order["command"]), scope, "command")
    # A graph's program is told of its data by a file.
    environ = variables.compose({**order, "inputs": {}, "outputs": {}} if is_graph else order, os.environ, scope, folder, work)
    environ = {**warming.ALLOCATION, **environ} if is_graph else environ
    telling = (instances if order.get("part") else nodes).Telling(folder, lambda word: _say(course.events, word))
    readonly, before = _protection(brought.readonly)
    stand = {"cwd": str(work), "readonly": readonly, "writable": _inside(prepared.written, readonly)}
    if order.get("parallel"):
        parts = share.Stand(order, folder, work, environ | share.variables(order, scope, folder), stand, brought.values, prepared.values, warm)
        return _run_share(course, parts, bell, prepared, before)

    course.enter("running")
    environ |= instances.variables(order, folder)
    processes = _start(course, command, environ, stand, artifacts / "user_logs", warm)
    ending = running.wait(processes, bell, order.get("timeout"), lambda: tasks.cancel_wished(folder), telling.look)
    _end_tree(ending, folder, float(order.get("grace", trees.GRACE)))

    course.enter("finalizing")
    outputs.collect_special(work, artifacts)
    outcome = _judge(course, ending, inputs.altered(before))
    part = {"complete": instances.is_complete(folder)} if order.get("part") else {}
    if outcome["state"] == State.SUCCEEDED and part.get("complete", True):
        values = outputs.said(order.get("outputs") or {}, prepared)
        outputs.deliver(prepared.deliveries)
        outcome = _judge(course, ending, "") | ({"values": values} if values else {})
    return outcome | part


def _run_share(
    course: Course, stand: share.Stand, bell: running.Bell, prepared: outputs.Prepared, before: dict[str, tuple[int, int]]
) -> dict[str, Any]:
    """One instance's part of a parallel job."""
    course.enter("running")
    verdict = share.run(stand, bell)
    course.enter("finalizing")
    outputs.collect_special(stand.work, Path(course.order["artifacts"]))
    altered = inputs.altered(before) if verdict.state == State.SUCCEEDED else ""
    if altered:
        return course.outcome(State.FAILED, 0, "ReadOnlyInput", f"The step altered an input that is read-only: {altered}")
    if verdict.state == State.SUCCEEDED:
        outputs.deliver(prepared.deliveries)
    return {**course.outcome(verdict.state, None, verdict.code, verdict.message), "complete": verdict.complete}


def _start(course: Course, command: str, environ: dict[str, str], stand: Mapping[str, Any], user_logs: Path, warm: str) -> list[running.Process]:
    """A process for each rank: from the environment's zygote where that makes no difference, else fresh."""
    order = course.order
    places = ranks.places(order.get("distribution"), int(order.get("instances") or 1))
    plain = commands.plain(command) if warm and order.get("warm") else None
    zygote = _zygote(course, command, Path(warm)) if plain else None
    processes = []
    for rank, place in enumerate(places):
        log = user_logs / (LOG if len(places) == 1 else f"std_log_process_{rank}.txt")
        own = dict(stand) | {"environ": environ | place}
        started = running.start_warm(zygote, plain, own, log) if plain and zygote else None
        processes.append(started or running.start_fresh(command, own, log))
    tasks.write_guest(course.folder, tasks.mark(os.getpid()), [tasks.mark(one.pid) for one in processes])
    return processes


def _zygote(course: Course, command: str, warm: Path) -> Path | None:
    kind = warming.GRAPH if course.order.get("nodes") else warming.kind_of(course.folder / WORK, command)
    return warming.zygote(warm, str(course.order["python"]), course.order.get("variables") or {}, kind)


def _end_tree(ending: running.Ending, folder: Path, grace: float) -> None:
    """Nothing of a step outlives it, as nothing outlives a container: background processes go too."""
    if ending.why == "ended" and all(one.alone for one in ending.processes):
        return
    leaders = [one.pid for one in ending.processes]
    if any(one.code is None for one in ending.processes) or running.has_children() or trees.anything_left(leaders):
        trees.end([*leaders, *running.children()], folder, grace)


def _judge(course: Course, ending: running.Ending, altered: str) -> dict[str, Any]:
    if ending.why == "cancel":
        return course.outcome(State.CANCELLED, None, "Canceled", "The step was cancelled.")
    if ending.why == "timeout":
        message = f"The step was cancelled because it ran longer than its limit of {course.order.get('timeout'):g} seconds."
        return course.outcome(State.CANCELLED, None, "TimeoutExceeded", message)
    if ending.code != 0:
        return course.outcome(State.FAILED, ending.code, "UserError", _failure(ending))
    if altered:
        return course.outcome(State.FAILED, 0, "ReadOnlyInput", f"The step altered an input that is read-only: {altered}")
    return course.outcome(State.SUCCEEDED, 0)


def _failure(ending: running.Ending) -> str:
    failed = next(one for one in ending.processes if one.code)
    last = logs.tail(failed.log)
    how = f"was ended by signal {-failed.code}" if failed.code is not None and failed.code < 0 else f"exited with status code {ending.code}"
    text = f"Execution failed. User process {how}. See log file 'user_logs/{failed.log.name}' for details."
    return f"{text} Last lines of it:\n{last}" if last else text


def _protection(readonly: list[str]) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """Paths to bind read-only, where this machine lets us; else what lies there now, to be compared afterwards."""
    if not readonly:
        return [], {}
    if footing.can_protect():
        return readonly, {}
    return [], inputs.look_over(readonly)


def _inside(paths: list[str], readonly: list[str]) -> list[str]:
    return [path for path in paths if any(Path(path).is_relative_to(one) for one in readonly)]


def _copy_code(code: str | None, work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    if code is None:
        work.mkdir()
    elif not os.path.exists(code):
        raise Missing(f"the code folder {code} is not there", path="code")
    elif os.path.isdir(code):
        shutil.copytree(code, work)
    else:
        work.mkdir()
        shutil.copy2(code, work)


def _say(events: int | None, word: str) -> None:
    if events is not None:
        with suppress(OSError):  # nobody listens any more: the server died, the step goes on
            os.write(events, word.encode() + b"\n")


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1]))
