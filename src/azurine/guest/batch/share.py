"""One instance's part of a parallel job, from the first mini-batch to the last.

    cut (once for all) ──▶ join ──▶ take, run, write down … ──▶ nothing more to take ──▶ the last one gathers the rows

What this process is told beside what every step is told (`guest.step`):

    parallel     the settings (`ml.parallel.plan`)                  part    {"share", "attempt", "of": names the job for ever}
    model        {"path", "name", "version", "type"} or {}

Its outcome says with `complete` that all mini-batches of the job are done, whoever did them. What cannot be run at all (the script does
not load, its init() raises, too much has failed) is the failure of the job.
"""

import json
import os
import shlex
import shutil
import socket
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azurine.compute import tasks, trees
from azurine.expressions import bindings
from azurine.guest import commands, instances, running, warming
from azurine.guest.batch import crew, cutting, gathering, telling
from azurine.guest.batch.ledger import Batch, Ledger, Limits, done_lines
from azurine.guest.batch.trying import Course
from azurine.model.states import State

PROGRAM = Path(__file__).parents[1] / "mini_batches.py"
SILENT_ENDS = 3
"""Processes that may end, one after the other, before one is ready."""
MODELS = "azureml-models"
LARGE = 32 * 1024 * 1024
_OURS = {
    "error_threshold": "-1",
    "allowed_failed_percent": "100",
    "allowed_failed_count": "",
    "task_overhead_timeout": "30",
    "progress_update_timeout": "",
    "first_task_creation_timeout": "600",
    "copy_logs_to_parent": "",
    "metrics_name_prefix": "",
    "push_metrics_to_parent": "",
    "resource_monitor_interval": "600",
    "append_row_dataframe_header": "False",
}
"""Words of the program's arguments that are for the one who runs the script, not for the script; with what holds without them."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What the processes of the user stand on: `guest.step` knows. inputs, outputs: what stands for each. warm: may they be forks?"""

    order: Mapping[str, Any]
    task: Path
    work: Path
    environ: Mapping[str, str]
    footing: Mapping[str, Any]
    inputs: Mapping[str, str | None]
    outputs: Mapping[str, str]
    warm: str


class Verdict(Exception):
    """It is over: how, and why. complete: all mini-batches of the job are done."""

    def __init__(self, state: State, code: str = "", message: str = "", *, complete: bool = False) -> None:
        super().__init__(message)
        self.state, self.code, self.message, self.complete = state, code, message, complete


def run(stand: Stand, bell: running.Bell) -> Verdict:
    """To the end of the share."""
    share = _Share(stand, bell)
    try:
        share.work()
        return share.finish()
    except Verdict as verdict:
        return verdict
    finally:
        share.close()


def taken_apart(text: str) -> tuple[list[str], dict[str, str]]:
    """The program's arguments: those of the script, and those of ours."""
    words, own = deque(shlex.split(text)), dict(_OURS)
    left = []
    while words:
        word = words.popleft()
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or name not in _OURS:
            left.append(word)
        elif equals:
            own[name] = value
        else:
            own[name] = words.popleft() if words and not words[0].startswith("--") else "True"
    return left, own


