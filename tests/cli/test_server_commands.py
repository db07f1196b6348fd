"""up, down, status, env, doctor, version: what they do, what they print where, and the exit codes."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from azurine import cli
from azurine.cli import checks, faults, launching, occupancy
from running import wait_until

TESTS = Path(__file__).parents[1]


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """`azurine …` in this process, with a home of its own."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys

    def __call__(self, *words: str) -> Answer:
        self._capsys.readouterr()
        code = cli.main([*words, "--home", str(self.home)] if words[0] != "version" else list(words))
        out, err = self._capsys.readouterr()
        return Answer(code, out, err)


@pytest.fixture
def azurine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """The server that it starts is the stand-in: the same door, nothing behind it."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("AZURINE_", "AZURE_")):
            del os.environ[name]
    os.environ |= {"AZURINE_SERVER": "standin:serve", "PYTHONPATH": str(TESTS), "SHELL": "/bin/bash"}
    terminal = Terminal(tmp_path / "home", capsys)
    yield terminal
    cli.main(["down", "--force", "--timeout", "5", "--home", str(terminal.home)])
    os.environ.clear()
    os.environ.update(before)


# ── a whole day ──


def test_up_status_env_down(azurine: Terminal) -> None:
    started = azurine("up", "--port", "0")
    assert started.code == 0, started.err
    assert started.data["state"] == "running" and started.data["home"] == str(azurine.home)
    assert f"Azurine is up at {started.data['url']}" in started.err and "Next: " in started.err

    told = azurine("status", "-o", "json")
    assert (told.code, told.data) == (0, started.data)
    assert told.err == ""
    assert azurine("status", "--query", "url", "-o", "tsv").out.strip() == started.data["url"]

    exported = azurine("env", "--shell", "json").data
    assert exported["AZURE_AUTHORITY_HOST"] == started.data["url"]
    shell = subprocess.run(
        ["sh", "-c", azurine("env").out + 'echo "$AZURINE_URL $AZURE_CLIENT_SECRET"'], capture_output=True, text=True, check=True, env={}
    )
    assert shell.stdout.split() == [started.data["url"], exported["AZURE_CLIENT_SECRET"]]

    stopped = azurine("down")
    assert (stopped.code, stopped.out) == (0, "")
    assert f"process {started.data['pid']}" in stopped.err
    assert azurine("status").code == faults.UNREACHABLE
    assert not (azurine.home / "server.json").exists()


def test_the_next_start_is_where_the_last_one_was(azurine: Terminal) -> None:
    first = azurine("up", "--port", "0", "--store", f"sqlite:///{azurine.home / 'other.db'}").data
    azurine("down")
    second = azurine("up").data
    assert (second["url"], second["store"]) == (first["url"], first["store"])
    assert second["pid"] != first["pid"]


def test_after_a_kill_it_starts_again_at_the_same_place(azurine: Terminal) -> None:
    first = azurine("up", "--port", "0").data
    os.kill(first["pid"], signal.SIGKILL)
    wait_until(lambda: not occupancy.taken(azurine.home), 10, "the lock stays")
    assert azurine("status").data["state"] == "stopped"
    assert azurine("up").data["url"] == first["url"]


def test_in_the_foreground_it_ends_with_ctrl_c(azurine: Terminal) -> None:
    command = [sys.executable, "-m", "azurine", "up", "--foreground", "--port", "0", "--home", str(azurine.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: azurine("status").code == 0, 30, "it did not start")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode in (0, 130)
    assert out == "" and "Ctrl-C ends it" in err and "Traceback" not in err


# ── what stands in the way of `up` ──


def test_a_home_in_use_is_said(azurine: Terminal) -> None:
    running = azurine("up", "--port", "0").data
    again = azurine("up", "--port", "0")
    assert again.code == 1
    assert f"A server (process {running['pid']}) already lives in the home {azurine.home}." in again.err
    assert "azurine down" in again.err and "Traceback" not in again.err
    assert azurine("status").data == running


def test_a_port_that_is_taken_is_said_with_by_whom(azurine: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        answer = azurine("up", "--port", str(other.getsockname()[1]))
    assert answer.code == 1
    assert f"is taken by process {os.getpid()}" in answer.err and "--port 0" in answer.err


def test_what_the_server_itself_says_is_told(azurine: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The port is taken after we looked, and before the server listens: its words come out of its log, as if said here."""
    azurine.home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(launching, "free_port", lambda host, port: None)
        answer = azurine("up", "--port", str(port))
    assert answer.code == 1 and answer.err.startswith(f"azurine: Port {port} is taken by process {os.getpid()}")
    assert answer.err.endswith("→ another port: --port NUMBER, or --port 0 for any free one\n")


