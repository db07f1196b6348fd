"""What linked services and datasets lead to: mapped, real by themselves, parameterised, or refused with words; and where secrets are not."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from azurine.expressions.factory import Scope
from azurine.factory import connections, datasets, secrets
from azurine.factory.connections import Place
from azurine.model import errors
from azurine.model.resources import Resource
from factory_plays import FACTORY, Json, Play

GROUP = "subscriptions/s/resourceGroups/g"
WORKSPACE = Resource(f"{GROUP}/workspaces/shop", "workspaces", {"properties": {"storageAccount": "shopaccount"}})


class Known:
    """The factory's documents, and a workspace beside it."""

    def __init__(self, play: Play) -> None:
        self._log = play.log

    def get(self, identifier: str) -> Resource | None:
        return WORKSPACE if identifier == WORKSPACE.id else self._log.get(identifier)

    def newest(self, parent: str, kind: str) -> Resource | None:
        return None

    def children(self, parent: str, kind: str) -> Sequence[Resource]:
        return [WORKSPACE] if kind == "workspaces" else []


def place(play: Play, **scope: Any) -> Place:
    return Place(FACTORY, Known(play), Scope(pipeline={"parameters": {"env": "test"}}, **scope))


def service(kind: str, parameters: Json | None = None, **properties: Any) -> dict[str, Any]:
    return {"properties": {"type": kind, "typeProperties": properties, **({"parameters": parameters} if parameters else {})}}


def connected(written: Json, mapping: Json | None = None, **given: Any) -> dict[str, Any]:
    play = Play()
    play.put("linkedservices/one", written)
    if mapping is not None:
        play.put("mappings/one", {"properties": mapping})
    return connections.connect(place(play), {"referenceName": "one", "type": "LinkedServiceReference", "parameters": given})


SECRET = {"type": "SecureString", "value": "open sesame"}
REAL: list[tuple[str, Json, Json]] = [
    ("a lake of this server", service("AzureBlobFS", url="https://shopaccount.dfs.localhost:8443"), {"kind": "files", "store": "lake"}),
    ("by its connection string", service("AzureBlobStorage", connectionString="AccountName=shopaccount;AccountKey=k"), {"account": "shopaccount"}),
    (
        "a web address",
        service("RestService", url="http://x.example/a", authenticationType="Anonymous"),
        {"kind": "http", "url": "http://x.example/a"},
    ),
    ("a database's URL", service("Sqlite", connectionString="sqlite:////data/a.db"), {"kind": "sql", "url": "sqlite:////data/a.db"}),
    (
        "a workspace of this server",
        service("AzureMLService", subscriptionId="s", resourceGroupName="g", mlWorkspaceName="shop"),
        {"kind": "workspace", "id": WORKSPACE.id},
    ),
    ("a function", service("AzureFunction", functionAppUrl="https://f.example", functionKey=SECRET), {"kind": "http", "verify": True}),
]


@pytest.mark.parametrize(("title", "written", "wanted"), REAL, ids=[row[0] for row in REAL])
def test_what_is_real_by_itself(title: str, written: Json, wanted: Json) -> None:
    found = connected(written)
    assert {key: found[key] for key in wanted} == wanted
    assert (found["name"], found["type"]) == ("one", written["properties"]["type"])


MAPPED: list[tuple[str, str, Json, Json]] = [
    ("folder", "AzureBlobStorage", {"folder": "/data"}, {"kind": "files", "store": "folder", "root": "/data"}),
    ("outside", "AzureBlobStorage", {"folder": "s3://b/c"}, {"kind": "files", "store": "outside", "root": "s3://b/c", "options": {}}),
    ("lake", "FileServer", {"lake": "azurine/raw/x"}, {"kind": "files", "store": "lake", "account": "azurine", "root": "raw/x"}),
    ("database", "SqlServer", {"database": "sqlite:////x.db"}, {"kind": "sql", "url": "sqlite:////x.db"}),
    ("workspace", "AzureMLService", {"workspace": "shop"}, {"kind": "workspace", "id": WORKSPACE.id}),
    (
        "workspace by its address",
        "AzureMLService",
        {"workspace": "/subscriptions/s/resourcegroups/g/providers/Microsoft.MachineLearningServices/workspaces/shop"},
        {"kind": "workspace", "id": WORKSPACE.id},
    ),
    ("web, offline", "HttpServer", {"folder": "/pages"}, {"kind": "files", "store": "folder", "root": "/pages"}),
    ("another type", "Salesforce", {"database": "sqlite:////x.db"}, {"kind": "sql", "url": "sqlite:////x.db"}),
    (
        "web with a named secret",
        "RestService",
        {"url": "https://x.example", "headers": {"x-api-key": "${KEY}"}},
        {
            "kind": "http",
            "url": "https://x.example",
            "headers": {"x-api-key": {"$secret": {"text": "${KEY}"}}},
            "authentication": {"type": "Anonymous"},
            "verify": True,
        },
    ),
    (
        "database with a password",
        "SqlServer",
        {"database": "postgresql://me:pass@h/d"},
        {"kind": "sql", "url": {"$secret": {"of": f"{FACTORY}/mappings/one", "at": "properties.database"}}},
    ),
]


