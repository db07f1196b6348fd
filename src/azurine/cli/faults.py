"""What went wrong, as a person wants to read it: one sentence, the cause, the next command; and the exit code.

`told` is the one place where exceptions of the official client, of the network and of ours become a `Fault`. It asks for
their class names, so that nothing has to be imported to tell that nothing of the kind happened. The client wraps what is
wrong in a YAML file in pages of advice; here only the place (file, line, path) and the trouble are kept.

    0 done   1 failed   2 wrong usage   3 no such thing   4 a check or threshold failed   5 the server cannot be reached   130 interrupted
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azurine.cli import places, printing
from azurine.model import errors

FAILED, USAGE, MISSING, CHECK, UNREACHABLE, INTERRUPTED = 1, 2, 3, 4, 5, 130

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_UNREACHABLE = {"ServiceRequestError", "ServiceResponseError", "ServerNotRunning", "ConnectionError", "Timeout", "ConnectionRefusedError"}
_ADVICE = re.compile(r"\s*(If you are trying to configure|Visit this link|The easiest way to author|Additional Resources:|Resolutions?:)", re.S)
_FIELD_WORDS = {
    "Unknown field.": "there is no such field; check the spelling and the indentation",
    "Missing data for required field.": "this field is needed and missing",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """sentence: what could not be done. causes: why, one line each. advice: what to do next, often a command."""

    sentence: str
    causes: tuple[str, ...] = ()
    advice: str = ""
    code: int = FAILED

    def __str__(self) -> str:
        lines = [self.sentence, *(f"  {cause}" for cause in self.causes)]
        return "\n".join([*lines, f"  → {self.advice}"] if self.advice else lines)


class Failure(Exception):
    """Raised by a command that knows itself what to say."""

    def __init__(self, sentence: str, *causes: str, advice: str = "", code: int = FAILED) -> None:
        super().__init__(sentence)
        self.fault = Fault(sentence, causes, advice, code)


def told(error: BaseException, file: Path | None = None) -> Fault:
    """The fault that an exception stands for. file: the YAML file that was being read, if any."""
    names = {one.__name__ for one in type(error).__mro__}
    if isinstance(error, Failure):
        return error.fault
    if isinstance(error, KeyboardInterrupt):
        return Fault("Interrupted.", code=INTERRUPTED)
    if isinstance(error, printing.BadQuery):
        return Fault(_sentence(str(error)), advice="JMESPath is explained at https://jmespath.org", code=USAGE)
    if isinstance(error, errors.AzurineError):
        return _ours(error)
    if names & _UNREACHABLE and not isinstance(error, FileNotFoundError):
        return Fault("The server does not answer.", (_first_line(error),), "azurine status; azurine up starts it", UNREACHABLE)
    if "MlException" in names and _is_about_input(error.__context__):
        return told(error.__context__ or error, file)
    if "ClientAuthenticationError" in names:
        return Fault("The server did not accept the sign-in.", (_first_line(error),), "azurine doctor")
    if "ResourceNotFoundError" in names:
        return Fault(_sentence(_message(error)), advice="look for its name with the command `list`", code=MISSING)
    if "HttpResponseError" in names:
        return _refused(error)
    if "PipelineChildJobError" in names:
        return Fault("This is a step of a pipeline.", (), "name the pipeline's own job")
    if _is_about_input(error):
        return _input(error, file)
    if isinstance(error, OSError):
        return Fault(_sentence(f"{error.filename}: {error.strerror}" if error.filename else str(error)))
    if isinstance(error, ModuleNotFoundError):
        return Fault(f"The Python package {error.name} is not installed.", advice="pip install 'azurine[clients]'")
    if "MlException" in names or "AzureError" in names:
        return Fault(_sentence(_trimmed(_message(error))))
    return Fault("Something went wrong inside.", (f"{type(error).__name__}: {_first_line(error)}",), "the same command with --debug shows where")


def _ours(error: errors.AzurineError) -> Fault:
    if error.code == "ServerNotRunning" or isinstance(error, errors.Temporary):
        return Fault(error.message, code=UNREACHABLE)
    if error.code == "ClientNotInstalled":
        return Fault(error.message)
    causes = tuple(f"{detail.path}: {detail.message}" if detail.path else detail.message for detail in error.details)
    return Fault(error.message, causes, code=MISSING if isinstance(error, errors.Missing) else FAILED)


def _refused(error: Any) -> Fault:
    """An answer of the server that says no: its code and message, and where in the request."""
    body = getattr(error, "error", None)
    code = str(getattr(body, "code", "") or "")
    causes = []
    for detail in getattr(body, "details", None) or ():
        place = str(getattr(detail, "target", "") or "")
        text = str(getattr(detail, "message", "") or "")
        causes.append(f"{place}: {text}" if place and place not in text else text)
    status = getattr(error, "status_code", None)
    if status == 404:
        return Fault(_sentence(_message(error)), tuple(causes), code=MISSING)
    known = f" ({code})" if code and code not in _message(error) else ""
    return Fault(_sentence(_message(error)).removesuffix(".") + known + ".", tuple(causes))


def _is_about_input(error: BaseException | None) -> bool:
    """Is it the client's own finding about a file or an argument, before anything was sent?"""
    return error is not None and type(error).__name__ in (
        "ValidationException",
        "ValidationError",
        "JobException",
        "UserErrorException",
        "AssetPathException",
    )


