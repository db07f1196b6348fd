"""How this run of the command line behaves: what is said beside the data, on stderr, and how much of it."""

import os
import sys
from dataclasses import dataclass


@dataclass(slots=True)
class Manner:
    """Set once, by `main`, before any command runs. debug: tracebacks are shown."""

    quiet: bool = False
    debug: bool = False


MANNER = Manner()
_WORDS = ("--debug", "--no-color", "--quiet", "-q")


def taken(arguments: list[str]) -> list[str]:
    """The arguments without those that any command understands, at any place (but not after `--`); they are noted here."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    found = {word for word in arguments[:end] if word in _WORDS}
    MANNER.debug = "--debug" in found
    MANNER.quiet = bool(found & {"--quiet", "-q"})
    if "--no-color" in found:
        os.environ["NO_COLOR"] = "1"  # rich and the official clients look here
    return [word for word in arguments[:end] if word not in _WORDS] + arguments[end:]


def note(text: str) -> None:
    """Something said beside the data: progress, a hint. Not when quiet."""
    if not MANNER.quiet:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def warn(text: str) -> None:
    """Something the user must see, even when quiet."""
    sys.stderr.write(f"warning: {text}\n")
    sys.stderr.flush()
