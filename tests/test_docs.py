"""The documents are true: what there is is mentioned, what is mentioned is there, links lead somewhere, examples compile.

What the examples do is tried by the stories and the clients' tests; here they are only read.
"""

import ast
import importlib
import importlib.util
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml

from azurine import cli, settings
from azurine.compute import indexes

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/decisions/*.md", "examples/**/*.md", "benchmarks/*.md", "library/**/*.md")
    for path in ROOT.glob(pattern)
)
GENERATED = ("docs/parity.md", "docs/components.md")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"^\s*(?:\$ )?(azurine .*)$", re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def everything() -> str:
    """All that is written by hand."""
    return "\n".join(path.read_text(encoding="utf-8") for path in PAGES if named(path) not in GENERATED)


def blocks(path: Path, language: str) -> Iterator[tuple[int, str]]:
    """(line, text) of the fenced blocks of a language."""
    text = path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        if found[1] == language:
            yield text[: found.start()].count("\n") + 2, found[2]


@cache
def parity() -> Any:
    return made_by("parity")


def made_by(name: str) -> Any:
    """The module that makes a page."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@cache
def tracked() -> tuple[str, ...]:
    """The files of the repository; those of the folder where it is no checkout."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        return tuple(name for name in listed if name and (ROOT / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        places = ("src", "tests", "docs", "examples", "benchmarks", "library")
        return tuple(named(path) for place in places for path in (ROOT / place).rglob("*") if path.is_file() and path.suffix != ".pyc")


# ── what there is, is mentioned ──


def test_every_kind_is_described() -> None:
    text = page("docs/resources.md")
    assert [name for name in parity().wired() if f"`{name}`" not in text] == []


def test_every_setting_is_described() -> None:
    text = page("docs/settings.md")
    names = [field.name for field in fields(settings.Settings)]
    assert [name for name in names if f"`AZURINE_{name.upper()}`" not in text] == []
    for field in fields(settings.Settings):
        if field.name not in ("home", "store"):
            row = next(line for line in text.splitlines() if f"`AZURINE_{field.name.upper()}`" in line)
            assert f"`{field.default}`" in row, f"the default of {field.name} is {field.default}"


def test_every_room_is_on_the_map() -> None:
    rooms = sorted(path.name for path in (ROOT / "src" / "azurine").iterdir() if (path / "__init__.py").exists())
    text = page("ARCHITECTURE.md")
    assert [room for room in rooms if f"  {room}/" not in text] == []


def test_every_command_is_described() -> None:
    """In the tables of docs/cli.md, or by an example of its use on any page."""
    text = page("docs/cli.md")
    lacking = [noun for noun in root().commands if f"`{noun}`" not in text and f"azurine {noun} " not in everything()]
    for noun, verbs in nouns().items():
        rows = " ".join(line for line in text.splitlines() if line.startswith("|") and f"`{noun}`" in line)
        said = [f"`{noun} {verb}`" in rows or f"`{verb}`" in rows or f"azurine {noun} {verb}" in everything() for verb in verbs]
        lacking += [f"{noun} {verb}" for verb, one in zip(verbs, said, strict=True) if not one]
    assert lacking == []


def test_every_target_of_the_makefile_is_described() -> None:
    targets = re.findall(r"^([a-z][a-z-]*):", page("Makefile"), re.MULTILINE)
    assert [target for target in targets if not re.search(rf"make {target}\b(?!-)", everything())] == []


def test_every_example_is_described() -> None:
    text = page("examples/README.md") + page("examples/basics/README.md") + page("examples/diabetes/README.md")
    files = [name for name in tracked() if name.startswith("examples/") and name.endswith((".yml", ".ipynb"))]
    steps = ("component.yml", "conda.yml")  # described with the job that uses them
    lacking = [name for name in files if not name.endswith(steps) and "/".join(name.split("/")[2:]) not in text and Path(name).name not in text]
    assert lacking == []