def _input(error: BaseException, file: Path | None) -> Fault:
    text = _COLOUR.sub("", _message(error))
    if getattr(getattr(error, "error_type", None), "value", None) == "RESOURCE NOT FOUND":
        return Fault(_sentence(_trimmed(text)), code=MISSING)
    found = list(_findings(text))
    name = str(file) if file else "what was given"
    if found:
        causes = tuple(_located(path, trouble, file) for path, trouble in found)
        link = re.search(r"https://aka\.ms/ml-cli-v2\S*yaml-reference", text)
        return Fault(f"{name} is not valid.", causes, f"its fields are described at {link[0]}" if link else "")
    missing = re.match(r"No such file or directory: (.*)", text)
    if missing:
        return Fault(f"There is no file {missing[1].strip()}.")
    if "Error while parsing yaml file" in text:
        lines = [line.strip() for line in text.splitlines()[1:] if line.strip()]
        return Fault(f"{name} is not YAML.", (" ".join(lines),))
    if text == "Target yaml file is empty":
        return Fault(f"{name} is empty.")
    if text.startswith("Expect dict but get"):
        return Fault(f"{name} should hold fields and values (`type: command`), and holds something else.")
    return Fault(_sentence(_trimmed(text)))


def _findings(text: str) -> Iterator[tuple[str, str]]:
    """(path, trouble) of each thing wrong. The client tells of them in JSON inside of text, sometimes inside of JSON once more."""
    body = _json_inside(text)
    if not isinstance(body, Mapping):
        return
    for one in body.get("errors", ()) if body.get("result") == "Failed" else ():
        message, path = str(one.get("message", "")), str(one.get("path") or "").replace("*", "")
        inner = _json_inside(message)
        if isinstance(inner, Mapping):
            for below, trouble in _leaves(inner):
                yield ".".join(part for part in (path, below) if part), _worded(trouble)
        else:
            yield path, _worded(message)
    if body.get("result") != "Failed":
        for path, trouble in _leaves(body):
            yield path, _worded(trouble)


def _json_inside(text: str) -> Any:
    start = text.find("{\n")
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0]
    except ValueError:
        return None


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves(below, f"{path}.{key}" if path and key != "_schema" else path if key == "_schema" else str(key))
    elif isinstance(value, list):
        for below in value:
            yield from _leaves(below, path)
    else:
        yield path, str(value)


def _worded(trouble: str) -> str:
    trouble = _COLOUR.sub("", trouble).strip()
    missing = re.search(r"No such file or directory: ([^'\]]+)", trouble)
    if missing:
        return f"there is no file {missing[1].strip()}"
    return _FIELD_WORDS.get(trouble, _trimmed(trouble))


def _located(path: str, trouble: str, file: Path | None) -> str:
    line = places.line_of(file, path) if file and path else None
    where = f"{file.name}:{line} " if file and line else ""
    return f"{where}{path}: {trouble}" if path else f"{where}{trouble}"


def _message(error: BaseException) -> str:
    body = getattr(error, "error", None)
    return str(getattr(body, "message", None) or getattr(error, "message", None) or error or type(error).__name__)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in _COLOUR.sub("", str(error)).splitlines() if line.strip()), type(error).__name__)


def _trimmed(text: str) -> str:
    """Without the client's general advice."""
    text = _COLOUR.sub("", text)
    parts = re.search(r"\(x\) (.+?)\n\s*\n", text, re.S)
    text = parts[1] if parts else _ADVICE.split(text)[0]
    return " ".join(text.split())


def _sentence(text: str) -> str:
    text = " ".join(text.split()) or "It failed"
    return text if text.endswith((".", "!", "?")) else text + "."
