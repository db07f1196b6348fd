"""Conda files in pip's words: which Python is wanted, and which requirement lines.

Most names are the same on both sides; `PYPI` holds those that are not, `INSIDE` what comes inside the wheels or the machine
(compilers' run-times, BLAS, OpenSSL, pip itself), `NOWHERE` what pip cannot bring (CUDA, compilers, R, Java, …): that is an error
which names the package. Versions: conda's `=1.2` means `1.2.*`; builds (`=1.2=py39_0`) and channels (`forge::`) are dropped.
The lines under `pip:` stay as they are, but for options that uv wants as its own, and files that did not come along.

https://docs.conda.io/projects/conda-build/en/latest/resources/package-spec.html#package-match-specifications
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from azurine.model.errors import Invalid, Unsupported

PYPI = {
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "torchvision-cpu": "torchvision",
    "pytorch-lightning": "pytorch-lightning",
    "tensorflow-base": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "matplotlib-base": "matplotlib",
    "dask-core": "dask",
    "seaborn-base": "seaborn",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "pytables": "tables",
    "msgpack-python": "msgpack",
    "ruamel_yaml": "ruamel.yaml",
    "python-graphviz": "graphviz",
    "python-kaleido": "kaleido",
    "python-lmdb": "lmdb",
    "python-snappy": "python-snappy",
    "python-xxhash": "xxhash",
    "pyspark": "pyspark",
    "huggingface_hub": "huggingface-hub",
    "sentence-transformers": "sentence-transformers",
    "psycopg2": "psycopg2-binary",
    "mysql-connector-python": "mysql-connector-python",
    "pyqt": "PyQt5",
    "tensorboardx": "tensorboardX",
    "google-cloud-sdk": "google-cloud",
    "numpy-base": "numpy",
    "arrow-cpp": "pyarrow",
    "mlflow-base": "mlflow",
    "faiss": "faiss-cpu",
    "jupyterlab_server": "jupyterlab-server",
}
INSIDE = frozenset(
    [
        "pip",
        "setuptools",
        "wheel",
        "mkl",
        "mkl-service",
        "mkl_fft",
        "mkl_random",
        "nomkl",
        "blas",
        "libblas",
        "libcblas",
        "liblapack",
        "openblas",
        "libopenblas",
        "intel-openmp",
        "llvm-openmp",
        "libgomp",
        "openmp",
        "_openmp_mutex",
        "_libgcc_mutex",
        "libgcc",
        "libgcc-ng",
        "libstdcxx-ng",
        "libgfortran",
        "libgfortran-ng",
        "libgfortran5",
        "libffi",
        "openssl",
        "ca-certificates",
        "zlib",
        "bzip2",
        "xz",
        "zstd",
        "lz4-c",
        "sqlite",
        "libsqlite",
        "tk",
        "ncurses",
        "readline",
        "libuuid",
        "ld_impl_linux-64",
        "expat",
        "libexpat",
        "python_abi",
        "libxgboost",
        "libprotobuf",
        "vs2015_runtime",
        "vc",
        "ucrt",
        "tzdata-system",
        "libpng",
        "libjpeg-turbo",
        "jpeg",
        "freetype",
        "libtiff",
    ]
)
NOWHERE = frozenset(
    [
        "cudatoolkit",
        "cudnn",
        "cuda",
        "cuda-toolkit",
        "cuda-nvcc",
        "cuda-version",
        "pytorch-cuda",
        "nccl",
        "cupti",
        "tensorrt",
        "gcc",
        "gxx",
        "gcc_linux-64",
        "gxx_linux-64",
        "cxx-compiler",
        "c-compiler",
        "compilers",
        "make",
        "ffmpeg",
        "gdal",
        "openjdk",
        "java",
        "nodejs",
        "r-base",
        "perl",
        "ruby",
        "go",
        "rust",
        "openmpi",
        "mpich",
        "unixodbc",
        "git",
        "curl",
    ]
)
_SPEC = re.compile(r"(?:[\w.-]+::)?(?P<name>\w[\w.-]*?)(?:\[[^\]]*\])? *(?P<version>(?:[=<>!~ ][\w.=<>!~,*+| -]*)?)", re.ASCII)
_PIP_OPTIONS = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--no-binary", "--only-binary")
_FILES = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable")


@dataclass(frozen=True, slots=True)
class Wanted:
    """python: "3.10", or "" for any. lines: of a requirements file. options: for uv itself. notes: what was left out, for the log."""

    python: str = ""
    lines: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    python: str = ""
    lines: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(conda: str | Mapping[str, Any]) -> Wanted:
    """A conda file, as text or already read. Raises Invalid at the path of what is wrong, Unsupported for what pip cannot bring."""
    content = _parsed(conda)
    reading = _Reading()
    for place, one in enumerate(_sequence(content.get("dependencies"), "condaFile.dependencies")):
        path = f"condaFile.dependencies[{place}]"
        if isinstance(one, Mapping) and set(one) == {"pip"}:
            for below, line in enumerate(_sequence(one["pip"], f"{path}.pip")):
                for part in str(line).splitlines():
                    _read_pip(part.strip(), f"{path}.pip[{below}]", reading)
        elif isinstance(one, str):
            _read_package(one.strip(), path, reading)
        else:
            raise Invalid(f"a dependency should be a text such as numpy=1.26, or a list under pip:, not {one!r}", path=path)
    return Wanted(reading.python, tuple(reading.lines), tuple(reading.options), tuple(reading.notes))


def _parsed(conda: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(conda, Mapping):
        return conda
    try:
        content = yaml.safe_load(conda)
    except yaml.YAMLError as problem:
        raise Invalid(f"the conda file is not YAML: {problem}", path="condaFile") from problem
    if not isinstance(content, Mapping):
        raise Invalid("a conda file should be a mapping with `dependencies`", path="condaFile")
    return content


def _sequence(value: Any, path: str) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Invalid(f"this should be a list, not {value!r}", path=path)
    return value


def _read_package(text: str, path: str, reading: _Reading) -> None:
    found = _SPEC.fullmatch(text)
    if not found:
        raise Invalid(f"{text!r} is not a conda package such as numpy=1.26", path=path)
    name = found["name"].lower()
    version = _version(found["version"].strip(), text, path)
    if name == "python":
        reading.python = ".".join(re.findall(r"\d+", version)[:2])
        if version and not reading.python:
            raise Invalid(f"{text!r} names no version of Python such as python=3.11", path=path)
    elif name in INSIDE:
        reading.notes.append(f"{text}: left out, it comes with the packages or the machine")
    elif name in NOWHERE or name.startswith(("r-", "cuda-", "libcu")):
        raise Unsupported(f"the conda package {name} cannot be installed here: it is not a Python package that pip could bring", path=path)
    else:
        reading.lines.append(PYPI.get(name, name) + version)


def _version(text: str, whole: str, path: str) -> str:
    """conda's words for a version in pip's."""
    if not text:
        return ""
    if "|" in text:
        raise Unsupported(f"{whole!r}: alternatives of versions cannot be put in pip's words; choose one", path=path)
    if text[0] in "<>!~" or "," in text:
        parts = (part.strip() for part in text.replace(" ", "").split(","))
        return ",".join(part if part[0] in "<>!~=" else _equal(part) for part in parts if part)
    exact = text.startswith("==")
    version = text.lstrip("=").strip().split("=")[0].split()[0]  # what follows another = or a blank is the build
    return f"=={version}" if exact and not version.endswith("*") else _equal(version)


def _equal(version: str) -> str:
    version = version.removesuffix("*").removesuffix(".").lstrip("=")
    return f"=={version}.*" if version else ""


def _read_pip(line: str, path: str, reading: _Reading) -> None:
    if not line or line.startswith("#"):
        return
    word, _, rest = line.partition(" ") if " " in line else line.partition("=")
    if word in _FILES or line.startswith((".", "/", "file:")):
        raise Unsupported(f"{line!r} speaks of a file that did not come along with the environment; write the packages themselves", path=path)
    if word == "--pre":
        reading.options += ["--prerelease", "allow"]
    elif word == "--trusted-host":
        reading.options += ["--allow-insecure-host", rest.strip()]
    elif word.startswith("-") and word not in _PIP_OPTIONS:
        raise Unsupported(f"{line!r}: this option of pip has no meaning here", path=path)
    else:
        reading.lines.append(line)
