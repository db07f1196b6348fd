"""Where packages come from on this machine: pip's settings, in uv's words.

uv does not look at pip's. So that a machine that is set up for pip (a mirror, a folder of wheels, a certificate) need not be set up
twice, `PIP_…` variables and pip's configuration files are translated, unless uv has settings of its own (`UV_INDEX…`).
Packages are then looked for as pip does: the best version of all indexes, not that of the first.

https://pip.pypa.io/en/stable/topics/configuration/ · https://docs.astral.sh/uv/reference/environment/
"""

import configparser
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_OWN = ("UV_INDEX", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX", "UV_FIND_LINKS")
_NAMES = ("index-url", "extra-index-url", "find-links", "no-index", "cert")


def for_uv(environ: Mapping[str, str], files: tuple[Path, ...] | None = None) -> dict[str, str]:
    """The environment for uv: everything that is there, and pip's settings translated. files: pip's configuration files."""
    found = dict(environ)
    pip = _configured(_files(environ) if files is None else files)
    pip |= {name: environ[variable] for name in _NAMES if (variable := "PIP_" + name.upper().replace("-", "_")) in environ}
    if pip.get("cert"):
        found.setdefault("SSL_CERT_FILE", pip["cert"])
    if any(name in environ for name in _OWN):
        return found
    if pip.get("index-url"):
        found["UV_DEFAULT_INDEX"] = pip["index-url"]
    if pip.get("extra-index-url"):
        found["UV_INDEX"] = " ".join(pip["extra-index-url"].split())
        found.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if pip.get("find-links"):
        found["UV_FIND_LINKS"] = ",".join(pip["find-links"].split())
    if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        found["UV_NO_INDEX"] = "1"
    return found


def _files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """In pip's order: a later one wins."""
    home = Path(environ.get("HOME", "/nonexistent"))
    configuration = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    named = environ.get("PIP_CONFIG_FILE")
    if named == "/dev/null":
        return ()
    places = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip" / "pip.conf", configuration / "pip" / "pip.conf"]
    return (*places, Path(named)) if named else tuple(places)


def _configured(files: tuple[Path, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files:
        parser = configparser.RawConfigParser()
        with suppress(OSError, configparser.Error, UnicodeDecodeError):
            parser.read_string(file.read_text(encoding="utf-8"))
            for section in ("global", "install"):
                if parser.has_section(section):
                    found |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    return {name: value for name, value in found.items() if name in _NAMES}
