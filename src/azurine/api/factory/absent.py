"""Actions of Data Factory that this server has not: each is answered by its name, with what there is instead, rather than as unknown.

https://learn.microsoft.com/rest/api/datafactory
"""

from collections.abc import Mapping

from azurine.api.actions import Asked, Question, Table
from azurine.model import errors

_FLOWS = "mapping data flows are kept, and run by Spark in Azure only"
_NODES = "everything runs on this server itself, so an integration runtime has no nodes and no keys"
_REPOSITORY = "a repository is read with `azurine factory import FOLDER` and written with `azurine factory export`"
_DEBUG = "a debug run is a run: publish the pipeline and start it with createRun, or try it with `azurine factory run --speed` or azurine.testing"
_TOKENS = "a token for this server is all that is needed for its data plane"
FACTORY: Mapping[str, str] = {
    "createDataFlowDebugSession": _FLOWS,
    "addDataFlowToDebugSession": _FLOWS,
    "deleteDataFlowDebugSession": _FLOWS,
    "executeDataFlowDebugCommand": _FLOWS,
    "querydebugpipelineruns": _DEBUG,
    "sandboxPipelineRuns": _DEBUG,
    "getGitHubAccessToken": _REPOSITORY,
    "getDataPlaneAccess": _TOKENS,
    "getFeatureValue": "there are no features that are switched on and off",
    "queryFeaturesValue": "there are no features that are switched on and off",
}
RUNTIME: Mapping[str, str] = {
    name: _NODES
    for name in [
        "stop",
        "listAuthKeys",
        "regenerateAuthKey",
        "getConnectionInfo",
        "upgrade",
        "removeLinks",
        "linkedIntegrationRuntime",
        "enableInteractiveQuery",
        "disableInteractiveQuery",
        "refreshObjectMetadata",
        "getObjectMetadata",
    ]
}
PIPELINE: Mapping[str, str] = {"debug": _DEBUG}


def table(factories: str, runtimes: str, pipelines: str) -> Table:
    """factories, runtimes, pipelines: names of kinds."""
    made: dict[tuple[str, str], Question] = {(factories, "queryDataFlowDebugSessions"): lambda asked: {"value": []}}
    for kind, actions in ((factories, FACTORY), (runtimes, RUNTIME), (pipelines, PIPELINE)):
        for name, what in actions.items():
            made[kind, name] = _refusing(name, what)
    return made


def _refusing(name: str, what: str) -> Question:
    def refuse(asked: Asked) -> None:
        raise errors.Unsupported(f"'{name}' is not done here: {what}.", code="NotSupportedHere")

    return refuse
