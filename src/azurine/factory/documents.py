"""Documents that a factory keeps and that do nothing by themselves: datasets, linked services, data flows, credentials, runtimes, networks.

Each has a name, a `type` and properties of its own, which are kept as they come; secrets are kept apart and never shown (`secrets`). What
they refer to must be there.
https://learn.microsoft.com/rest/api/datafactory
"""

from collections.abc import Callable

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ExpressionError
from azurine.factory import kinds, names, references, secrets
from azurine.factory.faults import Faults
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json

Admit = Callable[[Admission], Json]


def admit(rule: names.Rule, typed: bool = True, evaluated: bool = False, hiding: bool = False) -> Admit:
    """typed: its properties must have a type. evaluated: its type properties may hold expressions. hiding: it may hold secrets."""

    def admitted(admission: Admission) -> Json:
        names.check(admission.id, rule)
        faults = Faults()
        properties = kinds.properties(admission, faults)
        if typed and not faults:
            faults.text(properties, "type", "properties", required=True)
        faults.mapping(properties, "parameters", "properties")
        references.check(admission.id, properties, "properties", admission.references, faults)
        parted = secrets.parted(kinds.kept(admission), previous=admission.previous) if hiding else None
        spec: Json = parted.body if parted is not None else kinds.kept(admission)
        if evaluated and not faults:
            try:
                formulas.compile(spec["properties"].get("typeProperties"), "properties.typeProperties")
            except ExpressionError as error:
                faults.note(error.path, error.message, error.code)
        faults.finish()
        return secrets.kept(parted) if parted is not None else spec

    return admitted


def kind(name: str, admit_: Admit) -> Kind:
    return Kind(name, admit_, secrets.show, provider=kinds.PROVIDER, without_operations=True, release=references.release)


KINDS: tuple[Kind, ...] = (
    kind(kinds.DATASETS, admit(names.PART, evaluated=True)),
    kind(kinds.LINKED_SERVICES, admit(names.PART, evaluated=True, hiding=True)),
    kind(kinds.DATA_FLOWS, admit(names.PART)),
    kind(kinds.CREDENTIALS, admit(names.PART, hiding=True)),
    kind(kinds.INTEGRATION_RUNTIMES, admit(names.DASHED)),
    kind(kinds.NETWORKS, admit(names.PART, typed=False)),
    kind(f"{kinds.NETWORKS}/managedPrivateEndpoints", admit(names.PART, typed=False)),
    kind("factories/privateEndpointConnections", admit(names.PART, typed=False)),
    kind("factories/adfcdcs", admit(names.PART, typed=False)),
)
