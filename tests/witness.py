"""Who shows that it works: a pytest plugin that notes which operations of the official clients the passing tests have carried out.

    PYTHONPATH=tests python -m pytest -p witness --witness docs/parity.json tests/clients tests/stories

An operation counts when a test that passed called it and it answered: a method of `MLClient.<group>` (called by the test, not by
another method), a method of the generated Blob client, a request that Azure's generated client or MLflow's has a template for, with an
answer below 400. Nothing is claimed by hand; `docs/parity.py` makes a page of the file. Operations that the clients know are
noted beside those that were shown, with the clients' versions, so that the page is the same on any machine.
It does not see what runs in other processes: steps, notebooks, the command line.
"""

import importlib
import importlib.metadata
import inspect
import json
import os
import re
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

PROVED = ("tests/clients/", "tests/stories/")
"""Only these tests speak to the doors as they are; elsewhere there are stand-ins."""

PACKAGES = ("azure-ai-ml", "azure-mgmt-datafactory", "azure-storage-blob", "mlflow")
_PROVIDER = "/providers/Microsoft.MachineLearningServices/"
_BLOB_GROUPS = ("service", "container", "blob", "block_blob", "append_blob", "page_blob")

Known = dict[str, dict[str, Any]]
"""{side: {operation: …}}; what stands behind an operation differs by side."""


# ── what the clients know ──


def groups() -> dict[str, Any]:
    """{name: class} of the operation groups of MLClient."""
    os.environ.setdefault("AZUREML_CURRENT_CLOUD", "AzureCloud")  # else the import may ask the network which cloud this is
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from azure.ai.ml import MLClient
    found = {}
    for name, member in inspect.getmembers(MLClient, lambda one: isinstance(one, property)):
        answered = inspect.signature(member.fget).return_annotation
        if inspect.isclass(answered) and answered.__name__.endswith("Operations"):
            found[name] = answered
    return found


def methods(group: Any) -> list[str]:
    """The public methods of an operation group."""
    return sorted(
        name for name, member in inspect.getmembers(group, callable) if not name.startswith("_") and inspect.isfunction(inspect.unwrap(member))
    )


def factory_groups() -> dict[str, Any]:
    """{name: class} of the operation groups of DataFactoryManagementClient."""
    from azure.core.pipeline.policies import SansIOHTTPPolicy
    from azure.mgmt.datafactory import DataFactoryManagementClient

    client = DataFactoryManagementClient(object(), "s", base_url="https://localhost", authentication_policy=SansIOHTTPPolicy())
    return {name: type(member) for name, member in sorted(vars(client).items()) if type(member).__name__.endswith("Operations")}


def blob_classes() -> dict[str, Any]:
    from azure.storage.blob._generated import operations

    return {group: getattr(operations, "".join(word.capitalize() for word in group.split("_")) + "Operations") for group in _BLOB_GROUPS}


def blob_calls(group: Any) -> dict[str, list[str]]:
    """{method of the generated client: [HTTP method, restype, comp]}."""
    source = Path(str(inspect.getsourcefile(group))).read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for builder in re.split(r"(?m)^def build_", source[: source.index("\nclass ")])[1:]:
        method = re.search(r'HttpRequest\(\s*method="(\w+)"', builder)
        words = [re.search(rf'{word}: Literal\["(\w+)"\]', builder) for word in ("restype", "comp")]
        found[builder[: builder.index("_request(")]] = [method[1] if method else "", *(word[1] if word else "" for word in words)]
    return {name: found[name] for name in methods(group) if name in found}


def arm_templates() -> dict[str, tuple[str, str]]:
    """{`kind operation`: (method, template)} of the generated client of Azure Machine Learning's control plane."""
    module = importlib.import_module("azure.ai.ml._restclient.arm_ml_service.operations._operations")
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    found: dict[str, tuple[str, str]] = {}
    for builder in re.split(r"(?m)^def build_", source[: source.index("\nclass ")])[1:]:
        template = re.search(r'_url = \(?\s*"([^"?]+)"', builder)
        method = re.search(r'HttpRequest\(\s*method="(\w+)"', builder)
        if template and method and _PROVIDER in template[1]:
            name = _arm_name(method[1], template[1].split(_PROVIDER)[1].split("/"))
            where = "" if "/resourceGroups/" in template[1] or name.startswith("locations") else " in the subscription"
            found[name + where] = (method[1], template[1])
    return dict(sorted(found.items()))


def _arm_name(method: str, words: list[str]) -> str:
    """`workspaces/jobs get`: the type path below the provider, and what is done; the action's own word for a POST."""
    action = words.pop() if method == "POST" and len(words) % 2 else ""
    done = {"GET": "list" if len(words) % 2 else "get", "PUT": "create or update", "PATCH": "update", "DELETE": "delete", "POST": action or "post"}
    return f"{'/'.join(words[::2])} {done[method]}"