@pytest.mark.parametrize(("title", "kind", "mapping", "wanted"), MAPPED, ids=[row[0] for row in MAPPED])
def test_a_mapping_wins(title: str, kind: str, mapping: Json, wanted: Json) -> None:
    found = connected(service(kind, encryptedCredential="x"), mapping)
    assert found == {**wanted, "name": "one", "type": kind}


REFUSED: list[tuple[str, Json, Json | None, str]] = [
    (
        "somebody else's account",
        service("AzureBlobFS", url="https://far.dfs.core.windows.net"),
        None,
        "'one' .AzureBlobFS. is not mapped to anything",
    ),
    ("credentials of another factory", service("RestService", url="https://x", encryptedCredential="x"), None, "is not mapped"),
    ("a connection string", service("AzureSqlDatabase", connectionString="Server=x;Password=y"), None, "database: sqlite"),
    ("a folder for a database", service("SqlServer"), {"folder": "/x"}, "of type SqlServer, which cannot be mapped to this .files."),
    ("another workspace", service("AzureMLService", subscriptionId="s", resourceGroupName="g", mlWorkspaceName="x"), None, "'x' .* is not on this"),
    ("a workspace without a name", service("AzureMLService"), None, "needs subscriptionId"),
    ("mapped to no workspace", service("AzureMLService"), {"workspace": "nowhere"}, "There is no workspace 'nowhere'"),
    ("a parameter that is missing", service("RestService", {"host": {"type": "String"}}, url="@linkedService().host"), None, "parameter 'host'"),
]


