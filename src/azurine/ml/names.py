"""What things may be called. One rule per sort of thing, and one message that says the rule.

Names become folders and addresses, so no rule lets a slash, a backslash, `..` or a control character through.
https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftmachinelearningservices
"""

import re
from typing import NamedTuple

from azurine.ml.reading import clipped
from azurine.model import errors, ids


class Rule(NamedTuple):
    pattern: re.Pattern[str]
    words: str


WORKSPACE = Rule(re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{1,32}"), "2 to 33 letters, digits, - and _, beginning with a letter or digit")
ASSET = Rule(re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,254}"), "1 to 255 letters, digits, -, _ and ., beginning with a letter or digit")
VERSION = Rule(re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.+-]{0,254}"), "1 to 255 letters, digits, -, _, . and +, beginning with a letter or digit")
DATASTORE = Rule(re.compile(r"[a-zA-Z0-9_]{1,255}"), "1 to 255 letters, digits and _")
COMPUTE = Rule(
    re.compile(r"[a-zA-Z](?![a-zA-Z0-9-]*-\d+$)[a-zA-Z0-9-]{1,23}"),
    "2 to 24 letters, digits and -, beginning with a letter, and after a - some letter must follow",
)
EXPERIMENT = Rule(re.compile(r"[^\x00-\x1f\x7f/\\?#%]{1,255}"), "1 to 255 characters, none of them / \\ ? # % or invisible")
JOB = Rule(re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}"), "1 to 255 letters, digits, -, _ and ., beginning with a letter or digit")
NODE = Rule(re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}"), "letters, digits and _, not beginning with a digit")


def check(name: str, rule: Rule, path: str = "name") -> None:
    """Raises errors.Invalid when the name breaks the rule."""
    if not fits(name, rule):
        raise errors.Invalid(f"{clipped(name)} cannot be a name here; a name has {rule.words}", code="InvalidName", path=path)


def fits(name: str, rule: Rule) -> bool:
    return rule.pattern.fullmatch(name) is not None and ".." not in name and name != "."


def check_version(identifier: str) -> None:
    """Checks the two names in `…/data/<name>/versions/<version>`."""
    check(ids.name(ids.parent(identifier)), ASSET)
    check(ids.name(identifier), VERSION, "version")
