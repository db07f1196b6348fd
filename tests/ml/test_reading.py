"""Reading bodies: durations, numbers, names and addresses in tables."""

import pytest

from azurine.ml import names, reading, uris

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/w"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT120S", 120),
        ("PT2M", 120),
        ("PT1H30M", 5400),
        ("P1D", 86400),
        ("P1DT1H", 90000),
        ("PT0.5S", 0.5),
        ("", None),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("120", None),
        ("PT-5S", None),
        ("pt5s", None),
        ("PT" + "9" * 1000 + "S", None),
    ],
)
def test_durations(text, seconds):
    assert reading.duration(text) == seconds


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), ("3", 3), (" 3 ", 3), (3.0, 3), (3.5, None), (True, None), ("x", None), (None, None), ([], None), ("٣", None)]
)
def test_whole_numbers(value, number):
    assert reading.as_whole(value) == number


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "null"), (True, "true"), (3, "3"), ("a", "'a'"), ({}, "an object"), ([], "a list"), ("x" * 1000, "'" + "x" * 78 + "…")],
)
def test_how_a_value_reads_in_a_message(value, shown):
    assert reading.clipped(value) == shown


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("azureml://datastores/d/paths/a/b.csv", uris.InDatastore(f"{WORKSPACE}/datastores/d", "a/b.csv")),
        ("azureml://datastores/d/paths/", uris.InDatastore(f"{WORKSPACE}/datastores/d", "")),
        ("azureml://datastores/d", uris.InDatastore(f"{WORKSPACE}/datastores/d", "")),
        (
            "azureml://subscriptions/1/resourcegroups/2/workspaces/3/datastores/d/paths/a",
            uris.InDatastore("subscriptions/1/resourceGroups/2/workspaces/3/datastores/d", "a"),
        ),
        (
            "azureml://subscriptions/1/resourceGroups/2/providers/Microsoft.MachineLearningServices/workspaces/3/datastores/d/paths/a",
            uris.InDatastore("subscriptions/1/resourceGroups/2/workspaces/3/datastores/d", "a"),
        ),
        ("azureml://jobs/j/outputs/o/paths/p/q", uris.OfJob("j", "o", "p/q")),
        ("azureml://jobs/j/outputs/o", uris.OfJob("j", "o", "")),
        ("runs:/r/model", uris.OfRun("r", "model")),
        ("https://h/p", uris.Elsewhere("https://h/p")),
        ("wasbs://c@a.blob.core.windows.net/p", uris.Elsewhere("wasbs://c@a.blob.core.windows.net/p")),
        ("/etc/passwd", None),
        ("azureml:patients:1", None),
        ("", None),
    ],
)
def test_addresses(uri, found):
    assert uris.read(uri, WORKSPACE) == found


@pytest.mark.parametrize(
    ("path", "climbs"),
    [
        ("a/b", False),
        ("a/..b", False),
        ("..", True),
        ("a/../b", True),
        ("a/%2e%2E/b", True),
        ("a%2f..%2Fb", True),
        ("a\\..\\b", True),
        ("a\x00", True),
    ],
)
def test_paths_that_climb(path, climbs):
    assert uris.climbs(path) is climbs


@pytest.mark.parametrize(
    ("name", "rule", "fits"),
    [
        ("dev-cluster", names.COMPUTE, True),
        ("cpu2", names.COMPUTE, True),
        ("cpu-2", names.COMPUTE, False),
        ("a", names.COMPUTE, False),
        ("a" * 25, names.COMPUTE, False),
        ("azureml_anonymous", names.ASSET, True),
        ("CliV2AnonymousEnvironment", names.ASSET, True),
        ("_x.y-z", names.ASSET, True),
        ("a..b", names.ASSET, False),
        ("a\n", names.ASSET, False),
        (".", names.EXPERIMENT, False),
        ("My experiment (2)", names.EXPERIMENT, True),
        ("a/b", names.EXPERIMENT, False),
        ("1.0.0+build", names.VERSION, True),
        ("x" * 256, names.VERSION, False),
    ],
)
def test_names(name, rule, fits):
    assert names.fits(name, rule) is fits
