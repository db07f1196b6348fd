"""Conda files in pip's words."""

from typing import Any

import pytest

from azurine.compute import conda
from azurine.model.errors import AzurineError, Invalid, Unsupported


def lines(*dependencies: Any) -> tuple[str, ...]:
    return conda.read({"dependencies": list(dependencies)}).lines


PACKAGES = {
    "numpy": "numpy",
    "numpy=1.26": "numpy==1.26.*",
    "numpy=1.26.4": "numpy==1.26.4.*",
    "numpy==1.26.4": "numpy==1.26.4",
    "numpy=1.26.*": "numpy==1.26.*",
    "numpy=1.26.4=py311_0": "numpy==1.26.4.*",
    "numpy 1.26": "numpy==1.26.*",
    "numpy>=1.20": "numpy>=1.20",
    "numpy>=1.20,<2": "numpy>=1.20,<2",
    "numpy >=1.20, <2": "numpy>=1.20,<2",
    "numpy!=1.21": "numpy!=1.21",
    "conda-forge::scikit-learn=1.5": "scikit-learn==1.5.*",
    "pytorch": "torch",
    "py-xgboost=2.0": "xgboost==2.0.*",
    "matplotlib-base": "matplotlib",
    "PyYAML": "pyyaml",
    "numpy=*": "numpy",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package(package: str) -> None:
    assert lines(package) == (PACKAGES[package],)


@pytest.mark.parametrize("name", ["cudatoolkit=11.8", "cudnn", "pytorch-cuda=12.1", "r-base", "gcc", "ffmpeg", "nvidia::cuda-nvcc"])
def test_what_pip_cannot_bring_is_named(name: str) -> None:
    with pytest.raises(Unsupported, match=name.split("::")[-1].split("=")[0]) as caught:
        lines("numpy", name)
    assert caught.value.path == "condaFile.dependencies[1]"


def test_python_and_what_comes_anyway_are_not_packages() -> None:
    found = conda.read("dependencies: [python=3.10.4, pip=20.2.4, libgomp, mkl, six]")
    assert (found.python, found.lines) == ("3.10", ("six",))
    assert [note.split(":")[0] for note in found.notes] == ["pip=20.2.4", "libgomp", "mkl"]


def test_lines_for_pip_stay_as_they_are() -> None:
    given = [
        "azureml-mlflow",
        "scikit-learn==1.5.1",
        "x[extra]>=1; python_version<'3.12'",
        "--extra-index-url https://e/simple",
        "# no",
        "name @ https://e/x.whl",
    ]
    found = conda.read({"dependencies": ["six", {"pip": [*given, "--pre", "--trusted-host e"]}]})
    assert found.lines == ("six", *(line for line in given if not line.startswith("#")))
    assert found.options == ("--prerelease", "allow", "--allow-insecure-host", "e")


@pytest.mark.parametrize("line", ["-r requirements.txt", "--requirement=r.txt", "-e .", "./wheel.whl", "/abs/x", "--user", "-c c.txt"])
def test_lines_that_mean_nothing_here_are_named(line: str) -> None:
    with pytest.raises(Unsupported) as caught:
        lines({"pip": ["six", line]})
    assert line in caught.value.message
    assert caught.value.path == "condaFile.dependencies[0].pip[1]"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: [", "condaFile"),
        ("just text", "condaFile"),
        ("[1, 2]", "condaFile"),
        ("dependencies: six", "condaFile.dependencies"),
        ("dependencies: [{pip: six}]", "condaFile.dependencies[0].pip"),
        ("dependencies: [1]", "condaFile.dependencies[0]"),
        ("dependencies: [{a: b}]", "condaFile.dependencies[0]"),
        ("dependencies: ['numpy; rm -rf /']", "condaFile.dependencies[0]"),
        ("dependencies: ['--option']", "condaFile.dependencies[0]"),
        ("dependencies: ['numpy=1.2|1.3']", "condaFile.dependencies[0]"),
        ("dependencies: ['numpy>=1\\n--index-url http://e']", "condaFile.dependencies[0]"),
        ("dependencies: ['']", "condaFile.dependencies[0]"),
        ("dependencies: [python=abc]", "condaFile.dependencies[0]"),
    ],
)
def test_a_wrong_file_is_refused_at_its_path(text: str, path: str) -> None:
    with pytest.raises(AzurineError) as caught:
        conda.read(text)
    assert isinstance(caught.value, Invalid | Unsupported)
    assert caught.value.path == path


def test_a_file_without_packages() -> None:
    assert conda.read("name: empty").lines == conda.read("dependencies:").lines == ()
