"""Experiments: a name under which runs are gathered.

An experiment comes into being with its first job or run. Its number is made from its address, so that the same
experiment has the same number for every program that asks, in Azure's words and in MLflow's.
https://learn.microsoft.com/azure/machine-learning/how-to-track-experiments-mlflow
"""

from azurine.ml import assets, names, numbers
from azurine.ml.reading import Reader
from azurine.model import ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource


def admit(admission: Admission) -> Json:
    names.check(ids.name(admission.id), names.EXPERIMENT)
    body = Reader(admission.body)
    properties = body.mapping("properties")
    properties.text("description")
    properties.labels("tags")
    properties.flag("isArchived")
    properties.choice("lifecycle", ("active", "deleted"))
    body.finish()
    return assets.keep(admission)


def show(resource: Resource) -> Json:
    properties = resource.spec.get("properties") or {}
    gone = properties.get("isArchived") or properties.get("lifecycle") == "deleted"
    return {"properties": {"tags": {}, **properties, "experimentId": numbers.experiment(resource.id), "lifecycle": "deleted" if gone else "active"}}


KIND = Kind(name="workspaces/experiments", admit=admit, show=show, archivable=True)
