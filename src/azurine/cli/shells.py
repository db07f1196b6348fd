"""Variables as the text that a shell, or another program, reads."""

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import PurePath


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"
    DOTENV = "dotenv"
    JSON = "json"


def guessed(login_shell: str) -> Shell:
    """From the path of the user's shell; bash when it says nothing."""
    name = PurePath(login_shell).name
    return {"fish": Shell.FISH, "zsh": Shell.ZSH, "pwsh": Shell.POWERSHELL}.get(name, Shell.BASH)


def exports(variables: Mapping[str, str], shell: Shell) -> str:
    if shell is Shell.JSON:
        return json.dumps(variables, indent=2) + "\n"
    line = _SET[shell]
    return "".join(line(name, value) + "\n" for name, value in variables.items())


def unsets(names: Iterable[str], shell: Shell) -> str:
    """What takes the variables away again; nothing where there is no such thing."""
    line = _UNSET.get(shell)
    return "".join(line(name) + "\n" for name in names) if line else ""


def advice(shell: Shell) -> str:
    """How the text is used."""
    return {
        Shell.FISH: "azurine env --shell fish | source",
        Shell.POWERSHELL: "azurine env --shell powershell | Out-String | Invoke-Expression",
        Shell.DOTENV: "azurine env --shell dotenv > .env",
        Shell.JSON: "azurine env --shell json",
    }.get(shell, 'eval "$(azurine env)"')


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _posix(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


_SET: dict[Shell, Callable[[str, str], str]] = {
    Shell.BASH: _posix,
    Shell.ZSH: _posix,
    Shell.FISH: lambda name, value: f"set -gx {name} {_fish(value)}",
    Shell.POWERSHELL: lambda name, value: f"$env:{name} = {_powershell(value)}",
    Shell.DOTENV: lambda name, value: f"{name}={json.dumps(value)}",
}
_UNSET: dict[Shell, Callable[[str], str]] = {
    Shell.BASH: lambda name: f"unset {name}",
    Shell.ZSH: lambda name: f"unset {name}",
    Shell.FISH: lambda name: f"set -e {name}",
    Shell.POWERSHELL: lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
}