def mlflow_templates() -> dict[str, tuple[str, str]]:
    """{`METHOD name`: (method, template)} of MLflow's own REST API."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.protos import databricks_pb2, model_registry_pb2, service_pb2
    found: dict[str, tuple[str, str]] = {}
    for service in (service_pb2.MlflowService, model_registry_pb2.ModelRegistryService):
        for method in service.DESCRIPTOR.methods:
            for endpoint in method.GetOptions().Extensions[databricks_pb2.rpc].endpoints:
                path = "/" + endpoint.path.lstrip("/")
                name = path.removeprefix("/mlflow/")
                found[f"{endpoint.method} {name}"] = (endpoint.method, path)
    return dict(sorted(found.items()))


def known() -> Known:
    return {
        "ml": {name: methods(group) for name, group in groups().items()},
        "arm": {name: f"{method} {path.split(_PROVIDER)[1]}" for name, (method, path) in arm_templates().items()},
        "mlflow": {name: path for name, (_, path) in mlflow_templates().items()},
        "adf": {name: methods(group) for name, group in factory_groups().items()},
        "blobs": {name: blob_calls(group) for name, group in blob_classes().items()},
        "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
    }


# ── what the tests did ──


class Witness:
    """Collects for the test that runs; keeps what a test that passed has shown."""

    def __init__(self) -> None:
        self.shown: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._now: dict[str, set[str]] = defaultdict(set)
        self._depth = threading.local()

    def saw(self, side: str, operation: str) -> None:
        self._now[side].add(operation)

    def begin(self) -> None:
        self._now = defaultdict(set)

    def end(self, test: str) -> None:
        for side, operations in self._now.items():
            for operation in operations:
                self.shown[side][operation].add(test)

    def outermost(self, side: str, operation: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """The method, noting that it answered, when no other method of that side called it."""

        @wraps(original)
        def called(*arguments: Any, **named: Any) -> Any:
            level = getattr(self._depth, side, 0)
            setattr(self._depth, side, level + 1)
            try:
                answer = original(*arguments, **named)
            finally:
                setattr(self._depth, side, level)
            if not level:
                self.saw(side, operation)
            return answer

        return called


def watch(witness: Witness) -> None:
    """Wraps the clients of this process."""
    import requests

    for side, found in (("ml", groups()), ("adf", factory_groups()), ("blobs", blob_classes())):
        for name, group in found.items():
            for method in methods(group):
                setattr(group, method, witness.outermost(side, f"{name}.{method}", getattr(group, method)))
    templates = [("arm", name, *_pattern(method, path)) for name, (method, path) in arm_templates().items()]
    templates += [("mlflow", name, *_pattern(method, path)) for name, (method, path) in mlflow_templates().items()]
    send = requests.Session.send

    @wraps(send)
    def sent(session: Any, request: Any, **named: Any) -> Any:
        answer = send(session, request, **named)
        if answer.status_code < 400:
            url = urlsplit(request.url)
            if request.method == "POST" and "comp=batch" in url.query:  # sent past the generated client's method
                witness.saw("blobs", f"{'container' if 'restype=container' in url.query else 'service'}.submit_batch")
            path = re.sub(r".*/api/[23]\.0(?=/mlflow/)", "", url.path)
            for side, name, method, pattern in templates:
                if method == request.method and pattern.fullmatch(path):
                    witness.saw(side, name)
        return answer

    requests.Session.send = sent  # type: ignore[method-assign]


def _pattern(method: str, template: str) -> tuple[str, re.Pattern[str]]:
    parts = re.split(r"\{[^}]*\}", template)
    return method, re.compile("[^/]+".join(re.escape(part) for part in parts), re.IGNORECASE)


# ── pytest ──


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--witness", metavar="FILE", default="", help="note in FILE which operations of the official clients were shown to work")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--witness"):
        config.pluginmanager.register(_Plugin(Path(config.getoption("--witness"))), "azurine-witness")


class _Plugin:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._witness = Witness()
        self._others: list[dict[str, dict[str, list[str]]]] = []

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        watch(self._witness)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._witness.begin()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
        report: pytest.TestReport = yield
        if report.when == "call" and report.passed and item.nodeid.startswith(PROVED):
            self._witness.end(item.nodeid.split("[")[0])
        return report

    def pytest_testnodedown(self, node: Any) -> None:
        self._others.append(node.workeroutput.get("witness", {}))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        mine = {side: {name: sorted(tests) for name, tests in found.items()} for side, found in self._witness.shown.items()}
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["witness"] = mine
            return
        shown: dict[str, dict[str, str]] = {"ml": {}, "arm": {}, "adf": {}, "mlflow": {}, "blobs": {}}
        for one in (mine, *self._others):
            for side, found in one.items():
                for name, tests in found.items():
                    shown[side][name] = min(tests[0], shown[side].get(name, tests[0]))
        ordered = {side: dict(sorted(found.items())) for side, found in shown.items()}
        self._file.write_text(json.dumps({"known": known(), "shown": ordered}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
