"""The filter language's text → tokens; and the one message about a token that is out of place."""

import re
from dataclasses import dataclass

from azurine.model import errors

LONGEST = 50_000

_TOKENS = re.compile(
    r"""\s*(?:
        (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![^\s,()=<>!]))
      | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`)
      | (?P<operator>!=|<>|>=|<=|==|=|>|<|\(|\)|,)
      | (?P<word>[^\s'"`=<>!(),]+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """sort: number, quoted, operator, word, end. text: without its quotes; quote: which they were. start, end: its place."""

    sort: str
    text: str
    start: int
    end: int
    quote: str = ""


def scan(text: str, what: str) -> list[Token]:
    """All tokens, and one of sort `end`. what: filter or order_by. Raises errors.Invalid where nothing can be read."""
    if len(text) > LONGEST:
        raise errors.Invalid(f"The {what} is longer than {LONGEST} characters.", path=what)
    found: list[Token] = []
    place, stop = 0, len(text.rstrip())
    while place < stop:
        match = _TOKENS.match(text, place)
        if match is None or match.lastgroup is None:
            raise wrong(text, what, Token("", text[place:], place, place), "It cannot be read from here on; perhaps a quote is not closed.")
        said = match[match.lastgroup]
        quote = said[0] if match.lastgroup == "quoted" else ""
        content = said[1:-1].replace(quote * 2, quote) if quote else said
        found.append(Token(match.lastgroup, content, match.start(match.lastgroup), match.end(), quote))
        place = match.end()
    return [*found, Token("end", "", len(text), len(text))]


def wrong(text: str, what: str, token: Token, hint: str) -> errors.Invalid:
    shown = f"{token.text[:60]!r}" if token.sort != "end" else "the end"
    return errors.Invalid(f"Invalid {what} {text[:500]!r}: {shown} at position {token.start + 1} is not expected. {hint}", path=what)
