"""The verbs of endpoints and deployments, online and batch, against a stand-in for the official clients."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from azurine.cli import batch_deployment, batch_endpoint, online_deployment, online_endpoint
from cli.stand_in import Entity, House, Poller, house

ENDPOINTS = [(online_endpoint.app, "online_endpoints"), (batch_endpoint.app, "batch_endpoints")]
DEPLOYMENTS = [(online_deployment.app, "online_deployments"), (batch_deployment.app, "batch_deployments")]
MODEL = "name: d\nendpoint_name: e\nmodel: azureml:m:1\n"
ONLINE = MODEL + "instance_type: local\ninstance_count: 1\n"
BATCH = MODEL + "type: model\ncompute: azureml:c\nsettings:\n  mini_batch_size: 7\n"


def answering(group: str, **more: Any) -> House:
    """Gives back what it is asked to make."""
    answers = {"begin_create_or_update": lambda wanted: Poller(Entity(name=wanted.name)), "get": lambda *_: Entity(name="e", model="m"), **more}
    return house(**{group: answers, "online_endpoints": answers, "batch_endpoints": answers})


def asked(here: House, group: str, method: str) -> Any:
    """The arguments of the only call of a method."""
    ((_, arguments, _),) = [one for one in getattr(here.connection.ml, group).asked if one[0] == method]
    return arguments


@pytest.mark.parametrize(("app", "group"), ENDPOINTS)
def test_endpoints_are_listed_shown_and_deleted(app: typer.Typer, group: str) -> None:
    here = answering(group, list=[Entity(name="e")], begin_delete=Poller(None))
    assert json.loads(here.run(app, "list").out) == [{"name": "e"}]
    assert json.loads(here.run(app, "show", "-n", "e").out)["name"] == "e"
    assert asked(here, group, "get") == ("e",)
    refused = here.run(app, "delete", "-n", "e")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert here.run(app, "delete", "-n", "e", "--yes").code == 0
    assert asked(here, group, "begin_delete") == ("e",)


@pytest.mark.parametrize(("app", "group"), DEPLOYMENTS)
def test_deployments_are_listed_shown_and_deleted(app: typer.Typer, group: str) -> None:
    here = answering(group, list=[Entity(name="d")], begin_delete=Poller(None))
    assert json.loads(here.run(app, "list", "-e", "e").out) == [{"name": "d"}]
    assert here.run(app, "show", "-n", "d", "-e", "e").code == 0
    assert asked(here, group, "get") == ("d", "e")
    assert here.run(app, "delete", "-n", "d", "-e", "e").code == 2
    assert here.run(app, "delete", "-n", "d", "-e", "e", "--yes", "--no-wait").code == 0
    assert asked(here, group, "begin_delete") == ("d", "e")


@pytest.mark.parametrize(("app", "group"), ENDPOINTS)
def test_an_endpoint_is_made_of_a_file_or_of_a_name(app: typer.Typer, group: str, tmp_path: Path) -> None:
    here = answering(group)
    assert json.loads(here.run(app, "create", "-n", "e").out) == {"name": "e"}
    assert here.run(app, "create").code == 2
    (tmp_path / "e.yml").write_text("name: other\n")
    assert json.loads(answering(group).run(app, "create", "-f", str(tmp_path / "e.yml"), "-n", "mine").out) == {"name": "mine"}
    assert here.run(app, "create", "-f", str(tmp_path / "none.yml")).code == 1


@pytest.mark.parametrize(
    ("app", "group", "text", "flag"),
    [(online_deployment.app, "online_deployments", ONLINE, "--all-traffic"), (batch_deployment.app, "batch_deployments", BATCH, "--set-default")],
)
def test_a_deployment_is_made_of_a_file_and_given_the_calls(app: typer.Typer, group: str, text: str, flag: str, tmp_path: Path) -> None:
    (tmp_path / "d.yml").write_text(text)
    here = answering(group)
    assert json.loads(here.run(app, "create", "-f", str(tmp_path / "d.yml"), "-e", "other", flag).out) == {"name": "d"}
    (made,) = asked(here, group, "begin_create_or_update")
    assert made.endpoint_name == "other"
    (endpoint,) = asked(here, group.replace("deployments", "endpoints"), "begin_create_or_update")
    assert (endpoint.get("traffic"), endpoint.get("defaults")) in (({"d": 100}, None), (None, {"deployment_name": "d"}))
    assert here.run(app, "create", "-f", str(tmp_path / "d.yml"), flag, "--no-wait").code == 2


@pytest.mark.parametrize("sort", ["type: pipeline\ncomponent: azureml:c:1\n", "model: azureml:m:1\ncompute: azureml:c\nmini_batch_size: 7\n"])
def test_files_of_batch_deployments_have_three_shapes(sort: str, tmp_path: Path) -> None:
    (tmp_path / "d.yml").write_text("name: d\nendpoint_name: e\n" + sort)
    here = answering("batch_deployments")
    assert here.run(batch_deployment.app, "create", "-f", str(tmp_path / "d.yml")).code == 0
    (made,) = asked(here, "batch_deployments", "begin_create_or_update")
    assert type(made).__name__ == ("PipelineComponentBatchDeployment" if "pipeline" in sort else "BatchDeployment")


@pytest.mark.parametrize(
    ("app", "group", "words", "changed"),
    [
        (online_deployment.app, "online_deployments", ["--instance-count", "3"], {"instance_count": 3}),
        (batch_deployment.app, "batch_deployments", ["-c", "2", "-m", "5"], {"instance_count": 2, "mini_batch_size": 5}),
        (batch_deployment.app, "batch_deployments", ["--set", "retry.timeout=9", "tags.a=b"], {"retry": Entity(timeout=9), "tags": {"a": "b"}}),
    ],
)
def test_a_deployment_that_stands_is_changed(app: typer.Typer, group: str, words: list[str], changed: dict[str, Any]) -> None:
    stands = Entity(name="d", model="m", retry=Entity(timeout=1), tags={})
    here = answering(group, get=stands)
    ran = here.run(app, "update", "-n", "d", "-e", "e", *words)
    assert ran.code == 0, ran.err
    assert asked(here, group, "begin_create_or_update") == ({**stands, **changed},)


class Stands:
    """A deployment of the client's: what is no field of it cannot be set."""

    name, model, retry_settings = "d", "m", None


