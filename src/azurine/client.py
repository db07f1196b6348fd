"""`azurine.connect()`: the official clients, pointed at a running server.

    import azurine
    house = azurine.connect()
    house.ml.jobs.list()                  # azure.ai.ml.MLClient
    house.registry().components.list()    # the same for the registry azureml: the components of the library
    house.blobs.list_containers()         # azure.storage.blob.BlobServiceClient
    house.factory.factories.list()        # azure.mgmt.datafactory.DataFactoryManagementClient
    mlflow.start_run()                    # mlflow speaks to the server too

What it does to the process: names under `.localhost` resolve, our authority is trusted beside everything that was trusted
before (through REQUESTS_CA_BUNDLE and SSL_CERT_FILE), and the variables of mlflow and of azure-ai-ml's clouds are set.
Nothing is installed, and no other host is called. The clients themselves are imported and made when they are first asked
for; they come with the extra `azurine[clients]`.
"""

import json
import logging
import sys
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

import certifi

from azurine import settings
from azurine.identity import directory, names, reaching, trust
from azurine.model import errors

AZURE_ML = "https://ml.azure.com"
TOKEN_LIFE = 30 * 24 * 3600
_METADATA = "/metadata/endpoints?api-version=2019-05-01"
_NO_PROXY = ("localhost", ".localhost", "127.0.0.1")
_TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class Connection:
    """The official clients for one workspace of one server. Made by `connect`."""

    def __init__(self, address: reaching.Address, credentials: directory.Credentials, chosen: settings.Settings) -> None:
        self.address = address
        self.url = address.url
        self.subscription = chosen.subscription
        self.resource_group = chosen.resource_group
        self.workspace = chosen.workspace
        self.account = chosen.account
        self._credentials = credentials
        self._bundle = _bundle(address)

    @property
    def ml(self) -> Any:
        """`azure.ai.ml.MLClient` for the workspace."""
        client = self._ml
        # The client asks the process, not itself, which cloud it is in: with two connections, the one in use must say so.
        settings.export(self._cloud_variables())
        return client

    def registry(self, name: str = "azureml") -> Any:
        """`azure.ai.ml.MLClient` for a registry of the server; `azureml` has the components of the library."""
        settings.export(self._cloud_variables())
        return self._client(registry_name=name)

    @cached_property
    def blobs(self) -> Any:
        """`azure.storage.blob.BlobServiceClient` for the workspace's storage account."""
        with _wanted("azure-storage-blob"):
            from azure.storage.blob import BlobServiceClient
        return BlobServiceClient(self.blob_url, credential=self.credential, connection_verify=self._bundle)

    @cached_property
    def factory(self) -> Any:
        """`azure.mgmt.datafactory.DataFactoryManagementClient` for the subscription."""
        with _wanted("azure-mgmt-datafactory"):
            from azure.mgmt.datafactory import DataFactoryManagementClient
        scopes = [f"{AZURE_ML}/.default"]
        return DataFactoryManagementClient(
            self.credential, self.subscription, base_url=self.url, credential_scopes=scopes, connection_verify=self._bundle
        )

    @cached_property
    def credential(self) -> Any:
        """`azure.identity.ClientSecretCredential`: fetches tokens and renews them."""
        with _wanted("azure-identity"):
            from azure.identity import ClientSecretCredential
        own = self._credentials
        # Instance discovery would ask Microsoft whether it knows this authority.
        return ClientSecretCredential(
            own.tenant, own.client_id, own.secret, authority=self.url, disable_instance_discovery=True, connection_verify=self._bundle
        )

    @cached_property
    def http(self) -> Any:
        """A `requests.Session` that trusts the server and signs each request: for REST calls by hand."""
        import requests

        session = requests.Session()
        session.auth = _Signed(self.credential, self._bundle)
        return session

    def mlflow(self) -> Any:
        """The `mlflow` module, pointed at this workspace."""
        with _wanted("mlflow"):
            import mlflow
        settings.export(self._mlflow_variables())
        mlflow.set_tracking_uri(self.tracking_uri)
        return mlflow

    def token(self, audience: str = AZURE_ML, lifetime: int = TOKEN_LIFE) -> str:
        """A bearer token, by default a long-lived one, for programs that cannot renew theirs."""
        return reaching.token(self.address, self._credentials, audience, lifetime)

    @property
    def blob_url(self) -> str:
        return f"https://{self.account}.blob.{self._storage_host}"

    @property
    def workspace_id(self) -> str:
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"

    @property
    def tracking_uri(self) -> str:
        return f"{self.url}/mlflow/v1.0{self.workspace_id}"

    def environment(self) -> dict[str, str]:
        """The variables that point other programs of this machine at the server: what `azurine env` prints."""
        own = self._credentials
        home = {"AZURINE_HOME": str(self.address.home)} if self.address.home else {}
        authority = {"AZURINE_AUTHORITY": str(self.address.authority)} if self.address.authority else {}
        return {
            **home,
            **authority,
            "AZURINE_URL": self.url,
            "AZURE_AUTHORITY_HOST": self.url,
            "AZURE_TENANT_ID": own.tenant,
            "AZURE_CLIENT_ID": own.client_id,
            "AZURE_CLIENT_SECRET": own.secret,
            # DefaultAzureCredential with a secret asks Microsoft about our authority first; as a managed identity it does not.
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": f"{self.url}/msi/token",
            "IDENTITY_HEADER": f"{own.client_id}:{own.secret}",
            "AZURE_SUBSCRIPTION_ID": self.subscription,
            "AZURE_RESOURCE_GROUP": self.resource_group,
            "AZUREML_WORKSPACE_NAME": self.workspace,
            **self._trust_variables(),
            **self._cloud_variables(),
            **self._mlflow_variables(),
        }

    def activate(self) -> None:
        """Points this process at the server. `connect` has done it; wanted again only after another connection was made."""
        names.resolve_here(self.address.port, "127.0.0.1" if settings.is_loopback(self.address.host) else self.address.host)
        settings.export({**self._trust_variables(), **self._mlflow_variables()})
        if self.address.authority:
            trust.in_aiohttp(self.address.authority)
        if "mlflow" in sys.modules:
            self.mlflow()  # a tracking address set earlier in the program would win over the variable

    @cached_property
    def _ml(self) -> Any:
        return self._client(self.subscription, self.resource_group, self.workspace)

    def _client(self, *place: str, **of_registry: str) -> Any:
        client_class = _ml_client_class()
        return client_class(
            self.credential,
            *place,
            **of_registry,
            cloud=self._cloud,
            cloud_metadata=self._cloud_metadata(),
            enable_telemetry=False,
            connection_verify=self._bundle,
        )

    @property
    def _cloud(self) -> str:
        """A name for each server: the client keeps a table of clouds, and never changes a row."""
        return f"azurine@{self.url.removeprefix('https://')}"

    @property
    def _storage_host(self) -> str:
        return f"localhost:{self.address.port}"

    def _cloud_metadata(self) -> dict[str, str]:
        return {
            "azure_portal": self.url,
            "resource_manager": self.url,
            "active_directory": self.url,
            "aml_resource_id": AZURE_ML,
            "storage_endpoint": self._storage_host,
            "registry_discovery_endpoint": self.url,
        }

    def _cloud_variables(self) -> dict[str, str]:
        # Both or none: a child process that finds a cloud's name without this address asks Microsoft for it.
        return {"AZUREML_CURRENT_CLOUD": self._cloud, "ARM_CLOUD_METADATA_URL": self.url + _METADATA}

    def _trust_variables(self) -> dict[str, str]:
        past = (settings.variable("NO_PROXY") or settings.variable("no_proxy")).split(",")
        direct = ",".join(dict.fromkeys([part.strip() for part in past if part.strip()] + [*_NO_PROXY, self.address.host]))
        return {"REQUESTS_CA_BUNDLE": self._bundle, "SSL_CERT_FILE": self._bundle, "NO_PROXY": direct, "no_proxy": direct}

    def _mlflow_variables(self) -> dict[str, str]:
        # Its telemetry would call a host of its makers at the first run.
        return {"MLFLOW_TRACKING_URI": self.tracking_uri, "MLFLOW_TRACKING_TOKEN": self._long_token, "MLFLOW_DISABLE_TELEMETRY": "true"}

    @cached_property
    def _long_token(self) -> str:
        return self.token()