class _Share:
    def __init__(self, stand: Stand, bell: running.Bell) -> None:
        self._stand, self._bell = stand, bell
        order = stand.order
        part, self._told = order["part"], order["parallel"]
        self._folder = instances.shared(stand.task, str(part["of"]))
        self._node = f"{socket.gethostname()}-{part['share']}"
        self._peer = f"{part['share']}.{part['attempt']}"
        self._teller = telling.Teller(
            Path(order["artifacts"]), self._node, "std_log.txt" if part["share"] == 0 else f"std_log_process_{part['share']}.txt"
        )
        scope = {"inputs": stand.inputs, "outputs": stand.outputs}
        self._arguments, own = taken_apart(bindings.substitute(str(self._told["arguments"]), scope, "task.program_arguments"))
        self._overhead = float(own["task_overhead_timeout"])
        self._header = own["append_row_dataframe_header"].lower() == "true"
        self._started = 0
        self._silent = 0
        self._courses: dict[int, Course] = {}
        self._waiting: deque[Course] = deque()
        self._prepare()
        found = cutting.head(self._folder)
        assert found is not None
        self._head = found
        threshold = self._told["error_threshold"] if self._told["error_threshold"] >= 0 else int(own["error_threshold"])
        self._ledger = Ledger(self._folder, self._peer, socket.gethostname(), tasks.boot(), Limits(threshold, self._told["batch_error_threshold"]))
        self._ledger.join()
        self._crew = crew.Crew(self._start, float(self._told["timeout"]), bell)

    def work(self) -> None:
        """Until there is nothing more to take, and what was taken is done."""
        if self._ledger.turn().stopped or not self._take(1):
            return
        for number in range(min(self._size(), self._head["count"])):
            self._crew.hire(number)
        while self._courses or self._waiting:
            if self._bell.asked_to_stop or tasks.cancel_wished(self._stand.task):
                raise Verdict(State.CANCELLED, "Canceled", "The step was cancelled.")
            for event in self._crew.look():
                self._hear(event)
        self._say_goodbye()

    def finish(self) -> Verdict:
        turn = self._ledger.turn()
        if turn.stopped:
            self._teller.stopped(turn.stopped)
            return Verdict(State.FAILED, "UserError", f"{turn.stopped}\nSee logs/job_error.txt and logs/user/error.")
        if not turn.complete:
            return Verdict(State.SUCCEEDED)
        self._teller.progress(self._ledger.totals, self._head["count"], last=True)
        with instances.alone(self._folder / "gather.lock"):
            if self._told["append_to"]:
                gather = gathering.gather_tables if self._is_of_tables() else gathering.gather
                gather(self._folder, self._target())
            self._teller.result(self._ledger.totals, done_lines(self._folder))
        return Verdict(State.SUCCEEDED, complete=True)

    def close(self) -> None:
        pids = [one.process.pid for one in self._crew.members]
        self._crew.close()
        if pids or running.has_children():
            trees.end([*pids, *running.children()], self._stand.task, 0.0)
        self._ledger.close()

    # ── Before ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _prepare(self) -> None:
        """The folder of all instances, and in it the list of mini-batches, made by the first one that comes."""
        with instances.alone(self._folder / "cut.lock"):
            if cutting.head(self._folder) is None:
                (self._folder / gathering.ROWS).mkdir(exist_ok=True)
                name = self._told["input"]
                cutting.cut(self._folder, Path(str(self._stand.inputs[name])), self._told, name)

    def _size(self) -> int:
        """How many processes: as many as cores, unless it is said; instances that share this machine share its cores."""
        if self._told["concurrency"]:
            return int(self._told["concurrency"])
        instances = int(self._stand.order.get("instances") or 1)
        return max(1, (os.cpu_count() or 1) // (instances if self._stand.order.get("compute") == "local" else 1))

    def _start(self, number: int, given: int) -> running.Process:
        self._started += 1
        place = self._stand.task / f"process{self._started:04d}.json"
        place.write_text(json.dumps(self._process_order()), encoding="utf-8")
        words = (str(self._stand.order["python"]), "-u", str(PROGRAM), str(place))
        plain = commands.Plain(words, str(PROGRAM), "", (str(place),), unbuffered=True)
        log = self._teller.out(number)
        order = self._stand.order
        zygote = self._zygote(words[0]) if self._stand.warm and order.get("warm") else None
        footing = {**self._stand.footing, "environ": self._stand.environ}
        started = running.start_warm(zygote, plain, footing, log, given) if zygote is not None else None
        process = started or running.start_fresh(shlex.join(words), footing, log, given)
        alive = [*(one.process.pid for one in self._crew.members), process.pid]
        tasks.write_guest(self._stand.task, tasks.mark(os.getpid()), [tasks.mark(pid) for pid in alive])
        return process

    def _zygote(self, python: str) -> Path | None:
        """A script tells by its words what it imports; a model without one is of scikit-learn, as a rule."""
        kind = warming.kind_of(self._stand.work, "") if self._told["script"] else warming.TABLES
        return warming.zygote(Path(self._stand.warm), python, self._stand.order.get("variables") or {}, kind)

    def _process_order(self) -> dict[str, Any]:
        model = self._stand.order.get("model") or {}
        script = self._told["script"]
        return {
            "script": str(self._stand.work / script) if script else "",
            "arguments": self._arguments,
            "mlflow": str(model.get("path") or "") if model.get("type") == "mlflow_model" else "",
            "head": self._head,
            "rows": str(self._folder / gathering.ROWS / f"{self._peer}.{self._started}"),
            "parquet": self._is_of_tables(),
            # A process that is alone on its cores may share a large file among forks of itself.
            "hands": max(1, (os.cpu_count() or 1) // self._size()),
            "append": bool(self._told["append_to"]),
            "header": self._header,
            "level": self._told["level"],
            "log": str(self._teller.entry_log()),
        }

    # ── Meanwhile ────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, wanted: int) -> bool:
        turn = self._ledger.turn(wanted=wanted)
        self._waiting.extend(self._course(batch) for batch in turn.batches)
        return bool(turn.batches)

    def _course(self, batch: Batch) -> Course:
        return Course(batch, int(self._told["retries"]))

    def _hear(self, event: crew.Event) -> None:
        match event:
            case crew.Ready(member):
                self._silent = 0
                self._occupy(member)
            case crew.Broken(_, why):
                why = f"The entry script could not be started: {why}"
                self._teller.stopped(why)
                self._ledger.stop(why)
                raise Verdict(State.FAILED, "UserError", why)
            case crew.Finished(member, said):
                self._finished(member, said)
            case crew.Failed(member, why):
                self._failed(member, why, died=False)
                self._occupy(member)
            case crew.Died(member, why, late):
                self._died(member, why, late)

    def _occupy(self, member: crew.Member) -> None:
        """Something to do for a process that has nothing."""
        if member.number in self._courses:
            course = self._courses[member.number]
        elif self._waiting or self._take(1):
            course = self._courses[member.number] = self._waiting.popleft()
        else:
            return
        self._crew.give(member, course.batch.number, course.what())

    def _finished(self, member: crew.Member, said: Mapping[str, Any]) -> None:
        course = self._courses.get(member.number)
        if course is None:
            return
        if said.get("header"):
            self._keep_header(str(said["header"]))
        rows = [(one[0], one[1], one[2]) for one in said.get("rows") or ()]
        if course.succeeded(int(said["given"]), int(said["items"]), rows):
            self._close(member.number, "")
        self._occupy(member)

    def _failed(self, member: crew.Member, why: str, *, died: bool) -> None:
        course = self._courses.get(member.number)
        if course is None:
            return
        course.outcome.why = telling.last_line(why)
        attempt = "by itself" if course.alone else f"attempt {course.failures + course.deaths + 1}"
        self._teller.failed(member.number, course.batch.number, attempt, course.shown(), why)
        before = len(course.outcome.bad)
        over = course.failed(died=died)
        self._teller.given_up(course.batch.number, course.outcome.bad[before:], why)
        if over:
            self._close(member.number, why)

    def _close(self, number: int, why: str) -> None:
        """A mini-batch is done with, and the next one is taken in the same turn."""
        course = self._courses.pop(number)
        if not why and not course.outcome.is_bad and course.outcome.bad:
            course.outcome.why = "there are fewer results than items"
            self._teller.given_up(course.batch.number, course.outcome.bad, course.outcome.why)
        turn = self._ledger.turn([course.outcome], wanted=0 if self._waiting else 1)
        self._teller.progress(self._ledger.totals, self._head["count"])
        if turn.stopped:
            self._waiting.clear()
            self._courses.clear()
        self._waiting.extend(self._course(batch) for batch in turn.batches)

    def _died(self, member: crew.Member, why: str, late: bool) -> None:
        if member.state == crew.ENDING:
            return
        if member.number in self._courses:
            self._failed(member, why, died=not late)
        elif member.state == crew.STARTING:
            self._silent += 1
            if self._silent >= SILENT_ENDS:
                why = f"The entry script could not be started: {why}. See {self._teller.out(member.number).name}."
                self._ledger.stop(why)
                raise Verdict(State.FAILED, "UserError", why)
        if self._courses or self._waiting:
            self._crew.hire(member.number)

    def _say_goodbye(self) -> None:
        """Those that wait call shutdown(). For those that are still starting there is nothing left; what others do does not count any more."""
        for one in list(self._crew.members):
            if one.state == crew.IDLE:
                self._crew.dismiss(one, self._overhead)
            else:
                self._crew.end(one)
        while self._crew.members:
            self._crew.look()

    def _keep_header(self, text: str) -> None:
        """Of the first frame; the others have the same."""
        place = self._folder / gathering.HEADER
        if not place.exists():
            aside = place.with_name(f".{place.name}.{self._peer}")
            aside.write_text(text, encoding="utf-8")
            aside.replace(place)

    def _is_of_tables(self) -> bool:
        """Does a model without a script write Parquet?"""
        return not self._told["script"] and str(self._told["append_name"]).lower().endswith((".parquet", ".pq", ".pqt"))

    def _target(self) -> Path:
        target = Path(str(self._stand.outputs[self._told["append_to"]]))
        return target / self._told["append_name"] if self._told["append_name"] else target


def variables(order: Mapping[str, Any], scope: Mapping[str, Any], task: Path) -> dict[str, str]:
    """What the script is told beside what every step is told. The model lies under its own name in a folder that holds nothing else."""
    found = {"AZUREML_ENTRY_SCRIPT": str(order["parallel"]["script"]), "AZ_BATCH_NODE_ID": f"{socket.gethostname()}-{order['part']['share']}"}
    model = order.get("model") or {}
    if model.get("path"):
        place = task / MODELS / str(model["name"]) / str(model["version"])
        place.mkdir(parents=True, exist_ok=True)
        # A copy: scripts look for their files with means that do not follow links.
        own = place / Path(model["path"]).name
        if os.path.isdir(model["path"]):
            shutil.copytree(model["path"], own, copy_function=_copy, dirs_exist_ok=True)
        else:
            _copy(model["path"], own)
        found["AZUREML_MODEL_DIR"] = str(place)
    where = order["parallel"]["append_to"] or next(iter(scope["outputs"]), "")
    if where:
        found["AZUREML_BI_OUTPUT_PATH"] = str(scope["outputs"][where])
    return found


def _copy(source: str | Path, target: str | Path) -> None:
    """Large files are the same on the disk (they are read, hardly ever written), others are copies."""
    if os.path.getsize(source) > LARGE:
        with suppress(OSError):  # another disk
            os.link(source, target)
            return
    shutil.copy2(source, target)