@pytest.mark.parametrize("path", ["colour=red", "retry_settings.timeout=3", "_name=x", "name.of=x"])
def test_what_a_deployment_has_not_cannot_be_changed(path: str) -> None:
    ran = answering("batch_deployments", get=Stands()).run(batch_deployment.app, "update", "-n", "d", "-e", "e", "--set", path)
    assert (ran.code, "there is no" in ran.err) == (2, True)


def test_a_deployment_of_a_pipeline_is_made_anew_instead() -> None:
    here = answering("batch_deployments", get=Entity(name="d", model=None))
    ran = here.run(batch_deployment.app, "update", "-n", "d", "-e", "e", "-c", "2")
    assert (ran.code, "deployment of a pipeline" in ran.err) == (1, True)


@pytest.mark.parametrize("said", ["deployment_name=d", "d"])
def test_another_deployment_becomes_the_default(said: str) -> None:
    here = answering("batch_endpoints")
    assert here.run(batch_endpoint.app, "update", "-n", "e", "--defaults", said).code == 0
    (endpoint,) = asked(here, "batch_endpoints", "begin_create_or_update")
    assert endpoint.defaults == {"deployment_name": "d"}
    assert here.run(batch_endpoint.app, "update", "-n", "e", "--defaults", "colour=d").code == 2


def test_a_batch_endpoint_is_called() -> None:
    here = answering("batch_endpoints", invoke=Entity(name="j", status="NotStarted"), list_jobs=[Entity(name="j")])
    words = ["-n", "e", "-i", "azureml:data:1", "-d", "d", "--output-path", "azureml://datastores/x/paths/y/", "-m", "3", "-c", "2"]
    assert json.loads(here.run(batch_endpoint.app, "invoke", *words, "--job-name", "j", "--set", "output_file_name=o.csv").out)["name"] == "j"
    ((_, arguments, named),) = [one for one in here.connection.ml.batch_endpoints.asked if one[0] == "invoke"]
    assert (arguments, named["deployment_name"], named["job_name"]) == (("e",), "d", "j")
    assert (named["input"].path, named["outputs"]["score"].path) == ("azureml:data:1", "azureml://datastores/x/paths/y/")
    assert named["params_override"] == [{"output_file_name": "o.csv"}, {"mini_batch_size": 3}, {"compute": {"instance_count": 2}}]
    assert json.loads(here.run(batch_endpoint.app, "list-jobs", "-n", "e").out) == [{"name": "j"}]
    here = answering("batch_deployments", list_jobs=[Entity(name="j")])
    assert json.loads(here.run(batch_deployment.app, "list-jobs", "-n", "d", "-e", "e").out) == [{"name": "j"}]
