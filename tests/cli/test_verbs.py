"""The verbs of the nouns, against a stand-in for the official clients: what is asked of them, what is printed, the exit code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml.constants import ListViewType
from azure.core.exceptions import ResourceNotFoundError

from azurine import cli
from azurine.cli import commands, component, compute, data, datastore, environment, job, model, patients, workspace
from azurine.model import errors
from cli.stand_in import Client, Connection, Entity, House, Poller, house
from cli.test_following import ROOT, Http

COMMAND = "type: command\ncommand: echo ${{inputs.rate}}\nenvironment: azureml:e@latest\ncompute: azureml:c\ninputs:\n  rate: 0.1\n"


def entity(name: str, **more: Any) -> Entity:
    return Entity(name=name, **more)


# ── jobs ──


def test_job_create_loads_the_file_with_what_is_set_and_prints_the_job(tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(COMMAND)
    here = house(jobs={"create_or_update": lambda job, **_: entity(job.name, status="NotStarted")})
    ran = here.run(job.app, "create", "-f", str(file), "-n", "j1", "--set", "inputs.rate=0.5", "display_name=mine", "--set", "tags.a=b", "-w", "w2")
    assert ran.code == 0 and json.loads(ran.out) == {"name": "j1", "status": "NotStarted"}
    assert ran.err == "job j1\n"
    ((_, (submitted,), options),) = here.connection.ml.jobs.asked
    assert (submitted.display_name, submitted.inputs["rate"]._data, submitted.tags) == ("mine", 0.5, {"a": "b"})
    assert options == {"skip_validation": False}
    assert here.addresses == [commands.Address(workspace="w2")]


def test_job_create_of_a_wrong_file_names_the_line_and_asks_nothing_of_the_server(tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(COMMAND + "computee: x\n")
    here = house()
    ran = here.run(job.app, "create", "-f", str(file))
    assert ran.code == 1 and ran.out == ""
    assert "job.yml:7 computee: there is no such field" in ran.err and "Traceback" not in ran.err
    assert here.addresses == []


@pytest.mark.parametrize("word", ["nothing", "=1", " =1"])
def test_a_set_that_sets_nothing_is_wrong_usage(tmp_path: Path, word: str) -> None:
    file = tmp_path / "job.yml"
    file.write_text(COMMAND)
    assert house().run(job.app, "create", "-f", str(file), "--set", word).code == 2


def followed(status: str, **more: Any) -> House:
    run = {"runId": "j1", "displayName": "mine", "status": status, **more}
    details = {**run, "logFiles": {"user_logs/std_log.txt": "https://l"}}
    answers = {f"{ROOT}/j1": (200, run), f"{ROOT}/j1/details": (200, details), "https://l": (206, b"hello\n")}
    here = house(jobs={"create_or_update": entity("j1"), "get": entity("j1", status=status)})
    here.connection = Connection(here.connection.ml, Http(answers), "https://h", "/ws")
    return here


def test_stream_writes_the_log_to_stdout_and_the_rest_to_stderr() -> None:
    ran = followed("Completed").run(job.app, "stream", "-n", "j1")
    assert (ran.code, ran.out) == (0, "hello\n")
    assert "mine: Completed" in ran.err


@pytest.mark.parametrize(("status", "code"), [("Completed", 0), ("Failed", 1), ("Canceled", 1)])
def test_create_with_stream_has_the_jobs_result(tmp_path: Path, status: str, code: int) -> None:
    file = tmp_path / "job.yml"
    file.write_text(COMMAND)
    ran = followed(status, error={"error": {"message": "exit code 3"}}).run(job.app, "create", "-f", str(file), "--stream")
    assert ran.code == code
    assert json.loads(ran.out) == {"name": "j1", "status": status}  # only data, though the log was shown
    assert "hello" in ran.err
    assert ("exit code 3" in ran.err) == (status == "Failed")


def test_ctrl_c_while_streaming_leaves_the_job_alone_and_says_how_to_end_it() -> None:
    here = followed("Running")

    class Interrupted:
        def get(self, *_: Any, **__: Any) -> Any:
            raise KeyboardInterrupt

    here.connection.http = Interrupted()
    ran = here.run(job.app, "stream", "-n", "j1")
    assert ran.code == 130
    assert "azurine job stream -n j1" in ran.err and "azurine job cancel -n j1" in ran.err
    assert here.connection.ml.jobs.asked == []


def test_job_list_stops_at_the_most_and_leaves_out_what_the_client_cannot_read() -> None:
    drawn = []

    def jobs(**_: Any) -> Any:
        for number in range(10_000):
            drawn.append(number)
            yield None if number == 1 else entity(f"j{number}")

    here = house(jobs={"list": jobs})
    ran = here.run(job.app, "list", "-r", "3")
    assert [one["name"] for one in json.loads(ran.out)] == ["j0", "j2"]
    assert len(drawn) == 4 and "--all-results" in ran.err
    assert here.connection.ml.jobs.asked[0][2] == {"parent_job_name": None, "list_view_type": ListViewType.ACTIVE_ONLY}


def test_archived_only_and_include_archived() -> None:
    here = house(jobs={"list": []})
    here.run(job.app, "list", "--archived-only")
    here.run(job.app, "list", "--include-archived", "-p", "parent")
    assert [asked[2]["list_view_type"] for asked in here.connection.ml.jobs.asked] == [ListViewType.ARCHIVED_ONLY, ListViewType.ALL]
    assert here.connection.ml.jobs.asked[1][2]["parent_job_name"] == "parent"
    assert here.run(job.app, "list", "--include-archived", "--archived-only").code == 2


def test_a_job_that_is_not_there_is_exit_code_3() -> None:
    ran = house(jobs={"get": ResourceNotFoundError("There is no job nope")}).run(job.app, "show", "-n", "nope")
    assert ran.code == 3 and ran.err.startswith("azurine: There is no job nope.") and ran.out == ""


def test_no_server_is_exit_code_5() -> None:
    ran = House(errors.Missing("No server runs in the home /h. Start it: azurine up", code="ServerNotRunning")).run(job.app, "list")
    assert ran.code == 5 and ran.err == "azurine: No server runs in the home /h. Start it: azurine up\n"


def test_cancel_waits_unless_told_not_to() -> None:
    pollers = [Poller(None), Poller(None)]
    here = house(jobs={"begin_cancel": lambda name: pollers[0] if name == "j1" else pollers[1]})
    assert here.run(job.app, "cancel", "-n", "j1").code == here.run(job.app, "cancel", "-n", "j2", "--no-wait").code == 0
    assert [poller.waited for poller in pollers] == [True, False]


def test_download_archive_restore() -> None:
    here = house()
    assert here.run(job.app, "download", "-n", "j1", "--all", "-p", "/tmp/x").code == 0
    assert here.run(job.app, "archive", "-n", "j1").code == here.run(job.app, "restore", "-n", "j1").code == 0
    assert [asked[0] for asked in here.connection.ml.jobs.asked] == ["download", "archive", "restore"]
    assert here.connection.ml.jobs.asked[0][2] == {"download_path": Path("/tmp/x"), "output_name": None, "all": True}


def test_update_changes_what_may_be_changed_and_nothing_else() -> None:
    here = house(jobs={"get": lambda name: entity(name, tags={"old": "1"}), "create_or_update": lambda job: job})
    ran = here.run(job.app, "update", "-n", "j1", "--set", "tags.new=2", "display_name=better")
    assert json.loads(ran.out) == {"name": "j1", "tags": {"old": "1", "new": "2"}, "display_name": "better"}
    assert here.run(job.app, "update", "-n", "j1", "--set", "compute=x").code == 2


# ── the others ──


def test_compute_create_from_flags_as_in_az() -> None:
    poller = Poller(entity("dev"))
    here = house(compute={"begin_create_or_update": poller})
    flags = ("create", "-n", "dev", "--type", "amlcompute", "--min-instances", "0", "--max-instances", "2", "--size", "Standard_DS3_v2")
    ran = here.run(compute.app, *flags)
    assert ran.code == 0 and poller.waited and json.loads(ran.out) == {"name": "dev"}
    ((_, (made,), _),) = here.connection.ml.compute.asked
    assert (made.name, made.type, made.min_instances, made.max_instances, made.size) == ("dev", "amlcompute", 0, 2, "Standard_DS3_v2")
    assert here.run(compute.app, "create", "-n", "dev").code == 2


def test_compute_update_and_what_a_type_has_not() -> None:
    here = house(compute={"get": entity("dev", type="amlcompute", min_instances=0, max_instances=1), "begin_update": lambda made: Poller(made)})
    ran = here.run(compute.app, "update", "-n", "dev", "--max-instances", "4")
    assert json.loads(ran.out) == {"name": "dev", "type": "amlcompute", "min_instances": 0, "max_instances": 4}
    assert here.run(compute.app, "update", "-n", "dev", "--idle-time-before-scale-down", "9").code == 1


def test_compute_delete_wants_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    here = house(compute={"begin_delete": Poller(None)})
    ran = here.run(compute.app, "delete", "-n", "dev")
    assert ran.code == 2 and "--yes" in ran.err and here.connection.ml.compute.asked == []
    assert here.run(compute.app, "delete", "-n", "dev", "--yes").code == 0
    assert here.connection.ml.compute.asked[0][1] == ("dev",)


def test_compute_list_show_start_stop_nodes() -> None:
    here = house(compute={"list": [entity("a")], "get": entity("a"), "list_nodes": [entity("n")]})
    for words in (("list",), ("show", "-n", "a"), ("start", "-n", "a"), ("stop", "-n", "a", "--no-wait"), ("list-nodes", "-n", "a")):
        assert here.run(compute.app, *words).code == 0
    assert [asked[0] for asked in here.connection.ml.compute.asked] == ["list", "get", "begin_start", "begin_stop", "list_nodes"]


def test_data_create_from_flags_takes_a_path_from_where_the_user_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    here = house(data={"create_or_update": lambda asset: entity(asset.name, path=str(asset.path))})
    ran = here.run(data.app, "create", "-n", "d", "-v", "3", "--path", "folder", "--type", "uri_folder")
    assert json.loads(ran.out)["path"] == str(tmp_path / "folder")
    ((_, (made,), _),) = here.connection.ml.data.asked
    assert (made.version, made.type) == ("3", "uri_folder")
    remote = "azureml://datastores/workspaceblobstore/paths/x/"
    assert json.loads(here.run(data.app, "create", "-n", "d", "--path", remote).out)["path"] == remote
    assert here.run(data.app, "create", "-n", "d").code == 2


@pytest.mark.parametrize(
    ("app", "group"), [(data.app, "data"), (model.app, "models"), (environment.app, "environments"), (component.app, "components")]
)
def test_versioned_things_are_listed_shown_archived_and_restored(app: Any, group: str) -> None:
    here = house(**{group: {"list": [entity("a"), entity("b")], "get": entity("a", version="2")}})
    assert json.loads(here.run(app, "list", "-n", "a", "-o", "json").out) == [{"name": "a"}, {"name": "b"}]
    assert here.run(app, "list", "-r", "1", "--query", "[].name", "-o", "tsv").out == "a\n"
    for words in (("show", "-n", "a"), ("show", "-n", "a", "-v", "2"), ("archive", "-n", "a", "-v", "2"), ("restore", "-n", "a", "-l", "latest")):
        assert here.run(app, *words).code == 0
    asked = here.connection.ml.groups[group].asked[2:]
    assert [(name, options["version"], options["label"]) for name, _, options in asked] == [
        ("get", None, "latest"),
        ("get", "2", None),
        ("archive", "2", None),
        ("restore", None, "latest"),
    ]
    assert here.run(app, "show", "-n", "a", "-v", "1", "-l", "latest").code == 2


def test_of_a_registry_instead_of_the_workspace() -> None:
    here = house(components={"list": [entity("mine")], "get": entity("mine")})
    here.connection.registries = {"azureml": Client(components={"list": [entity("join_data")], "get": entity("join_data")})}
    for words, name in (((), "mine"), (("--registry-name", "azureml"), "join_data")):
        assert here.run(component.app, "list", *words, "--query", "[].name", "-o", "tsv").out == f"{name}\n"
        assert json.loads(here.run(component.app, "show", "-n", "x", *words, "-o", "json").out) == {"name": name}


def test_model_create_and_download_of_the_latest(tmp_path: Path) -> None:
    here = house(models={"create_or_update": lambda made: entity(made.name, path=made.path), "get": entity("m", version="7")})
    path = "azureml://jobs/j1/outputs/model/paths/"
    assert json.loads(here.run(model.app, "create", "-n", "m", "--path", path, "--type", "mlflow_model").out) == {"name": "m", "path": path}
    assert here.run(model.app, "download", "-n", "m", "-p", str(tmp_path)).code == 0
    assert here.connection.ml.models.asked[-1][2] == {"name": "m", "version": "7", "download_path": tmp_path}
    assert here.run(model.app, "create", "-n", "m").code == 2


def test_environment_and_component_create(tmp_path: Path) -> None:
    conda = tmp_path / "conda.yml"
    conda.write_text("dependencies: [python=3.11]\n")
    here = house(environments={"create_or_update": lambda made: entity(made.name, image=made.image)})
    ran = here.run(environment.app, "create", "-n", "e", "--image", "python:3.11", "-c", str(conda))
    assert json.loads(ran.out) == {"name": "e", "image": "python:3.11"}
    assert here.run(environment.app, "create", "-n", "e").code == 2

    file = tmp_path / "component.yml"
    file.write_text("type: command\nname: c\ncommand: echo\nenvironment: azureml:e@latest\n")
    here = house(components={"create_or_update": lambda made: entity(made.name, version=made.version)})
    assert json.loads(here.run(component.app, "create", "-f", str(file), "-v", "5").out) == {"name": "c", "version": "5"}


def test_datastores_and_workspaces(tmp_path: Path) -> None:
    file = tmp_path / "store.yml"
    file.write_text("type: azure_blob\nname: s\naccount_name: azurine\ncontainer_name: c\n")
    here = house(
        datastores={"create_or_update": lambda made: entity(made.name), "list": [entity("s")], "get": entity("s")},
        workspaces={"list": [entity("w")], "get": lambda name: entity(name)},
    )
    assert json.loads(here.run(datastore.app, "create", "-f", str(file)).out) == {"name": "s"}
    assert here.run(datastore.app, "list").code == here.run(datastore.app, "show", "-n", "s", "--include-secrets").code == 0
    assert here.run(datastore.app, "delete", "-n", "s").code == 0
    assert json.loads(here.run(workspace.app, "list", "-g", "g").out) == [{"name": "w"}]
    assert here.connection.ml.workspaces.asked[0][2] == {"scope": "resource_group"}
    assert json.loads(here.run(workspace.app, "show").out) == {"name": "workshop"}
    assert json.loads(here.run(workspace.app, "show", "-w", "other").out) == {"name": "other"}


def test_patients_create_writes_a_file_without_any_server(tmp_path: Path) -> None:
    here = House(AssertionError("nobody should connect"))
    ran = here.run(patients.app, "create", "-f", str(tmp_path / "p.csv"), "--rows", "7", "-o", "tsv", "--query", "rows")
    assert (ran.code, ran.out) == (0, "7\n")
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 8


# ── the whole ──


def verbs_of(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The verbs of a noun, nouns within it among them; none of what is a verb itself."""
    assert cli.main([*words, "--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2]
    return [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and not line.startswith("   ")]


@pytest.mark.parametrize("noun", cli.NOUNS)
def test_every_verb_of_every_noun_has_help_and_the_flags_that_all_have(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    verbs = verbs_of(capsys, noun)
    assert verbs
    for verb in [*verbs, *(f"{within} {verb}" for within in verbs for verb in verbs_of(capsys, noun, within))]:
        assert cli.main([noun, *verb.split(), "--help"]) == 0
        text = capsys.readouterr().out
        if "Commands:" in text:
            continue
        assert "--output" in text and "--query" in text and "--workspace-name" in text
        assert text.partition("\n\n")[2].partition("\n\n")[0].strip().endswith("."), f"{noun} {verb} says what it does"


def test_help_answers_at_once_without_the_heavy_libraries() -> None:
    program = (
        "import sys; from azurine import cli; cli.main(['job', '--help']); "
        "heavy = {'azure', 'pandas', 'numpy', 'mlflow', 'sqlalchemy', 'starlette', 'uvicorn', 'distributed', 'requests', 'yaml', 'jmespath'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
