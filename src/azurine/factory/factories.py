"""Data factories: the folder in which pipelines, datasets, linked services and triggers lie.

https://learn.microsoft.com/rest/api/datafactory/factories
"""

from azurine.factory import global_parameters, kinds, names
from azurine.factory.faults import Faults
from azurine.model import clock
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource


def admit(admission: Admission) -> Json:
    names.check(admission.id, names.FACTORY)
    faults = Faults()
    properties = faults.mapping(admission.body, "properties", "")
    global_parameters.check(faults.mapping(properties, "globalParameters", "properties"), "properties.globalParameters", faults)
    faults.text(admission.body, "location", "")
    faults.mapping(admission.body, "tags", "")
    faults.mapping(admission.body, "identity", "")
    faults.finish()
    spec = kinds.kept(admission)
    return {**spec, "location": spec.get("location") or "local"}


def show(factory: Resource) -> Json:
    given = factory.spec.get("properties") or {}
    answered = {"provisioningState": "Succeeded", "createTime": clock.iso(factory.created_at), "version": "2018-06-01"}
    return {"tags": {}, **factory.spec, "properties": {**given, **answered}, "eTag": f'"{factory.revision}"'}


KIND = Kind(kinds.FACTORIES, admit, show, provider=kinds.PROVIDER, without_operations=True)
