"""The life of a run as MLflow's clients tell it: begun, renamed, ended, deleted, restored."""

from azurine.api.mlflow import limits, shapes
from azurine.api.mlflow.arguments import invalid
from azurine.api.mlflow.experiments import Experiments, number
from azurine.api.mlflow.house import Call
from azurine.api.mlflow.recording import run_id
from azurine.api.mlflow.runs import NUMBERED, RUN_NAME, STATES, USER, NewRun, StoredRuns
from azurine.model import errors
from azurine.model.resources import Json
from azurine.tracking.contract import Facts, Tracking


class Living:
    def __init__(self, runs: StoredRuns, tracking: Tracking, experiments: Experiments) -> None:
        self._runs = runs
        self._tracking = tracking
        self._experiments = experiments

    def create(self, call: Call) -> Json:
        arguments = call.arguments
        experiment = self._experiments.by_id(call.workspace, arguments.text("experiment_id", "0"))
        if experiment.archived:
            raise errors.Invalid(f"The experiment {experiment.id} must be in the 'active' state. Current state is deleted.", path="experiment_id")
        tags = dict(limits.tag(one) for one in arguments.objects("tags"))
        title = arguments.text("run_name", "")
        if title and tags.get(RUN_NAME, title) != title:
            raise errors.Invalid(
                f"Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                f"(run_name='{title}', mlflow.runName='{tags[RUN_NAME]}').",
                path="run_name",
            )
        if user := arguments.text("user_id", ""):
            tags.setdefault(USER, user)
        started = arguments.whole("start_time", 0) / 1000 or self._runs.now()
        run = self._runs.create(call.workspace, NewRun(experiment.key, title, started, tags, call.by))
        return {"run": shapes.run(run, experiment.id, Facts())}

    def get(self, call: Call) -> Json:
        run = self._runs.get(call.workspace, run_id(call.arguments))
        return {"run": shapes.run(run, number(call.workspace, run.experiment), self._tracking.latest([run.id])[run.id])}

    def update(self, call: Call) -> Json:
        arguments = call.arguments
        name = run_id(arguments)
        run = self._runs.get(call.workspace, name)
        if run.archived:
            raise errors.Invalid(f"The run {run.name} must be in the 'active' state. Current state is deleted.", path="run_id")
        if status := arguments.text("status", ""):
            status = NUMBERED.get(status, status)
            if status not in STATES:
                raise invalid("status", status, f"It must be one of {', '.join(STATES)}.")
            ended = arguments.whole("end_time") / 1000 if "end_time" in arguments else None
            run = self._runs.report(call.workspace, name, status, ended)
        if (title := arguments.text("run_name", "")) and title != run.title:
            run = self._runs.rename(call.workspace, name, title)
        return {"run_info": shapes.info(run, number(call.workspace, run.experiment))}

    def delete(self, call: Call) -> Json:
        self._runs.archive(call.workspace, run_id(call.arguments), True)
        return {}

    def restore(self, call: Call) -> Json:
        self._runs.archive(call.workspace, run_id(call.arguments), False)
        return {}