# ── what is mentioned, is there ──


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    lost = []
    for target in _LINK.findall(_FENCE.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        if not place.exists() or (heading and heading not in headings(place)):
            lost.append(target)
    assert lost == []


def headings(path: Path) -> set[str]:
    """The anchors of a page, as they are made of its headings."""
    lines = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_python_and_yaml_can_be_read(path: Path) -> None:
    for line, text in blocks(path, "python"):
        ast.parse("\n" * (line - 1) + text, filename=named(path))
    for _, text in blocks(path, "yaml"):
        assert yaml.safe_load(text)


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_commands_exist(path: Path) -> None:
    wrong = [f"{line}: {problem}" for line in commands(path) if (problem := wrong_with(line))]
    assert wrong == []


def commands(path: Path) -> Iterator[str]:
    """Every line that begins with `azurine` in a block, and every `azurine …` in running text that names a command."""
    text = path.read_text(encoding="utf-8")
    bash = [found[2] for found in _FENCE.finditer(text) if found[1] in ("bash", "sh", "")]
    plain = [found[0] for found in _INDENTED.finditer(_FENCE.sub("", text))]
    for block in (*bash, *plain):
        yield from (found.split("   #")[0].split(" #")[0].strip() for found in _COMMAND.findall(block.replace("\\\n", " ")))
    yield from re.findall(r"`(azurine [a-z][^`…]*)`", _FENCE.sub("", text))


def wrong_with(line: str) -> str:
    """What a command line says that does not exist; "" when all of it does."""
    if "<" in line or "…" in line or "|" in line:
        return ""
    words = shlex.split(line)[1:]
    command: Any = root()
    while words and hasattr(command, "get_command"):
        found = command.get_command(None, words[0]) if not words[0].startswith("-") else None
        if found is None:
            return "" if words[0] in ("-h", "--help") else f"there is no command {words[0]}"
        command = found
        words.pop(0)
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    everywhere = {"-h", "--help", "-q", "--quiet", "--debug", "--no-color"}
    given = [word.partition("=")[0] for word in words if re.fullmatch(r"-[a-z]|--[a-z-]+(=.*)?", word)]
    lacking = [word for word in given if word not in options | everywhere]
    return f"no flags {', '.join(lacking)}" if lacking else ""


@cache
def root() -> Any:
    return typer.main.get_command(cli.app)


def nouns() -> dict[str, list[str]]:
    return {
        noun: sorted(typer.main.get_command(importlib.import_module(module).app).commands)  # type: ignore[attr-defined]
        for noun, (module, _) in cli.NOUNS.items()
    }


def test_make_lines_name_targets() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", page("Makefile"), re.MULTILINE))
    said = set(re.findall(r"(?:`|^|^    )make ([a-z][a-z-]*)", everything(), re.MULTILINE))
    assert said - targets == set()


# ── the parity page ──


def test_the_parity_page_is_current() -> None:
    assert parity().current(), "the page is not what the record and the server say: run `python docs/parity.py`"


def test_the_page_of_components_is_current() -> None:
    assert page("docs/components.md") == made_by("components").page(), "the page is not what the library says: run `python docs/components.py`"


def test_the_tests_that_show_parity_are_there() -> None:
    record = json.loads(page("docs/parity.json"))
    shown = {test for found in record["shown"].values() for test in found.values()}
    lost = [test for test in sorted(shown) if not _is_test(test)]
    assert lost == [], "these tests showed something once and are gone: run `make docs`"


def _is_test(name: str) -> bool:
    file, *inner = name.split("::")
    place = ROOT / file
    return place.is_file() and re.search(rf"^\s*(?:async )?def {re.escape(inner[-1])}\(", place.read_text(encoding="utf-8"), re.MULTILINE) is not None


# ── what does not belong into the repository ──


def test_nothing_speaks_of_the_machine_it_was_written_on() -> None:
    """No home folder, no working copy, no index of packages: what is true on one machine only."""
    names = {str(ROOT), str(Path.home()), *_indexes()} - {"/", "/root", "/home"}
    patterns = [re.compile(re.escape(one) + r"(?![\w-])") for one in sorted(names)]
    patterns += [
        re.compile(r"/(?:home|Users)/(?!me/)[a-z][\w-]*/\w"),
        re.compile(r"/root/\."),
        re.compile(r"(?:^|[/.@])(?:pypi\.org|pythonhosted\.org)"),
    ]
    found = []
    for name in tracked():
        text = (ROOT / name).read_bytes()
        if b"\0" in text or name == named(Path(__file__)):
            continue
        for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
            found += [f"{name}:{number}: {line.strip()[:120]}" for pattern in patterns if pattern.search(line)]
    assert found == []


def _indexes() -> set[str]:
    """Where this machine gets its packages."""
    settings_of_uv = indexes.for_uv(os.environ)
    places = (
        " ".join(settings_of_uv.get(name, "") for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_FIND_LINKS")).replace(",", " ").split()
    )
    return {urlsplit(place).hostname or urlsplit(place).path for place in places} - {"localhost"}


def test_the_lock_names_no_place() -> None:
    """Names, versions and hashes only, so that it works with any index."""
    assert re.findall(r"https?://\S+|^--\S*index\S*|@ file:", page("requirements-lock.txt"), re.MULTILINE) == []


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert "Apache License" in page("LICENSE") and "Apache-2.0" in page("pyproject.toml") and "Apache-2.0" in page("README.md")
    assert os.path.getsize(ROOT / "LICENSE") > 10_000
