"""What a step sees and what becomes of what it does, told through a place, as the server runs it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azurine.compute.contract import Sighting
from azurine.compute.processes import LocalPlace
from compute.watching import Watch, is_gone, log_of, task, until


class House:
    def __init__(self, home: Path) -> None:
        self.home, self.watch, self.count = home, Watch(), 0
        self.place = LocalPlace(home, 2, self.watch)

    def run(self, command: str, **more: Any) -> Sighting:
        self.count += 1
        self.place.start(task(self.home, self.key, command, **more))
        return self.watch.end(self.key)

    @property
    def key(self) -> str:
        return f"s{self.count}"

    @property
    def log(self) -> str:
        return log_of(self.home, self.key).read_text()

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts" / self.key

    @property
    def folder(self) -> Path:
        return self.home / "tasks" / self.key

    def file(self, name: str, text: str = "text") -> Path:
        path = self.home / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.place.close()


def succeeded(seen: Sighting) -> bool:
    assert seen.state == "succeeded", seen
    return True


def test_expressions_become_values_and_paths(house: House) -> None:
    path = house.file("a b.csv")
    given = {
        "rate": {"value": "0.01"},
        "data": {"type": "uri_file", "mode": "ro_mount", "path": str(path)},
        "far": {"type": "uri_folder", "mode": "direct", "uri": "azureml://datastores/d/paths/x", "path": str(path)},
        "group.name": {"value": "grouped"},
        "absent": {"value": None},
    }
    command = 'echo ${{inputs.rate}} "${{ inputs.data }}" ${{inputs.far}} ${{inputs.group.name}} $[[--k ${{inputs.absent}}]] end'
    assert succeeded(house.run(command, inputs=given))
    assert house.log == f"0.01 {path} azureml://datastores/d/paths/x grouped end\n"


def test_a_wrong_expression_fails_the_step_and_says_where(house: House) -> None:
    seen = house.run("echo ${{inputs.nobody}}")
    assert seen.state == "failed" and seen.error is not None
    assert "nobody" in seen.error["message"]


def test_variables_tell_about_data_and_run(house: House) -> None:
    path = house.file("v.csv")
    given = {"data": {"type": "uri_file", "path": str(path)}, "HOME": {"type": "uri_file", "path": str(path)}}
    out = {"model": {"type": "uri_folder", "path": str(house.home / "model")}}
    command = 'echo "$AZURE_ML_INPUT_data $AZUREML_DATAREFERENCE_data $data $DATA $AZURE_ML_OUTPUT_model $AZUREML_RUN_ID $MINE $HOME"'
    assert succeeded(house.run(command, inputs=given, outputs=out, variables={"MINE": "is ${{inputs.data}}"}))
    assert house.log == f"{path} {path} {path} {path} {house.home / 'model'} {house.key} is {path} {os.environ['HOME']}\n"


def test_what_the_server_keeps_to_itself_does_not_reach_the_step(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert succeeded(house.run("env | grep ^AZURINE_"))
    assert house.log == f"AZURINE_TASK={house.folder}\n"


def test_the_code_is_a_private_copy(house: House) -> None:
    code = house.file("code/train.py", "open('train.py', 'a').write('# changed'); open('new', 'w'); import os; print(sorted(os.listdir()))").parent
    (code / "link").symlink_to(house.file("elsewhere.txt"))
    assert succeeded(house.run("python train.py", code=str(code)))
    assert house.log == "['link', 'logs', 'new', 'outputs', 'train.py']\n"
    assert "changed" not in (code / "train.py").read_text().split("'# changed'")[1]
    assert not (code / "new").exists()
    until(lambda: not (house.folder / "work").exists())


def test_without_code_the_working_folder_is_empty_and_writable(house: House) -> None:
    assert succeeded(house.run("ls; echo x > y; cat y"))
    assert house.log == "logs\noutputs\nx\n"


def test_a_missing_code_folder_is_a_clear_failure(house: House) -> None:
    seen = house.run("true", code=str(house.home / "nowhere"))
    assert seen.state == "failed" and seen.error is not None
    assert "nowhere" in seen.error["message"]


def test_a_missing_input_is_a_clear_failure(house: House) -> None:
    told = {"type": "uri_file", "path": str(house.home / "gone.csv"), "uri": "azureml://x/gone.csv", "asset": "/workspaces/w/data/visits/versions/3"}
    seen = house.run("true", inputs={"data": told})
    assert seen.state == "failed" and seen.error is not None
    where = "azureml://x/gone.csv, the place of version 3 of the asset 'visits' (data)"
    assert (
        seen.error["message"] == f"input 'data': there is nothing at {where}; write the data there first, or name a place or an asset that has data"
    )


@pytest.mark.parametrize("mode", ["ro_mount", "download"])
@pytest.mark.parametrize("kind", ["uri_file", "uri_folder"])
def test_the_source_of_an_input_stays_as_it_is(house: House, mode: str, kind: str) -> None:
    path = house.file(f"kept-{mode}-{kind}/one.csv", "original")
    given = {"data": {"type": kind, "mode": mode, "path": str(path if kind == "uri_file" else path.parent)}}
    where = "${{inputs.data}}" + ("" if kind == "uri_file" else "/one.csv")
    house.run(f"cat {where}; echo changed > {where}; rm -f {where}; echo new > $(dirname {where})/new; true", inputs=given)
    assert path.read_text() == "original"
    assert house.log.startswith("original")


def test_an_output_inside_an_input_can_be_written(house: House) -> None:
    folder = house.file("both/one.csv").parent
    given = {"data": {"type": "uri_folder", "path": str(folder)}}
    out = {"result": {"type": "uri_folder", "path": str(folder / "result")}}
    assert succeeded(house.run("echo x > ${{outputs.result}}/x; echo y > ${{inputs.data}}/y || echo refused", inputs=given, outputs=out))
    assert (folder / "result" / "x").read_text() == "x\n"
    assert "refused" in house.log and not (folder / "y").exists()


def test_a_folder_is_there_and_of_a_file_only_its_parent(house: House) -> None:
    out = {
        "folder": {"type": "uri_folder", "mode": "rw_mount", "path": str(house.home / "o1" / "folder")},
        "file": {"type": "uri_file", "mode": "rw_mount", "path": str(house.home / "o2" / "sub" / "file.txt")},
        "model": {"type": "mlflow_model", "path": str(house.home / "o3" / "model")},
    }
    command = "test -d ${{outputs.folder}} && test -d ${{outputs.model}} && ! test -e ${{outputs.file}} && echo done > ${{outputs.file}}"
    assert succeeded(house.run(command, outputs=out))
    assert (house.home / "o2" / "sub" / "file.txt").read_text() == "done\n"


@pytest.mark.parametrize(("ending", "there"), [("true", True), ("exit 1", False)])
def test_an_upload_is_delivered_when_the_step_succeeds(house: House, ending: str, there: bool) -> None:
    place = house.home / f"upload-{there}"
    out = {
        "folder": {"type": "uri_folder", "mode": "upload", "path": str(place / "folder")},
        "file": {"type": "uri_file", "mode": "upload", "path": str(place / "file.txt")},
    }
    command = "mkdir -p ${{outputs.folder}}/sub; echo a > ${{outputs.folder}}/sub/a; echo b > ${{outputs.file}}; echo ${{outputs.file}}; " + ending
    house.run(command, outputs=out)
    assert str(place) not in house.log
    assert (place / "folder" / "sub" / "a").exists() == (place / "file.txt").exists() == there


def test_direct_outputs_are_uris(house: House) -> None:
    assert succeeded(house.run("echo ${{outputs.o}}", outputs={"o": {"mode": "direct", "uri": "abfss://c@a/x", "path": None}}))
    assert house.log == "abfss://c@a/x\n"


def test_outputs_and_logs_of_the_working_folder_are_artifacts(house: House) -> None:
    assert succeeded(house.run("echo a > outputs/a; mkdir -p outputs/sub logs; echo b > outputs/sub/b; echo c > logs/c"))
    found = sorted(str(path.relative_to(house.artifacts)) for path in house.artifacts.rglob("*") if path.is_file())
    assert found == ["logs/c", "outputs/a", "outputs/sub/b", "user_logs/std_log.txt"]


def test_artifacts_are_kept_when_the_step_replaces_the_folder_or_fails(house: House) -> None:
    assert house.run("rm -rf outputs; mkdir outputs; echo a > outputs/a; exit 1").state == "failed"
    assert (house.artifacts / "outputs" / "a").read_text() == "a\n"


def test_what_the_code_brings_as_outputs_is_an_artifact_too(house: House) -> None:
    code = house.file("with-outputs/outputs/old.txt").parents[1]
    assert succeeded(house.run("cat outputs/old.txt", code=str(code)))
    assert (house.artifacts / "outputs" / "old.txt").exists() and (code / "outputs" / "old.txt").exists()


def test_the_processes_of_a_distribution_know_their_places(house: House) -> None:
    command = "echo $RANK $LOCAL_RANK $WORLD_SIZE $NODE_RANK $MASTER_ADDR"
    assert succeeded(house.run(command, distribution={"type": "pytorch", "process_count_per_instance": 2}, instances=2))
    logs = [log_of(house.home, house.key, f"std_log_process_{rank}.txt").read_text() for rank in range(4)]
    assert logs == ["0 0 4 0 127.0.0.1\n", "1 1 4 0 127.0.0.1\n", "2 0 4 1 127.0.0.1\n", "3 1 4 1 127.0.0.1\n"]


def test_mpi_and_tensorflow(house: House) -> None:
    assert succeeded(
        house.run("echo $OMPI_COMM_WORLD_RANK/$OMPI_COMM_WORLD_SIZE", distribution={"distributionType": "Mpi", "processCountPerInstance": 2})
    )
    assert log_of(house.home, house.key, "std_log_process_1.txt").read_text() == "1/2\n"
    assert succeeded(house.run("echo $TF_CONFIG", distribution={"type": "tensorflow", "worker_count": 1, "parameter_server_count": 1}))
    told = json.loads(log_of(house.home, house.key, "std_log_process_1.txt").read_text())
    assert told["task"] == {"type": "ps", "index": 0} and set(told["cluster"]) == {"worker", "ps"}


def test_when_one_process_fails_the_others_end(house: House) -> None:
    seen = house.run("test $RANK = 0 && sleep 1000; echo bad; exit 5", distribution={"type": "pytorch", "process_count_per_instance": 2}, grace=0.2)
    assert seen.state == "failed" and seen.output is not None and seen.output["exit_code"] == 5
    assert seen.error is not None and "std_log_process_1.txt" in seen.error["message"]


@pytest.mark.parametrize(
    "wrong", [{"type": "magic"}, {"type": "pytorch", "process_count_per_instance": "two"}, {"type": "mpi", "process_count_per_instance": 0}]
)
def test_a_wrong_distribution_is_a_clear_failure(house: House, wrong: dict[str, Any]) -> None:
    seen = house.run("true", distribution=wrong)
    assert seen.state == "failed" and seen.error is not None and seen.error["code"] == "ValidationError"


def test_a_log_of_200_mb_is_kept_and_costs_nobody_memory(house: House) -> None:
    seen = house.run("yes 'a line of log' | head -c 200000000; exit 3")
    assert seen.output is not None and seen.output["exit_code"] == 3
    assert log_of(house.home, house.key).stat().st_size == 200_000_000
    assert seen.error is not None and len(seen.error["message"]) < 6000
    log_of(house.home, house.key).unlink()


def test_background_processes_end_with_the_step(house: House) -> None:
    assert succeeded(house.run("sleep 1000 & echo $!; setsid sleep 1000 & echo $!"))
    assert all(is_gone(int(pid)) for pid in house.log.split())


def test_a_signal_counts_as_in_the_shell(house: House) -> None:
    seen = house.run("kill -9 $$")
    assert seen.output is not None and seen.output["exit_code"] == 137
    assert seen.error is not None and "signal 9" in seen.error["message"]


def test_a_command_that_is_not_there(house: House) -> None:
    seen = house.run("no-such-program --x")
    assert seen.output is not None and seen.output["exit_code"] == 127
    assert seen.error is not None and "no-such-program" in seen.error["message"]


def test_phases_are_timed(house: House) -> None:
    seen = house.run("sleep 0.2")
    assert seen.output is not None
    phases = seen.output["phases"]
    assert 0.2 <= phases["run_s"] < 5 and phases["prepare_s"] >= 0 and phases["finalize_s"] >= 0
    assert sum(phases.values()) <= seen.output["seconds"] + 0.001
