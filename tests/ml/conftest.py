"""A small house of resources for the kinds to look at: what was admitted is there, nothing else is."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from azurine import ml
from azurine.model import ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/shop"
KINDS: dict[str, Kind] = {kind.name: kind for kind in ml.kinds("https://localhost:8443")}


class House:
    """Admits bodies through their kinds, and answers references to what it holds."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.now = 1_700_000_000.0

    def put(self, identifier: str, body: Json, owner: str = "") -> Resource:
        """Admits a body under an id (below the workspace when it does not begin with `subscriptions/`)."""
        full = identifier if identifier.startswith("subscriptions/") else f"{WORKSPACE}/{identifier}"
        name = ids.kind_of(full)
        before = self.resources.get(full)
        self.now += 1
        spec = KINDS[name].admit(Admission(full, body, self, before, now=self.now, owner=owner))
        made = Resource(full, name, spec, owner=owner, created=len(self.resources), created_at=self.now, updated_at=self.now)
        if before is not None:
            made = replace(made, created=before.created, created_at=before.created_at, status=before.status)
        self.resources[full] = made
        return made

    def show(self, resource: Resource) -> Json:
        return KINDS[resource.kind].show(resource)

    def get(self, identifier: str) -> Resource | None:
        return self.resources.get(identifier)

    def newest(self, parent: str, kind: str) -> Resource | None:
        active = [one for one in self.children(parent, kind) if not one.spec["properties"].get("isArchived")]
        return active[0] if active else None

    def children(self, parent: str, kind: str) -> Sequence[Resource]:
        found = [one for one in self.resources.values() if one.kind == kind and ids.parent(one.id) == parent]
        return sorted(found, key=lambda one: -one.created)


@pytest.fixture
def house() -> House:
    """A workspace with its defaults, two versions of data, one of code, a component `prep`."""
    made = House()
    made.put(WORKSPACE, {"location": "local"})
    for identifier, _, body in ml.workspaces.defaults(WORKSPACE):
        made.put(identifier, body)
    for version in ("1", "2"):
        made.put(
            f"data/patients/versions/{version}",
            {"properties": {"dataUri": f"azureml://datastores/workspaceblobstore/paths/p{version}/", "dataType": "uri_folder"}},
        )
    made.put("codes/c/versions/1", {"properties": {"codeUri": "https://azurine.blob.localhost:8443/azureml-blobstore/LocalUpload/x/src"}})
    made.put("components/prep/versions/1", {"properties": {"componentSpec": PREP}})
    made.put("components/make/versions/1", {"properties": {"componentSpec": MAKE}})
    return made


PREP: Json = {
    "type": "command",
    "name": "prep",
    "command": "python prep.py --raw ${{inputs.raw}} $[[--n ${{inputs.n}}]] --out ${{outputs.out}}",
    "environment": "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
    "code": f"azureml:/{WORKSPACE.replace('/workspaces', '/providers/Microsoft.MachineLearningServices/workspaces')}/codes/c/versions/1",
    "inputs": {"raw": {"type": "uri_folder"}, "n": {"type": "integer", "optional": True, "min": "1", "max": "9"}},
    "outputs": {"out": {"type": "uri_folder"}},
}
MAKE: Json = {
    **PREP,
    "name": "make",
    "command": "make ${{outputs.out}} ${{outputs.count}}",
    "inputs": {},
    "outputs": {"out": {"type": "uri_file"}, "count": {"type": "integer"}},
}
