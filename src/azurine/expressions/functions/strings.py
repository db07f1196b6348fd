"""Text. Searching ignores case where Data Factory's does (indexOf, startsWith, …) and not where its does not (replace, split).

Lengths and places are counted in characters; those beyond the first 65,536 of Unicode count once (Data Factory counts them twice).
"""

import uuid
from typing import Any

from azurine.expressions.formulas.faults import Refused
from azurine.expressions.scope import Scope
from azurine.expressions.signatures import ANY, INTEGER, TEXT, Family
from azurine.expressions.values import LARGEST_TEXT, sized, text, too_long

FAMILY = Family("String")


@FAMILY.plain("concat", ANY, least=1, most=None)
def concat(*values: Any) -> str:
    return sized("".join([value if type(value) is str else text(value) for value in values]))


@FAMILY.plain("startsWith", TEXT, TEXT)
def starts_with(whole: str, part: str) -> bool:
    return _small(whole).startswith(_small(part))


@FAMILY.plain("endsWith", TEXT, TEXT)
def ends_with(whole: str, part: str) -> bool:
    return _small(whole).endswith(_small(part))


@FAMILY.plain("indexOf", TEXT, TEXT)
def index_of(whole: str, part: str) -> int:
    return _small(whole).find(_small(part))


@FAMILY.plain("lastIndexOf", TEXT, TEXT)
def last_index_of(whole: str, part: str) -> int:
    # parity: nothing is last found at the last character, not after it.
    return max(len(whole) - 1, 0) if part == "" else _small(whole).rfind(_small(part))


@FAMILY.plain("replace", TEXT, TEXT, TEXT)
def replace(whole: str, old: str, new: str) -> str:
    if old == "":
        raise Refused("The template language function 'replace' expects its second parameter to be a string that is not empty.", 1)
    if len(new) > len(old) and len(whole) + whole.count(old) * (len(new) - len(old)) > LARGEST_TEXT:
        raise too_long()
    return whole.replace(old, new)


@FAMILY.plain("split", TEXT, TEXT)
def split(whole: str, delimiter: str) -> list[str]:
    return whole.split(delimiter) if delimiter else [whole]


@FAMILY.plain("substring", TEXT, INTEGER, INTEGER, least=2)
def substring(whole: str, start: int, length: int | None = None) -> str:
    taken = len(whole) - start if length is None else length
    if not 0 <= start < len(whole) or taken < 0 or start + taken > len(whole):
        raise Refused(
            "The template language function 'substring' parameters are out of range: 'start index' and 'length' must be non-negative integers "
            "and their sum must be no larger than the length of the string. Please see https://aka.ms/logicexpressions#substring for usage details.",
            1,
        )
    return whole[start : start + taken]


@FAMILY.plain("toLower", TEXT)
def to_lower(value: str) -> str:
    return _small(value)


@FAMILY.plain("toUpper", TEXT)
def to_upper(value: str) -> str:
    # One character stays one (ß is no SS), as in .NET.
    return value.upper() if value.isascii() else "".join([one.upper() if len(one.upper()) == 1 else one for one in value])


@FAMILY.plain("trim", TEXT)
def trim(value: str) -> str:
    return value.strip()


@FAMILY.seeing("guid", TEXT, least=0)
def guid(scope: Scope, form: str = "D") -> str:
    made = uuid.UUID(int=scope.chance.getrandbits(128), version=4) if scope.chance else uuid.uuid4()
    match form:
        case "D":
            return str(made)
        case "N":
            return made.hex
        case "B":
            return f"{{{made}}}"
        case "P":
            return f"({made})"
        case "X":
            low, middle, high, *rest = made.fields[0], made.fields[1], made.fields[2], *made.bytes[8:]
            return f"{{0x{low:08x},0x{middle:04x},0x{high:04x},{{{','.join(f'0x{one:02x}' for one in rest)}}}}}"
    raise Refused(
        f"The template language function 'guid' format parameter '{form[:40]}' is not supported. The supported formats are: 'N, D, B, P, X'.", 0
    )


def _small(value: str) -> str:
    """Small letters, one for each, so that places stay places."""
    small = value.lower()
    return small if len(small) == len(value) else "".join([one.lower() if len(one.lower()) == 1 else one for one in value])
