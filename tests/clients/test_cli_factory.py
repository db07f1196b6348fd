"""`azurine factory …` against a real server: a folder in, with what does not load; runs, watched and sped up; the folder out again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Azurine = Callable[..., Any]
NAME = "cli-factory"


@pytest.fixture
def azurine(said: Callable[..., tuple[str, str]]) -> Azurine:
    """`azurine("factory", "list")`: its JSON, and what it said on stderr."""

    def run(*words: str, code: int = 0) -> Any:
        out, err = said(*words, "-o", "json", code=code)
        return json.loads(out) if out.strip() else None, err

    return run


def document(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties}


def waiting(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "Wait", "typeProperties": {"waitTimeInSeconds": 0}, **more}


SERVICE = {"referenceName": "Lake", "type": "LinkedServiceReference"}
CALL = {"pipeline": {"referenceName": "Inner", "type": "PipelineReference"}, "parameters": {}, "waitOnCompletion": True}
FILES: dict[str, Any] = {
    f"factory/{NAME}.json": {"name": NAME, "location": "westeurope", "properties": {"globalParameters": {"env": {"type": "String", "value": "dev"}}}},
    "linkedService/Lake.json": document("Lake", type="AzureBlobFS", typeProperties={"url": "https://far.dfs.core.windows.net"}),
    "dataset/Sales.json": document("Sales", type="Binary", linkedServiceName=SERVICE, typeProperties={}),
    # Alphabetically before what it calls.
    "pipeline/A Outer.json": document(
        "A Outer",
        parameters={"who": {"type": "string"}},
        activities=[
            {"name": "Call", "type": "ExecutePipeline", "typeProperties": CALL},
            {
                "name": "Maybe",
                "type": "IfCondition",
                "typeProperties": {
                    "expression": {"value": "@equals(pipeline().parameters.who, 'me')", "type": "Expression"},
                    "ifTrueActivities": [waiting("Inside")],
                    "ifFalseActivities": [{"name": "No", "type": "Fail", "typeProperties": {"message": "not me", "errorCode": "7"}}],
                },
            },
        ],
    ),
    "pipeline/Inner.json": document("Inner", activities=[waiting("Short")]),
    "pipeline/Slow.json": document(
        "Slow",
        activities=[
            {"name": "Day", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 86400}},
            {
                "name": "Ask",
                "type": "WebActivity",
                "dependsOn": [{"activity": "Day", "dependencyConditions": ["Succeeded"]}],
                "typeProperties": {"method": "GET", "url": "https://x.example"},
            },
        ],
    ),
}


def written(folder: Path, files: dict[str, Any]) -> Path:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
    return folder


@pytest.fixture
def loaded(azurine: Azurine, tmp_path: Path) -> Path:
    """The folder, which is loaded."""
    folder = written(tmp_path / "repository" / "adf", FILES)
    troubles, said = azurine("factory", "import", str(tmp_path / "repository"))
    assert troubles == []
    assert f"6 of 6 files are loaded into the factory {NAME}" in said
    return folder


def test_what_is_imported_is_there_and_comes_out_again(azurine: Azurine, loaded: Path, tmp_path: Path) -> None:
    assert NAME in [one["name"] for one in azurine("factory", "list")[0]]
    assert azurine("factory", "show", "-n", NAME)[0]["properties"]["globalParameters"]["env"]["value"] == "dev"
    names = {one["name"]: one["activities"] for one in azurine("factory", "pipelines", "-n", NAME)[0]}
    assert names == {"A Outer": 2, "Inner": 1, "Slow": 2}
    azurine("factory", "export", str(tmp_path / "out"), "-n", NAME)
    for name, body in FILES.items():
        out = json.loads((tmp_path / "out" / name).read_text())
        assert out["name"] == body["name"]
        assert out["properties"] == body["properties"], name
    again, _ = azurine("factory", "import", str(tmp_path / "out"), "-n", "cli-factory-again")
    assert again == []


def test_a_run_is_watched_and_its_exit_code_tells_success(azurine: Azurine, loaded: Path) -> None:
    run, said = azurine("factory", "run", "A Outer", "-n", NAME, "-p", "who=me", "--watch")
    assert run["status"] == "Succeeded"
    assert all(word in said for word in ("A Outer: Succeeded", "Call: Succeeded", "Short: Succeeded", "Inside: Succeeded", "Maybe: Succeeded"))
    run, said = azurine("factory", "run", "A Outer", "-n", NAME, "-p", "who=you", "--watch", code=1)
    assert run["message"].startswith("Operation on target Maybe failed")
    assert "No: Failed after" in said and "not me" in said
    found, _ = azurine("factory", "runs", "-n", NAME, "--pipeline", "A Outer")
    assert [one["status"] for one in found[:2]] == ["Failed", "Succeeded"]
    _, said = azurine("factory", "run", "A Outer", "-n", NAME, code=1)
    assert "who" in said
    azurine("factory", "run", "Nobody", "-n", NAME, code=3)
    begun, _ = azurine("factory", "run", "Slow", "-n", NAME)
    azurine("factory", "cancel", begun["runId"], "-n", NAME)


def test_speed_runs_on_a_clock_that_jumps_and_does_no_work_outside(azurine: Azurine, loaded: Path, tmp_path: Path) -> None:
    _, said = azurine("factory", "run", "Slow", "-n", NAME, "--speed", code=1)
    assert "Ask" in said and "--mocks" in said
    (tmp_path / "mocks.yaml").write_text("Ask: {Response: fine}")
    run, said = azurine("factory", "run", "Slow", "-n", NAME, "--speed", "--mocks", str(tmp_path / "mocks.yaml"))
    assert (run["status"], run["seconds"]) == ("Succeeded", 86400)
    assert "Day: Succeeded after 24 h 0 min" in said
    (tmp_path / "mocks.yaml").write_text("Ask: {error: {code: '2108', message: away}}")
    _, said = azurine("factory", "run", "Slow", "-n", NAME, "--speed", "--mocks", str(tmp_path / "mocks.yaml"), code=1)
    assert "Ask: Failed" in said and "away" in said


def test_each_file_that_does_not_load_is_told_with_its_place(azurine: Azurine, tmp_path: Path) -> None:
    bad = {
        "pipeline/fine.json": document("fine", activities=[waiting("w")]),
        "pipeline/torn.json": '{"name": "torn", ',
        "pipeline/list.json": "[]",
        "pipeline/empty.json": "{}",
        "pipeline/unsure.json": document("unsure", activities=[{**waiting("w"), "typeProperties": {"waitTimeInSeconds": "@concat("}}]),
        "pipeline/lost.json": document(
            "lost",
            activities=[{"name": "c", "type": "ExecutePipeline", "typeProperties": {"pipeline": {**CALL["pipeline"], "referenceName": "gone"}}}],
        ),
        "dataset/alone.json": document("alone", type="Binary", linkedServiceName={**SERVICE, "referenceName": "nowhere"}, typeProperties={}),
        "pipeline/odd.json": document("odd", activities=[{"name": "x", "type": "TridentNotebook", "typeProperties": {"kept": [1]}}]),
    }
    folder = written(tmp_path / "bad", bad)
    (folder / "pipeline" / "wide.json").write_bytes(json.dumps(document("wide", activities=[])).encode("utf-16"))
    troubles, said = azurine("factory", "import", str(folder), "-n", "cli-bad", code=1)
    found = {(Path(one["file"]).name, one["path"]): one["reason"] for one in troubles}
    assert {name for name, _ in found} == {"torn.json", "list.json", "empty.json", "unsure.json", "lost.json", "alone.json"}
    assert "line 1, column" in found["torn.json", ""]
    assert found["empty.json", "properties"] == "'properties' is required"
    assert any(path.startswith("properties.activities[0].typeProperties.waitTimeInSeconds") for name, path in found if name == "unsure.json")
    assert "'nowhere'" in found["alone.json", "properties.linkedServiceName.referenceName"]
    assert "'gone'" in found["lost.json", "properties.activities[0].typeProperties.pipeline.referenceName"]
    assert "3 of 9 files are loaded" in said
    # A type that does not run here is kept whole, and fails by name.
    _, said = azurine("factory", "run", "odd", "-n", "cli-bad", "--watch", code=1)
    assert "TridentNotebook" in said


def test_maps(azurine: Azurine, connection: Any, loaded: Path, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("linkedServices:\n  Lake: {folder: ./data}\n  Shop: {database: 'sqlite:///shop.db'}\n")
    assert azurine("factory", "import", str(loaded), "--map", str(tmp_path / "map.yaml"))[0] == []
    group = f"{connection.url}/subscriptions/{connection.subscription}/resourceGroups/{connection.resource_group}"
    listed = connection.http.get(f"{group}/providers/Microsoft.DataFactory/factories/{NAME}/mappings?api-version=2018-06-01").json()["value"]
    assert {one["name"]: one["properties"] for one in listed} == {
        "Lake": {"folder": str(tmp_path / "data")},
        "Shop": {"database": f"sqlite:///{tmp_path / 'shop.db'}"},
    }
    (tmp_path / "bad.yaml").write_text("linkedServices:\n  Lake: {folder: ./data, lake: azurine}\n  Other: 3\n")
    troubles, _ = azurine("factory", "map", str(tmp_path / "bad.yaml"), "-n", NAME, code=1)
    assert {one["path"] for one in troubles} == {"linkedServices.Lake", "linkedServices.Other"}
    _, said = azurine("factory", "map", str(tmp_path / "none.yaml"), "-n", NAME, code=1)
    assert "There is no file" in said
    _, said = azurine("factory", "import", str(tmp_path / "repository" / "adf" / "dataset"), code=1)
    assert "There is no factory in" in said


def test_global_parameters_have_other_values_here(azurine: Azurine, tmp_path: Path) -> None:
    name = "cli-globals"
    values = {"url": {"type": "String", "value": ""}, "count": {"type": "Int", "value": 1}, "kept": {"type": "Bool", "value": True}}
    (tmp_path / "factory").mkdir()
    (tmp_path / "factory" / f"{name}.json").write_text(json.dumps({"name": name, "properties": {"globalParameters": values}}))
    azurine("factory", "import", str(tmp_path), "--global", "url=https://here?a=b", "--global", "count=7")
    shown, _ = azurine("factory", "show", "--name", name)
    found = {key: one["value"] for key, one in shown["properties"]["globalParameters"].items()}
    assert found == {"url": "https://here?a=b", "count": 7, "kept": True}
    assert "there are: count, kept, url" in azurine("factory", "import", str(tmp_path), "--global", "nope=1", code=2)[1]
    assert "is no JSON" in azurine("factory", "import", str(tmp_path), "--global", "count=many", code=2)[1]
