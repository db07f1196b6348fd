"""pip's settings in uv's words."""

from pathlib import Path

from azurine.compute import indexes


def test_variables_of_pip_are_translated() -> None:
    given = {
        "PIP_INDEX_URL": "https://i/simple",
        "PIP_EXTRA_INDEX_URL": "https://a https://b",
        "PIP_FIND_LINKS": "/w",
        "PIP_CERT": "/c.pem",
        "PATH": "/bin",
    }
    assert indexes.for_uv(given, ()) == given | {
        "UV_DEFAULT_INDEX": "https://i/simple",
        "UV_INDEX": "https://a https://b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/w",
        "SSL_CERT_FILE": "/c.pem",
    }


def test_settings_of_uv_win() -> None:
    given = {"PIP_INDEX_URL": "https://i", "UV_INDEX_URL": "https://u", "PIP_CERT": "/c", "SSL_CERT_FILE": "/own"}
    assert indexes.for_uv(given, ()) == given


def test_configuration_files_are_read_and_variables_win(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("[global]\nindex-url = https://one\nfind-links = /a\n  /b\nno-index = true\n[list]\nformat = x\n")
    (tmp_path / "two").write_text("[install]\nindex_url = https://two\n")
    (tmp_path / "bad").write_text("not a configuration")
    files = (tmp_path / "one", tmp_path / "two", tmp_path / "bad", tmp_path / "missing")
    assert indexes.for_uv({}, files) == {"UV_DEFAULT_INDEX": "https://two", "UV_FIND_LINKS": "/a,/b", "UV_NO_INDEX": "1"}
    assert indexes.for_uv({"PIP_INDEX_URL": "https://three"}, files)["UV_DEFAULT_INDEX"] == "https://three"


def test_the_file_that_pip_is_told_of_is_found(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://told\n")
    told = indexes.for_uv({"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "HOME": str(tmp_path)})
    assert told["UV_DEFAULT_INDEX"] == "https://told"
    assert "UV_DEFAULT_INDEX" not in indexes.for_uv({"PIP_CONFIG_FILE": "/dev/null"})
