"""Variables as shells read them, whatever stands in them."""

import shutil
import subprocess

import pytest

from azurine.cli import shells
from azurine.cli.shells import Shell

AWKWARD = 'it\'s "a" $HOME `x` \\ & | ; # ü'


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "sh"])
def test_a_shell_reads_what_was_meant(shell: str) -> None:
    program = shutil.which(shell) or shutil.which("sh")
    assert program
    kind = Shell(shell) if shell != "sh" and program.endswith(shell) else Shell.BASH
    script = shells.exports({"ODD": AWKWARD}, kind) + 'printf %s "$ODD"'
    assert subprocess.run([program, "-c", script], capture_output=True, text=True, check=True).stdout == AWKWARD


def test_the_lines() -> None:
    value = {"A": "x'y"}
    assert shells.exports(value, Shell.FISH) == "set -gx A 'x\\'y'\n"
    assert shells.exports(value, Shell.POWERSHELL) == "$env:A = 'x''y'\n"
    assert shells.exports(value, Shell.DOTENV) == 'A="x\'y"\n'
    assert shells.unsets(value, Shell.BASH) == "unset A\n"
    assert shells.unsets(value, Shell.FISH) == "set -e A\n"
    assert shells.unsets(value, Shell.JSON) == ""


@pytest.mark.parametrize(
    ("path", "shell"),
    [("/usr/bin/fish", Shell.FISH), ("/bin/zsh", Shell.ZSH), ("pwsh", Shell.POWERSHELL), ("", Shell.BASH), ("/bin/dash", Shell.BASH)],
)
def test_the_users_shell_is_guessed(path: str, shell: Shell) -> None:
    assert shells.guessed(path) is shell
    assert "azurine env" in shells.advice(shell)
