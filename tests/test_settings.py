"""Settings: read once, a flag before a variable before what is remembered before the default; what is wrong is named."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from azurine import settings
from azurine.model import errors


def test_the_defaults(tmp_path: Path) -> None:
    found = settings.read({"home": tmp_path}, {})
    assert (found.host, found.port, found.store, found.loopback) == ("127.0.0.1", 8443, "", True)
    assert found.url() == "https://localhost:8443"
    assert found.url(9) == "https://localhost:9"
    assert found.names == ()


def test_a_flag_wins_over_a_variable_over_memory(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"port": 1001, "host": "127.0.0.2", "store": "sqlite:///x", "workspace": "ignored"}))
    environ = {"AZURINE_PORT": "1002", "AZURINE_HOST": "127.0.0.3"}
    found = settings.read({"home": tmp_path, "port": 1003, "host": None}, environ)
    assert (found.port, found.host, found.store, found.workspace) == (1003, "127.0.0.3", "sqlite:///x", "workshop")


def test_a_killed_server_is_started_again_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"port": 1001}')
    (tmp_path / "server.json").write_text('{"port": 1002, "pid": 1, "url": "https://localhost:1002"}')
    assert settings.read({"home": tmp_path}, {}).port == 1002


@pytest.mark.parametrize("content", ["", "{", "[]", '{"port": null}', '{"port": [1]}', '{"host": {}}'])
def test_a_damaged_note_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.json").write_text(content)
    assert settings.read({"home": tmp_path}, {}) == settings.Settings(tmp_path)


def test_every_setting_has_a_variable(tmp_path: Path) -> None:
    values = {"host": "::1", "port": "7", "store": "postgresql://u:p@h/d", "log_level": "debug"}
    values |= {"smtp": "smtps://ann@mail.example.org:465", "smtp_from": "azurine@example.org"}
    values |= {
        name: f"the{name.replace('_', '')}" for name in ("tenant", "subscription", "resource_group", "workspace", "location", "account", "secrets")
    }
    found = settings.read({}, {"AZURINE_HOME": str(tmp_path), **{f"AZURINE_{name.upper()}": value for name, value in values.items()}})
    assert {**dataclasses.asdict(found), "port": str(found.port)} == {"home": tmp_path, **values}
    for field in dataclasses.fields(settings.Settings):
        assert f"AZURINE_{field.name.upper()}" in (settings.__doc__ or ""), "each setting is documented"


def test_the_home_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings.read({"home": "here"}, {}).home == tmp_path / "here"
    assert settings.read({}, {}).home == tmp_path / ".azurine"
    assert settings.read({"home": "~/there"}, {}).home == tmp_path / "there"


@pytest.mark.parametrize(
    ("flags", "path"),
    [
        ({"port": -1}, "port"),
        ({"port": 65536}, "port"),
        ({"port": "eighty"}, "port"),
        ({"port": "1" * 5000}, "port"),
        ({"host": "a b"}, "host"),
        ({"host": "http://x"}, "host"),
        ({"host": ""}, "host"),
        ({"store": "mysql://x"}, "store"),
        ({"log_level": "loud"}, "log_level"),
        ({"account": "Azurine"}, "account"),
        ({"account": "../x"}, "account"),
        ({"workspace": "a/b"}, "workspace"),
        ({"workspace": "../.."}, "workspace"),
        ({"resource_group": ""}, "resource_group"),
        ({"subscription": "x" * 65}, "subscription"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, flags: dict[str, Any], path: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        settings.read({"home": tmp_path, **flags}, {})
    assert caught.value.path == path
    assert len(caught.value.message) < 6000


def test_a_stores_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(errors.Invalid) as caught:
        settings.read({"home": tmp_path, "store": "mysql://me:geheim@host/db"}, {})
    assert "geheim" not in caught.value.message


def test_a_home_that_cannot_be_one_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", "a\0b"):
        with pytest.raises(errors.Invalid) as caught:
            settings.read({"home": home}, {})
        assert caught.value.path == "home"


@pytest.mark.parametrize(
    ("host", "loopback", "url"),
    [
        ("127.0.0.1", True, "https://localhost:8443"),
        ("127.3.2.1", True, "https://localhost:8443"),
        ("::1", True, "https://localhost:8443"),
        ("localhost", True, "https://localhost:8443"),
        ("0.0.0.0", False, "https://localhost:8443"),
        ("::", False, "https://localhost:8443"),
        ("192.168.1.4", False, "https://192.168.1.4:8443"),
        ("fe80::1", False, "https://[fe80::1]:8443"),
        ("build-box", False, "https://build-box:8443"),
    ],
)
def test_where_clients_find_it(tmp_path: Path, host: str, loopback: bool, url: str) -> None:
    found = settings.read({"home": tmp_path, "host": host}, {})
    assert (found.loopback, found.url()) == (loopback, url)
    assert bool(found.names) is not loopback or host in ("0.0.0.0", "::")


def test_settings_are_frozen(tmp_path: Path) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.Settings(tmp_path).port = 1  # type: ignore[misc]
