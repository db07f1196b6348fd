"""Which commands are plain runs of Python, and which want a shell."""

import pytest

from azurine.guest import commands

PLAIN = {
    "python train.py": ("train.py", "", ()),
    "python3 train.py --x 1": ("train.py", "", ("--x", "1")),
    "  python   train.py  a\n": ("train.py", "", ("a",)),
    "python -u sub/train.py": ("sub/train.py", "", ()),
    "python train.py --text 'a b' \"c d\"": ("train.py", "", ("--text", "a b", "c d")),
    "python train.py 'a*b$c'": ("train.py", "", ("a*b$c",)),
    'python train.py "a b;c"': ("train.py", "", ("a b;c",)),
    "python train.py --x=1 a=b": ("train.py", "", ("--x=1", "a=b")),
    "python -m package.module --x": ("", "package.module", ("--x",)),
    "python -u -m module": ("", "module", ()),
    "python train.py ''": ("train.py", "", ("",)),
    "python /a/b/train.py -c": ("/a/b/train.py", "", ("-c",)),
}
SHELL = [
    "",
    "python",
    "python -m",
    "python -c 'print(1)'",
    "python -O train.py",
    "python -W error train.py",
    "python train",
    "bash run.sh",
    "./train.py",
    "/usr/bin/python train.py",
    "X=1 python train.py",
    "python train.py && echo done",
    "python train.py | tee log",
    "python train.py > out",
    "python train.py $HOME",
    'python train.py "$HOME"',
    "python train.py `date`",
    "python train.py *.csv",
    "python train.py ~/x",
    "python train.py a\\ b",
    "python train.py {a,b}",
    "python train.py # comment",
    "python train.py\npython other.py",
    "python train.py 'unclosed",
    'python train.py "a\\"b"',
    "python train.py; true",
    "python train.py &",
    "(python train.py)",
    "! python train.py",
]


@pytest.mark.parametrize("command", PLAIN)
def test_plain(command: str) -> None:
    found = commands.plain(command)
    assert found is not None
    assert (found.script, found.module, found.arguments) == PLAIN[command]


@pytest.mark.parametrize("command", SHELL)
def test_for_the_shell(command: str) -> None:
    assert commands.plain(command) is None


@pytest.mark.parametrize(
    ("variables", "settled"),
    [
        ({}, True),
        ({"MINE": "1", "MLFLOW_RUN_ID": "x"}, True),
        ({"OMP_NUM_THREADS": "2"}, True),
        ({"OMP_NUM_THREADS": "1"}, False),
        ({"PYTHONPATH": "x"}, False),
        ({"LD_PRELOAD": "x"}, False),
        ({"PATH": "/mine"}, False),
    ],
)
def test_variables_that_are_read_at_the_start(variables: dict[str, str], settled: bool) -> None:
    assert commands.is_settled_before_start(variables, {"OMP_NUM_THREADS": "2", "PATH": "/usr/bin"}) is settled
