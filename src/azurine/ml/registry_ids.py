"""What things in the registry `azureml` are called: the ids inside, and the addresses that stand in bodies.

    registries/azureml/components/join_data/versions/1                  the id
    azureml://registries/azureml/components/join_data/versions/1        the address

What the registry is, and what is in it: `registries`.
"""

from azurine.ml import curated
from azurine.model import ids
from azurine.model.resources import Resource

NAME = "registries"
OWN = curated.REGISTRY
"""The one registry there is."""
ID = f"{NAME}/{OWN}"
COMPONENTS = f"{NAME}/components/versions"
_SCHEME = "azureml://"


def address(identifier: str) -> str:
    """An id in a registry as it stands in bodies."""
    return _SCHEME + identifier


def within(identifier: str) -> bool:
    """Is this the id of something in a registry?"""
    return identifier.startswith(NAME + "/")


def container(collection: str, name: str) -> str:
    """The id of what holds the versions: `container("components", "join_data")`."""
    return ids.child(ID, collection, name)


def versions(collection: str) -> str:
    """The name of the kind of the versions in a collection."""
    return f"{NAME}/{collection}/versions"


def curated_instead(identifier: str) -> str:
    """Where the curated environment is that an id in a workspace may mean; "" for what is no environment.

    Clients look up `azureml:sklearn-1.5@latest` in the workspace, where nobody has registered it.
    """
    above, found, below = identifier.partition("/environments/")
    return f"{ID}{found}{below}" if found and ids.kind_of(above) == ids.WORKSPACES else ""


def of_library(component_version: Resource) -> bool:
    """Is it a component of the library, whose code the server itself has brought along? No user can make one (`registries`)."""
    return component_version.kind == COMPONENTS


def library_name(identifier: str) -> str:
    """The name in the library of the component with this id; "" when it is not one of the library."""
    begin = container("components", "")
    return identifier[len(begin) :].partition("/")[0] if identifier.startswith(begin) else ""


def code_of(uri: str) -> str:
    """The component of the library whose code an address means; "" when it means something else."""
    begin = address(container("codes", ""))
    return uri[len(begin) :].partition("/")[0] if uri.startswith(begin) else ""