def connect(
    home: str | Path | None = None,
    url: str | None = None,
    *,
    workspace: str | None = None,
    resource_group: str | None = None,
    subscription: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    tenant: str | None = None,
    authority: str | Path | None = None,
) -> Connection:
    """The clients for the server of this home (default: AZURINE_HOME, or ~/.azurine), or for the one at `url`.

    On the server's own machine nothing else is needed: the owner's credentials lie in the home. From another machine give
    `url`, `client_id`, `client_secret` (or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET) and `authority`, a copy of the server's ca.pem.
    Raises errors.Missing when no server runs, errors.Temporary when it does not answer, errors.Unauthenticated when it says no.
    """
    flags = {"home": home, "workspace": workspace, "resource_group": resource_group, "subscription": subscription, "tenant": tenant}
    chosen = settings.read(flags)
    address = locate(chosen, url, authority)
    connection = Connection(address, _credentials(chosen, address, client_id, client_secret), chosen)
    try:
        connection.activate()
    except errors.Temporary as problem:
        start = f" Start it again: azurine up --home {address.home}" if address.home else ""
        raise errors.Temporary(problem.message + start, code=problem.code) from problem
    return connection


def locate(chosen: settings.Settings, url: str | None = None, authority: str | Path | None = None) -> reaching.Address:
    """Where the server is: at `url`, or where the home says, or at AZURINE_URL."""
    at_home = server_url(chosen.home)
    wanted = reaching.parse(url) if url else None
    if at_home and wanted in (None, at_home):
        return reaching.Address(at_home, chosen.certificates / "ca.pem", chosen.home)
    wanted = wanted or (reaching.parse(settings.variable("AZURINE_URL")) if settings.variable("AZURINE_URL") else None)
    if wanted is None:
        raise errors.Missing(f"No server runs in the home {chosen.home}. Start it: azurine up --home {chosen.home}", code="ServerNotRunning")
    given = authority or settings.variable("AZURINE_AUTHORITY")
    path = Path(given).expanduser() if given else None
    if path is not None and not path.is_file():
        raise errors.Invalid(f"There is no file {path}; it should be a copy of the server's ca.pem.", path="authority")
    return reaching.Address(wanted, path)


