"""Where things lie: the addresses of a workspace's data, as places in the server's own storage accounts and as paths of this machine.

A part of `app`: addresses are read by `ml`, accounts are folders of `storage`, and the datastores between them are resources in the log.
What lies elsewhere has no path here, and whoever asks is told None.
"""

from collections.abc import Callable
from pathlib import Path

from azurine import registry
from azurine.api.job_files import Place as FilesPlace
from azurine.api.mlflow.house import Spot
from azurine.api.stores import Stores
from azurine.ml import datastores, uris
from azurine.ml.jobs import inputs, words
from azurine.model import clock, errors, ids
from azurine.model.resources import Json, Resource
from azurine.storage import signatures, urls
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.store.log import Log
from azurine.store.references import LogReferences


class Places:
    """url: where clients reach the server."""

    def __init__(self, log: Log, accounts: Accounts, files: Files, url: str) -> None:
        self._log = log
        self._accounts = accounts
        self._files = files
        self._url = url

    def locate(self, workspace: str, uri: str) -> Path | None:
        """The path of an address in our own storage, or of a library component's code; None for what lies elsewhere."""
        if (code := registry.code(uri)) is not None:
            return code
        location = self.location(workspace, uri)
        return self._path(location) if location is not None else None

    def data(self, workspace: str, address: str) -> Path | None:
        """The same for whatever an input may be given as: an asset, a job's output, an address."""
        return self.locate(workspace, inputs.pin(address, "uri_folder", LogReferences(self._log), workspace)["uri"])

    def location(self, workspace: str, uri: str) -> urls.Location | None:
        """Where in an account it is; None for what lies in none. The account may be somebody else's."""
        found = uris.read(uri, workspace)
        if isinstance(found, uris.InDatastore):
            place = datastores.location(self._datastore(found.datastore))
            return urls.Location(str(place["account"]), str(place["container"]), found.path)
        if isinstance(found, uris.Elsewhere):
            address = urls.parse(uri)
            return address.location if isinstance(address, urls.AzureUrl) else None
        return None

    def spot(self, spot: Spot) -> urls.Location:
        """A place in a datastore whose account is on this server."""
        place = datastores.location(self._datastore(ids.child(spot.workspace, "datastores", spot.datastore)))
        if not self._accounts.exists(str(place["account"])):
            raise errors.Unsupported(f"the datastore {spot.datastore!r} is not on this server")
        self._accounts.ensure_container(str(place["account"]), str(place["container"]))
        return urls.Location(str(place["account"]), str(place["container"]), spot.path)

    def artifacts(self, workspace: str, run: str) -> FilesPlace:
        """Where a run's logs and artifacts are."""
        location = self.location(workspace, words.artifacts_uri(run))
        folder = self._path(location) if location is not None else None
        if location is None or folder is None:
            raise errors.Missing("the workspace's artifact store is not on this server", code="DatastoreNotFound")
        return FilesPlace(location.account, location.container, location.path, folder)

    def endpoint_logs(self, workspace: str, endpoint: str, deployment: str) -> Path:
        folder = self.locate(workspace, f"azureml://datastores/{words.ARTIFACT_STORE}/paths/OnlineEndpoints/{endpoint}/{deployment}")
        if folder is None:
            raise errors.Missing("the workspace's artifact store is not on this server", code="DatastoreNotFound")
        return folder

    def make_container(self, wish: Json, is_ceased: Callable[[], bool]) -> Json:
        """What a datastore wishes for: its container, when its account is one of ours."""
        if self._accounts.exists(str(wish["account"])):
            self._accounts.ensure_container(str(wish["account"]), str(wish["container"]))
        return {}

    def stores(self) -> Stores:
        def sign(account: str, container: str, permissions: str, seconds: float) -> str:
            # Whoever is given a signature is about to write: the container of a datastore is there from then on.
            self._accounts.ensure_container(account, container)
            key = self._accounts.keys(account)[0]
            return signatures.container_sas(urls.Location(account, container), key, permissions, clock.system() + seconds)

        host = self._url.split("://", 1)[1]
        return Stores(sign, lambda account: f"https://{account}.blob.{host}", self._ensure, self._accounts.exists, self._accounts.keys)

    def _ensure(self, account: str, container: str) -> None:
        self._accounts.create(account)
        self._accounts.ensure_container(account, container)

    def _datastore(self, identifier: str) -> Resource:
        found = self._log.get(identifier)
        if found is None:
            raise errors.Missing(f"there is no datastore {ids.name(identifier)!r} in the workspace", code="DatastoreNotFound")
        return found

    def _path(self, location: urls.Location) -> Path | None:
        if not self._accounts.exists(location.account):
            return None
        self._accounts.ensure_container(location.account, location.container)
        return self._files.local_path(location)