def test_a_full_disk_is_said(azurine: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "LEAST_SPACE", 1 << 62)
    answer = azurine("up", "--port", "0")
    assert answer.code == 1 and f"The disk of {azurine.home} is full" in answer.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--port", "70000"], "The port is 70000"),
        (["--store", "mysql://x"], "store is"),
        (["--host", "not a host"], "host is"),
        (["--log-level", "loud"], "log_level is"),
        (["--port", "many"], "--port"),
        (["--prt", "1"], "--port"),
        (["now"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_code_2(azurine: Terminal, flags: list[str], said: str) -> None:
    answer = azurine("up", *flags)
    assert answer.code == faults.USAGE and said in answer.err
    assert answer.out == "" and "Traceback" not in answer.err


def test_an_address_that_this_machine_has_not_is_said(azurine: Terminal) -> None:
    answer = azurine("up", "--host", "192.0.2.1", "--port", "8443")
    assert answer.code == 1 and "This machine has no address 192.0.2.1" in answer.err


def test_opening_it_to_other_machines_is_warned_of(azurine: Terminal) -> None:
    answer = azurine("up", "--host", "0.0.0.0", "--port", "0", "--quiet")
    assert answer.code == 0 and answer.err.startswith("warning: 0.0.0.0 lets other machines reach the server")


def test_a_home_that_is_a_file_is_said(azurine: Terminal) -> None:
    azurine.home.write_text("")
    assert azurine("up").code == faults.USAGE
    assert "is a file" in azurine("up").err


@pytest.mark.parametrize("server", ["standin:nothing", "nowhere:serve", "json:loads"])
def test_a_server_that_dies_at_once_is_told_with_its_last_words(azurine: Terminal, server: str) -> None:
    os.environ["AZURINE_SERVER"] = server
    answer = azurine("up", "--port", "0", "--timeout", "30")
    assert answer.code == 1 and answer.err.startswith("azurine: ") and "Traceback" not in answer.err
    assert "Traceback" in (azurine.home / "server.log").read_text()


def test_a_server_that_never_answers_is_given_up(azurine: Terminal) -> None:
    (azurine.home.parent / "sleepy.py").write_text(
        "import threading\ndef serve(settings):\n    print('dreaming', flush=True)\n    threading.Event().wait(60)\n"
    )
    os.environ |= {"AZURINE_SERVER": "sleepy:serve", "PYTHONPATH": str(azurine.home.parent)}
    answer = azurine("up", "--port", "0", "--timeout", "3")
    assert answer.code == 1 and "did not answer within 3 s" in answer.err and "dreaming" in answer.err


# ── down and status, when things are odd ──


def test_down_without_a_server_is_done_already(azurine: Terminal) -> None:
    answer = azurine("down")
    assert answer.code == 0 and "No server lives" in answer.err
    assert not azurine.home.exists()


def test_the_number_of_a_dead_process_is_never_signalled(azurine: Terminal) -> None:
    """A stale server.json names a process that is somebody else by now; the lock is held by a server that has not said who it is."""
    azurine.home.mkdir()
    started = time.time() - 10**7
    (azurine.home / "server.json").write_text(json.dumps({"pid": os.getpid(), "started": started, "url": "https://localhost:1", "port": 1}))
    with open(azurine.home / "server.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert azurine("status").data["state"] == "starting"
        answer = azurine("down")
        assert answer.code == 1 and "does not say yet which process" in answer.err


def test_a_server_that_does_not_end_is_killed_only_by_force(azurine: Terminal) -> None:
    stubborn = "import signal, standin\ndef serve(settings):\n    signal.signal = lambda *a: None\n    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n    standin.serve(settings)\n"
    (azurine.home.parent / "stubborn.py").write_text(stubborn)
    os.environ |= {"AZURINE_SERVER": "stubborn:serve", "PYTHONPATH": f"{azurine.home.parent}:{TESTS}"}
    assert azurine("up", "--port", "0").code == 0
    answer = azurine("down", "--timeout", "0.5")
    assert answer.code == 1 and "--force" in answer.err
    assert azurine("status").code == 0
    assert azurine("down", "--timeout", "0.5", "--force").code == 0
    assert azurine("status").code == faults.UNREACHABLE


def test_env_without_a_server_is_code_5(azurine: Terminal) -> None:
    answer = azurine("env")
    assert (answer.code, answer.out) == (faults.UNREACHABLE, "")
    assert "azurine up" in answer.err


# ── doctor and version ──


def state(answer: Answer, check: str) -> str:
    return str(next(one["state"] for one in answer.data if one["check"] == check))


def test_the_doctor_finds_a_running_server_well(azurine: Terminal) -> None:
    azurine("up", "--port", "0")
    answer = azurine("doctor", "-o", "json")
    assert answer.code == 0, answer.out
    for check in ("Python", "Home", "Disk", "Clock", "localhost", "Port", "Server", "Certificate", "Sign-in", "uv", "Official clients"):
        assert state(answer, check) == "ok", check
    assert all(one["advice"] for one in answer.data if one["state"] in ("warn", "fail"))
    assert [one["check"] for one in answer.data] == list(checks.CHECKS)


def test_the_doctor_gives_the_hosts_line(azurine: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.names, "resolves_by_system", lambda name: False)
    found = next(one for one in azurine("doctor").data if one["check"] == "Storage names")
    assert found["state"] == "note" and "/etc/hosts: 127.0.0.1 azurine.blob.localhost" in found["advice"]


def test_the_doctor_sees_what_blocks_with_code_4(azurine: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        os.environ["AZURINE_PORT"] = str(other.getsockname()[1])
        answer = azurine("doctor")
    assert answer.code == faults.CHECK and state(answer, "Port") == "fail"
    assert "1 of" in answer.err


def test_the_doctor_sees_a_foreign_certificate(azurine: Terminal) -> None:
    azurine("up", "--port", "0")
    scene = checks.Scene(checks_settings(azurine), launching.look(checks_settings(azurine)))
    (azurine.home / "certs" / "ca.pem").write_bytes(checks.certificates.prepare(azurine.home.parent / "other", time.time()).authority.read_bytes())
    found = checks._safely("Certificate", checks.certificate, scene)
    assert found.state == "fail" and "not trusted for localhost" in found.found


def checks_settings(azurine: Terminal) -> Any:
    from azurine import settings

    return settings.read({"home": azurine.home})


def test_a_check_that_breaks_hides_no_other(azurine: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(scene: checks.Scene) -> checks.Check:
        raise RuntimeError("oh")

    monkeypatch.setitem(checks.CHECKS, "Clock", broken)
    answer = azurine("doctor")
    assert state(answer, "Clock") == "warn" and len(answer.data) == len(checks.CHECKS)


def test_the_versions_are_told(azurine: Terminal) -> None:
    answer = azurine("version", "-o", "json")
    assert answer.code == 0 and {"azurine", "python", "azure-ai-ml", "mlflow"} <= set(answer.data)


# ── the command line as a whole ──


def test_help_comes_at_once() -> None:
    """Under half a second on a quiet machine; what is measured is the processor's time, and that nothing heavy is loaded."""
    script = "import sys; from azurine.cli import main; main(['--help']); import time; print(time.process_time(), *sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    used, *loaded = done.stderr.split()
    assert not {"azure", "mlflow", "cryptography", "psutil", "rich", "uvicorn", "sqlalchemy", "distributed", "azurine.client"} & set(loaded)
    assert float(used) < 0.5
    for word in (*cli.NOUNS, "up", "down", "status", "env", "doctor", "version"):
        assert f"  {word} " in done.stdout


@pytest.mark.parametrize("noun", list(cli.NOUNS))
def test_each_noun_shows_its_verbs(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([noun, "--help"]) == 0
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["statsu"], ["job", "craete"], ["--nothing"]])
def test_a_typing_mistake_is_code_2_with_a_hint(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == faults.USAGE
    assert capsys.readouterr().out == ""


def test_quiet_is_understood_anywhere(azurine: Terminal) -> None:
    assert azurine("--quiet", "status").err == azurine("status", "-q").err == ""


def test_debug_shows_where(azurine: Terminal) -> None:
    assert "Traceback" in azurine("env", "--debug").err
    assert "Traceback" not in azurine("env").err


def test_a_reader_that_leaves_is_no_error(azurine: Terminal) -> None:
    done = subprocess.run(
        f"{sys.executable} -m azurine doctor --home {azurine.home} -o json | head -c 1", shell=True, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[", "")