def server_url(home: Path) -> str | None:
    """What the home's running server wrote down; None when none runs."""
    try:
        return reaching.parse(str(json.loads((home / "server.json").read_bytes())["url"]))
    except (OSError, ValueError, KeyError, TypeError, errors.Invalid):
        return None


class _Signed:
    """Adds a valid bearer token, and trust, to each request of a `requests.Session`."""

    def __init__(self, credential: Any, bundle: str) -> None:
        self._credential = credential
        self._bundle = bundle

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._credential.get_token(f'{AZURE_ML}/.default').token}"
        return request


class _wanted:
    """Importing a client that is not installed says which one, and how to get it."""

    def __init__(self, package: str) -> None:
        self._package = package

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> None:
        if isinstance(problem, ModuleNotFoundError):
            raise errors.Missing(
                f"{self._package} is not installed. Get it with: pip install 'azurine[clients]'", code="ClientNotInstalled"
            ) from problem


def _credentials(chosen: settings.Settings, address: reaching.Address, client_id: str | None, secret: str | None) -> directory.Credentials:
    """Those given, else the owner's from the server's home, else those of the environment.

    Not the environment first: it may hold an application of the real Azure, which means nothing here.
    """
    if client_id and secret:
        return directory.Credentials(chosen.tenant, client_id, secret)
    own = directory.credentials(chosen.identity) if address.home else None
    if own is not None:
        return own
    client_id, secret = settings.variable("AZURE_CLIENT_ID"), settings.variable("AZURE_CLIENT_SECRET")
    if client_id and secret:
        return directory.Credentials(settings.variable("AZURE_TENANT_ID") or chosen.tenant, client_id, secret)
    raise errors.Unauthenticated(
        f"Nobody to sign in to {address.url} as. Give client_id and client_secret, or set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET."
    )


def _bundle(address: reaching.Address) -> str:
    """The file of roots for this process's clients."""
    if address.authority is None:
        return settings.variable("REQUESTS_CA_BUNDLE") or certifi.where()
    folder = address.home / "certs" if address.home else Path.home() / ".cache" / "azurine"
    return str(trust.bundle(folder, address.authority, [settings.variable(name) for name in _TRUST]))


def _ml_client_class() -> Any:
    # On import the client asks for its current cloud, over the network when it does not know it. Azure's own it knows.
    settings.export({"AZUREML_CURRENT_CLOUD": "AzureCloud"})
    with warnings.catch_warnings(), _wanted("azure-ai-ml"):
        warnings.simplefilter("ignore")  # deprecations among the client's own dependencies
        from azure.ai.ml import MLClient
    # It calls much of itself experimental, each time anew; and speaks at length about what it sends.
    logging.getLogger("azure.ai.ml._utils._experimental").setLevel(logging.ERROR)
    for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "msal"):
        quiet = logging.getLogger(name)
        if quiet.level == logging.NOTSET:
            quiet.setLevel(logging.WARNING)
    return MLClient
