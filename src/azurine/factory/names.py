"""What things of a factory may be called. One rule per sort of thing, and one message that says the rule.

Names become parts of addresses, so no rule lets a slash, a backslash or a control character through.
https://learn.microsoft.com/azure/data-factory/naming-rules
"""

import re
from typing import NamedTuple

from azurine.model import errors, ids

CODE = "InvalidResourceName"


class Rule(NamedTuple):
    pattern: re.Pattern[str]
    words: str


FACTORY = Rule(
    re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"), "3 to 63 letters, digits and single hyphens, beginning and ending with a letter or digit"
)
_FORBIDDEN = r".+?/<>*%&:\\"
PART = Rule(
    re.compile(rf"[A-Za-z0-9_][^{_FORBIDDEN}\x00-\x1f\x7f]{{0,259}}"),
    "1 to 260 characters, beginning with a letter, digit or underscore, none of them . + ? / < > * % & : or \\",
)
DASHED = Rule(re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"), "1 to 63 letters, digits and hyphens, no hyphen at either end")
ACTIVITY = Rule(re.compile(rf"[^{_FORBIDDEN}\x00-\x1f\x7f]{{1,55}}"), "1 to 55 characters, none of them . + ? / < > * % & : or \\")


def check(identifier: str, rule: Rule) -> None:
    """Raises errors.Invalid when the resource's name breaks the rule."""
    name = ids.name(identifier)
    if rule.pattern.fullmatch(name) is None or (rule is FACTORY and not 3 <= len(name) <= 63):
        raise errors.Invalid(f"'{name[:80]}' is no name for it: a name has {rule.words}.", code=CODE, path="name")
