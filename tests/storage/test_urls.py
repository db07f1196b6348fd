"""What a path means."""

import pytest

from azurine.model import errors
from azurine.storage import urls
from azurine.storage.urls import AzureUrl, DatastorePath, JobOutput, LocalPath, Location, OutsideUrl

WORKSPACE = "subscriptions/s-1/resourceGroups/g/workspaces/w"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("azureml://datastores/workspaceblobstore/paths/a/b.csv", DatastorePath("workspaceblobstore", "a/b.csv")),
        ("azureml://datastores/d/paths/", DatastorePath("d", "")),
        ("azureml://datastores/d/paths", DatastorePath("d", "")),
        ("azureml://datastores/d", DatastorePath("d", "")),
        ("azureml://datastores/d/paths/a b/ü%20x/", DatastorePath("d", "a b/ü%20x/")),
        ("azureml://subscriptions/s-1/resourcegroups/g/workspaces/w/datastores/d/paths/p/q", DatastorePath("d", "p/q", WORKSPACE)),
        ("azureml://subscriptions/s-1/resourceGroups/g/workspaces/w/datastores/d/paths/p", DatastorePath("d", "p", WORKSPACE)),
        (
            "azureml://subscriptions/s-1/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/datastores/d/paths/p",
            DatastorePath("d", "p", WORKSPACE),
        ),
        ("azureml://jobs/j1/outputs/model/paths/m/", JobOutput("j1", "model", "m/")),
        ("azureml://jobs/j1/outputs/model", JobOutput("j1", "model")),
        ("https://acc.blob.localhost:8443/c-1/a%20b/c.csv", AzureUrl(Location("acc", "c-1", "a b/c.csv"), "localhost:8443")),
        ("https://acc.blob.core.windows.net/c/p?sv=1&sig=x%2B", AzureUrl(Location("acc", "c", "p"), "core.windows.net", "sv=1&sig=x%2B")),
        ("https://acc.blob.core.windows.net/c", AzureUrl(Location("acc", "c"), "core.windows.net")),
        ("wasbs://c@acc.blob.core.windows.net/p/q", AzureUrl(Location("acc", "c", "p/q"), "core.windows.net")),
        ("abfss://c@acc.dfs.core.windows.net/p/q%20", AzureUrl(Location("acc", "c", "p/q%20"), "core.windows.net")),
        ("file:///data/a%20b.csv", LocalPath("/data/a b.csv")),
        ("file:data/a.csv", LocalPath("data/a.csv")),
        ("./data", LocalPath("./data")),
        ("/data/x", LocalPath("/data/x")),
        ("data", LocalPath("data")),
        ("s3://bucket/key", OutsideUrl("s3://bucket/key", "s3")),
        ("memory://a/b", OutsideUrl("memory://a/b", "memory")),
        ("abfss://c/p", OutsideUrl("abfss://c/p", "abfss")),
        ("https://example.org/data.csv", OutsideUrl("https://example.org/data.csv", "https")),
    ],
)
def test_parse(text: str, place: urls.Place) -> None:
    assert urls.parse(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\0b",
        "azureml:name:1",
        "azureml://",
        "azureml://datastores/",
        "azureml://jobs/j",
        "nosuch://x",
        "file://elsewhere/x",
        "wasbs://@a/x",
        "https://[",
        "abfss://c@[/x",
    ],
)
def test_what_cannot_be_read_says_what_would_be_right(text: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        urls.parse(text)
    assert caught.value.code == "InvalidPath"


def test_long_and_short_forms() -> None:
    place = DatastorePath("d", "p/q", WORKSPACE)
    assert urls.parse(urls.long(place)) == place
    assert urls.parse(urls.short(place)) == DatastorePath("d", "p/q")


def test_blob_url_is_read_back() -> None:
    location = Location("acc", "c-1", "a b/ü%+#?.csv")
    assert urls.parse(urls.blob_url(location, "localhost:1")) == AzureUrl(location, "localhost:1")
    assert urls.blob_url(Location("acc", "c-1"), "localhost:1") == "https://acc.blob.localhost:1/c-1"


def test_child() -> None:
    assert Location("a", "c").child("x") == Location("a", "c", "x")
    assert Location("a", "c", "p/").child("x") == Location("a", "c", "p/x")