@pytest.mark.parametrize(("title", "written", "mapping", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_leads_nowhere_is_an_error(title: str, written: Json, mapping: Json | None, words: str) -> None:
    with pytest.raises(errors.Invalid, match=words):
        connected(written, mapping)


BAD: list[tuple[Mapping[str, Any], str, str]] = [
    ({}, "properties", "has one of folder, lake"),
    ({"folder": "/a", "lake": "acc"}, "properties", "not folder and lake"),
    ({"folder": "a/b"}, "properties.folder", "not a whole path"),
    ({"folder": "/a/../b"}, "properties.folder", "upwards"),
    ({"lake": "NO"}, "properties.lake", "account/container"),
    ({"database": "Server=x"}, "properties.database", "not the URL of a database"),
    ({"url": "ftp://x"}, "properties.url", "https://"),
    ({"url": "https://x", "headers": {"a": 1}}, "properties.headers.a", "text"),
    ({"url": "https://x", "authentication": {"type": "Magic"}}, "properties.authentication.type", "one of Anonymous"),
    ({"folder": 3}, "properties.folder", "must be a string"),
    ({"folder": "/a", "color": 1}, "properties.color", "no 'color'"),
]


@pytest.mark.parametrize(("properties", "path", "words"), BAD, ids=[row[1] + row[2] for row in BAD])
def test_bad_mappings(properties: Json, path: str, words: str) -> None:
    with pytest.raises(errors.Invalid, match=words) as caught:
        Play().put("mappings/one", {"properties": properties})
    assert caught.value.path == path


def test_parameters_and_expressions_are_evaluated_level_by_level() -> None:
    play = Play()
    play.put("linkedservices/one", service("RestService", {"host": {"type": "String"}}, url="@{concat('https://', linkedService().host)}/v1"))
    dataset = {
        "type": "RestResource",
        "linkedServiceName": {"referenceName": "one", "type": "LinkedServiceReference", "parameters": {"host": "@concat(dataset().env, '.example')"}},
        "parameters": {"env": {"type": "String"}, "page": {"type": "Int", "defaultValue": "3"}},
        "typeProperties": {"relativeUrl": "@concat('items?page=', string(dataset().page))"},
    }
    play.put("datasets/d", {"properties": dataset})
    reference = {"referenceName": "d", "type": "DatasetReference", "parameters": {"ENV": "@pipeline().parameters.env"}}
    found = datasets.look_up(place(play), reference)
    assert found["connection"]["url"] == "https://test.example/v1"
    assert found["relativeUrl"] == "items?page=3"


DATASETS: list[tuple[str, Json, Json]] = [
    (
        "blob",
        {
            "type": "DelimitedText",
            "typeProperties": {"location": {"type": "AzureBlobStorageLocation", "container": "c", "fileName": "f.csv"}, "x": 1},
        },
        {"location": {"container": "c", "folder": "", "file": "f.csv", "path": "c/f.csv"}, "format": {"x": 1, "type": "DelimitedText"}},
    ),
    (
        "gen 2",
        {"type": "Binary", "typeProperties": {"location": {"type": "AzureBlobFSLocation", "fileSystem": "c", "folderPath": "/a/b/"}}},
        {"location": {"container": "c", "folder": "a/b", "file": "", "path": "c/a/b"}, "format": {"type": "Binary"}},
    ),
    (
        "legacy blob",
        {"type": "AzureBlob", "typeProperties": {"folderPath": "c/a", "fileName": "f", "format": {"type": "TextFormat", "columnDelimiter": ";"}}},
        {
            "location": {"container": "c", "folder": "a", "file": "f", "path": "c/a/f"},
            "format": {"type": "DelimitedText", "columnDelimiter": ";"},
        },
    ),
    ("table", {"type": "AzureSqlTable", "typeProperties": {"schema": "dbo", "table": "t"}}, {"table": {"schema": "dbo", "table": "t"}}),
    ("legacy table", {"type": "SqlServerTable", "typeProperties": {"tableName": "[dbo].[t]"}}, {"table": {"schema": "dbo", "table": "t"}}),
]


@pytest.mark.parametrize(("title", "dataset", "wanted"), DATASETS, ids=[row[0] for row in DATASETS])
def test_where_a_dataset_is(title: str, dataset: Json, wanted: Json) -> None:
    play = Play()
    play.put("linkedservices/one", service("Anything"))
    target = {"database": "sqlite:////x.db"} if "table" in wanted else {"folder": "/data"}
    play.put("mappings/one", {"properties": target})
    play.put("datasets/d", {"properties": {"linkedServiceName": {"referenceName": "one", "type": "LinkedServiceReference"}, **dataset}})
    found = datasets.look_up(place(play), {"referenceName": "d"})
    assert {key: found[key] for key in wanted} == wanted


def test_where_a_path_is() -> None:
    folder = {"store": "folder", "root": "/data/", "name": "one"}
    assert connections.below(folder, "/raw//a.csv") == {"store": "folder", "path": "/data/raw/a.csv"}
    lake = {"store": "lake", "account": "a", "root": "", "name": "one"}
    assert connections.below(lake, "raw/x/y") == {"store": "lake", "account": "a", "container": "raw", "path": "x/y"}
    with pytest.raises(errors.Invalid, match="leads out of the linked service 'one'"):
        connections.below(folder, "raw/../../etc/passwd")
    with pytest.raises(errors.Invalid, match="No container is named"):
        connections.below(lake, "")


def test_secrets_are_neither_shown_nor_handed_on_and_a_body_that_repeats_what_was_shown_keeps_them() -> None:
    play = Play()
    written = service("AzureFunction", functionAppUrl="https://f.example", functionKey=SECRET)
    made = play.put("linkedservices/one", written)
    shown = secrets.shown_text(str(made.spec["properties"]))
    assert "open sesame" not in shown and secrets.MASK in shown
    again = play.put("linkedservices/one", {"properties": made.spec["properties"]})
    assert secrets.of(again) == {"properties.typeProperties.functionKey": "open sesame"}
    found = connections.connect(place(play), {"referenceName": "one"})
    assert "open sesame" not in str(found)
    opened, seen = secrets.opened(found, lambda mark: secrets.of(again)[mark["at"]])
    assert opened["headers"] == {"x-functions-key": "open sesame"}
    assert secrets.scrubbed("said: open sesame!", seen) == "said: ***!"


def test_connection_strings_lose_their_passwords() -> None:
    play = Play()
    made = play.put("linkedservices/one", service("AzureSqlDatabase", connectionString="Server=x;Password=pass word;User=me"))
    assert made.spec["properties"]["typeProperties"]["connectionString"] == f"Server=x;Password={secrets.MASK};User=me"
    again = play.put("linkedservices/one", {"properties": made.spec["properties"]})
    assert secrets.of(again) == secrets.of(made) == {"properties.typeProperties.connectionString": "Server=x;Password=pass word;User=me"}
    mapped = play.put("mappings/one", {"properties": {"database": "postgresql://me:pass@host/db"}})
    assert mapped.spec["properties"]["database"] == f"postgresql://me:{secrets.MASK}@host/db"
    kept = play.put("mappings/one", {"properties": {"database": "postgresql://me:${PASS}@host/db"}})
    assert kept.spec["properties"]["database"] == "postgresql://me:${PASS}@host/db"
    assert not secrets.of(kept)


def test_key_vault_references_are_marks() -> None:
    play = Play()
    play.put("linkedservices/vault", service("AzureKeyVault", baseUrl="https://v.vault.example"))
    secret = {"type": "AzureKeyVaultSecret", "store": {"referenceName": "vault", "type": "LinkedServiceReference"}, "secretName": "api-key"}
    play.put("linkedservices/one", service("AzureFunction", functionAppUrl="https://f.example", functionKey=secret))
    found = connections.connect(place(play), {"referenceName": "one"})
    assert found["headers"] == {"x-functions-key": {"$secret": {"vault": "vault", "name": "api-key", "version": ""}}}
