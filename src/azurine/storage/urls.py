"""What a path in a job, a data asset or a datastore means: text → a plain value. Pure; nothing is opened here.

    azureml://datastores/D/paths/P                                           DatastorePath(D, P)
    azureml://subscriptions/S/resourcegroups/G/workspaces/W/datastores/D/…   DatastorePath(D, P, workspace="subscriptions/S/…")
    azureml://jobs/J/outputs/O/paths/P                                       JobOutput(J, O, P)
    https://A.blob.HOST/C/P  wasbs://C@A.blob.HOST/P  abfss://C@A.dfs.HOST/P  AzureUrl(Location(A, C, P), HOST)
    file:///x  file:x  /x  ./x                                               LocalPath
    s3://…  gs://…  memory://…  https://elsewhere/…                          OutsideUrl

Whether an account of an AzureUrl is one of ours is known by whoever knows our host, not here. `FILESYSTEMS` says which
fsspec filesystem opens a scheme; it is imported when used (`storage.outside`), never before.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from azurine.model import errors


@dataclass(frozen=True, slots=True)
class Location:
    """A blob, or a folder of blobs when `path` is a prefix; path "" is the container itself."""

    account: str
    container: str
    path: str = ""

    def child(self, path: str) -> "Location":
        return Location(self.account, self.container, f"{self.path.rstrip('/')}/{path}" if self.path else path)

    def __str__(self) -> str:
        return f"{self.account}/{self.container}/{self.path}".rstrip("/")


@dataclass(frozen=True, slots=True)
class DatastorePath:
    """workspace: its id (`model.ids`) in the long form, "" in the short one, which means the workspace of whoever says it."""

    datastore: str
    path: str = ""
    workspace: str = ""


@dataclass(frozen=True, slots=True)
class JobOutput:
    job: str
    output: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class AzureUrl:
    """host: what follows `A.blob.` (or `.dfs.`), with port. query: a SAS, or ""."""

    location: Location
    host: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class LocalPath:
    path: str


@dataclass(frozen=True, slots=True)
class OutsideUrl:
    """The url as it was said; `scheme` is a key of FILESYSTEMS."""

    url: str
    scheme: str


Place = DatastorePath | JobOutput | AzureUrl | LocalPath | OutsideUrl


@dataclass(frozen=True, slots=True)
class Filesystem:
    """implementation: module and class. install: what to say when the module is not there."""

    implementation: str
    install: str = ""


_AZURE = Filesystem("adlfs.AzureBlobFileSystem", "pip install 'azurine[azure]'")
_S3 = Filesystem("s3fs.S3FileSystem", "pip install 's3fs' (or 'azurine[s3]')")
_GCS = Filesystem("gcsfs.GCSFileSystem", "pip install 'gcsfs' (or 'azurine[gcs]')")
_HTTP = Filesystem("fsspec.implementations.http.HTTPFileSystem", "pip install aiohttp")

FILESYSTEMS = {
    "file": Filesystem("fsspec.implementations.local.LocalFileSystem"),
    "memory": Filesystem("fsspec.implementations.memory.MemoryFileSystem"),
    "abfs": _AZURE,
    "abfss": _AZURE,
    "az": _AZURE,
    "wasb": _AZURE,
    "wasbs": _AZURE,
    "s3": _S3,
    "s3a": _S3,
    "gs": _GCS,
    "gcs": _GCS,
    "http": _HTTP,
    "https": _HTTP,
    "ftp": Filesystem("fsspec.implementations.ftp.FTPFileSystem"),
    "sftp": Filesystem("fsspec.implementations.sftp.SFTPFileSystem", "pip install paramiko"),
}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_DATASTORE = re.compile(r"azureml://datastores/([^/]+)(?:/paths(?:/(.*))?)?/?", re.DOTALL)
_LONG_DATASTORE = re.compile(
    r"azureml://subscriptions/([^/]+)/resourcegroups/([^/]+)(?:/providers/Microsoft\.MachineLearningServices)?/workspaces/([^/]+)"
    r"/datastores/([^/]+)(?:/paths(?:/(.*))?)?/?",
    re.DOTALL | re.IGNORECASE,
)
_JOB_OUTPUT = re.compile(r"azureml://jobs/([^/]+)/outputs/([^/]+)(?:/paths(?:/(.*))?)?/?", re.DOTALL)
_ACCOUNT_HOST = re.compile(r"([a-z0-9]+)\.(?:blob|dfs)\.(.+)", re.IGNORECASE)


def parse(text: str) -> Place:
    """Raises errors.Invalid, with the forms that would be right, when the text is none of the above."""
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    if scheme == "azureml":
        return _azureml(text)
    if scheme in ("", "file"):
        return _local(text)
    if scheme in ("wasb", "wasbs", "abfs", "abfss") and "@" in text:
        return _container_at_account(text)
    if scheme in ("http", "https"):
        return _web(text, scheme)
    if scheme in FILESYSTEMS and "://" in text:
        return OutsideUrl(text, scheme)
    raise errors.Invalid(
        f"{_shown(text)} is not a path that can be read: the scheme {scheme!r} is not known. Known are azureml, {', '.join(FILESYSTEMS)}, and local paths.",
        code="InvalidPath",
    )


def short(place: DatastorePath) -> str:
    return f"azureml://datastores/{place.datastore}/paths/{place.path}"


def long(place: DatastorePath) -> str:
    """The long form; `place.workspace` must be known."""
    _, subscription, _, group, _, workspace = place.workspace.split("/")
    return f"azureml://subscriptions/{subscription}/resourcegroups/{group}/workspaces/{workspace}/datastores/{place.datastore}/paths/{place.path}"


def blob_url(location: Location, host: str) -> str:
    """`https://{account}.blob.{host}/{container}/{path}`, percent-encoded as the clients do it."""
    return f"https://{location.account}.blob.{host}/{location.container}/{quote(location.path, safe='/~()')}".rstrip("/")


def _azureml(text: str) -> Place:
    if found := _DATASTORE.fullmatch(text):
        return DatastorePath(found[1], found[2] or "")
    if found := _LONG_DATASTORE.fullmatch(text):
        return DatastorePath(found[4], found[5] or "", f"subscriptions/{found[1]}/resourceGroups/{found[2]}/workspaces/{found[3]}")
    if found := _JOB_OUTPUT.fullmatch(text):
        return JobOutput(found[1], found[2], found[3] or "")
    raise errors.Invalid(
        f"{_shown(text)} is not a path that can be read. Right would be azureml://datastores/<datastore>/paths/<path>,"
        " azureml://subscriptions/<subscription>/resourcegroups/<group>/workspaces/<workspace>/datastores/<datastore>/paths/<path>"
        " or azureml://jobs/<job>/outputs/<output>/paths/<path>.",
        code="InvalidPath",
    )


def _local(text: str) -> LocalPath:
    if not text or "\0" in text:
        raise errors.Invalid("A local path must not be empty, nor hold a NUL.", code="InvalidPath")
    if not text.lower().startswith("file:"):
        return LocalPath(text)
    rest = text[len("file:") :]
    if not rest.startswith("//"):
        return LocalPath(rest)
    parts = _split(text)
    if parts.netloc not in ("", "localhost"):
        raise errors.Invalid(f"{_shown(text)} names another machine; a file: path is on this one, as in file:///folder/file.", code="InvalidPath")
    return LocalPath(unquote(parts.path))


def _container_at_account(text: str) -> AzureUrl:
    parts = _split(text)
    container, _, server = parts.netloc.partition("@")
    found = _ACCOUNT_HOST.fullmatch(server)
    if not container or not found:
        raise errors.Invalid(
            f"{_shown(text)} is not a storage path. Right would be {parts.scheme}://<container>@<account>.blob.<host>/<path>.", code="InvalidPath"
        )
    # These two schemes are written by people and Hadoop programs, which do not percent-encode: the path is taken as it stands.
    path = text.split("://", 1)[1].partition("/")[2]
    return AzureUrl(Location(found[1].lower(), container, path), found[2])


def _web(text: str, scheme: str) -> Place:
    parts = _split(text)
    found = _ACCOUNT_HOST.fullmatch(parts.netloc)
    if not found:
        return OutsideUrl(text, scheme)
    container, _, path = parts.path.lstrip("/").partition("/")
    return AzureUrl(Location(found[1].lower(), unquote(container), unquote(path)), found[2], parts.query)


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise errors.Invalid(f"{_shown(text)} is not a URL: {error}.", code="InvalidPath") from error


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 200 else text[:197] + "…")
