"""MLflow's filter language: `metrics.auc > 0.8 and params."learning rate" = '0.1' and tags.mlflow.source.type != 'NOTEBOOK'`.

    filter     := [ comparison { AND comparison } ]
    comparison := name operator value | name IS [NOT] NULL | name [NOT] IN ( text { , text } )
    name       := [ entity . ] key            key in quotes or backticks when it is not one word
    operator   := = != <> > >= < <= LIKE ILIKE
    order      := name [ ASC | DESC ]

Which entities and attributes there are, and of which type, is said by a `Grammar`; each search has its own. A name without
an entity is an attribute. Parsing knows nothing of what is searched.

https://mlflow.org/docs/latest/search-runs
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from azurine.api.mlflow import scanning
from azurine.api.mlflow.scanning import Token
from azurine.model import errors

ATTRIBUTE = "attribute"
METRIC = "metric"
PARAM = "parameter"
TAG = "tag"
DATASET = "dataset"

_ALIASES = {
    METRIC: (METRIC, "metrics"),
    PARAM: (PARAM, "parameters", "param", "params"),
    TAG: (TAG, "tags"),
    ATTRIBUTE: (ATTRIBUTE, "attributes", "attr", "run"),
    DATASET: (DATASET, "datasets"),
}
ENTITIES = {alias: entity for entity, aliases in _ALIASES.items() for alias in aliases}

NUMBER = "number"
TEXT = "text"

_NUMERIC = frozenset({"=", "!=", ">", ">=", "<", "<="})
_TEXTUAL = frozenset({"=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"})
NULLS = frozenset({"IS NULL", "IS NOT NULL"})

Literal = float | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Grammar:
    """attributes: name → type. aliases: other names of attributes. entities: which kinds of names may be used."""

    attributes: Mapping[str, str]
    entities: frozenset[str] = frozenset({ATTRIBUTE, METRIC, PARAM, TAG})
    aliases: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=lambda: {"name": TEXT, "digest": TEXT, "context": TEXT})

    def type_of(self, entity: str, key: str) -> str:
        if entity == ATTRIBUTE:
            return self.attributes[key]
        return NUMBER if entity == METRIC else TEXT


@dataclass(frozen=True, slots=True)
class Comparison:
    entity: str
    key: str
    operator: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Order:
    entity: str
    key: str
    ascending: bool = True


def parse(text: str, grammar: Grammar) -> list[Comparison]:
    """The comparisons that must all hold. Raises errors.Invalid that shows the place."""
    return _Parser(text, grammar, "filter").comparisons()


def parse_order(text: str, grammar: Grammar) -> Order:
    return _Parser(text, grammar, "order_by").order()


class _Parser:
    def __init__(self, text: str, grammar: Grammar, what: str) -> None:
        self._text = text
        self._grammar = grammar
        self._what = what
        self._tokens = scanning.scan(text, what)
        self._next = 0

    def comparisons(self) -> list[Comparison]:
        found: list[Comparison] = []
        if self._peek().sort == "end":
            return found
        found.append(self._comparison())
        while self._peek().sort != "end":
            token = self._take()
            if token.sort != "word" or token.text.upper() != "AND":
                hint = "OR is not part of the language: search twice, or use IN." if token.text.upper() == "OR" else "Expected AND, or the end."
                raise self._wrong(token, hint)
            found.append(self._comparison())
        return found

    def order(self) -> Order:
        entity, key = self._name()
        token = self._take()
        direction = token.text.upper() if token.sort == "word" else ""
        if token.sort != "end" and (direction not in ("ASC", "DESC") or self._take().sort != "end"):
            raise self._wrong(token, "Expected ASC, DESC or the end.")
        return Order(entity, key, direction != "DESC")

    def _comparison(self) -> Comparison:
        entity, key = self._name()
        operator = self._operator()
        kind = self._grammar.type_of(entity, key)
        allowed = _NUMERIC if kind == NUMBER else _TEXTUAL
        if entity in (PARAM, TAG):
            allowed = allowed | NULLS
        if operator.text not in allowed:
            raise self._wrong(operator, f"For {entity} {key!r} the operators are {', '.join(sorted(allowed))}.")
        if operator.text in NULLS:
            return Comparison(entity, key, operator.text, None)
        if operator.text in ("IN", "NOT IN"):
            return Comparison(entity, key, operator.text, self._list())
        return Comparison(entity, key, operator.text, self._number() if kind == NUMBER else self._string())

    def _name(self) -> tuple[str, str]:
        token = self._take()
        if token.sort == "quoted" and token.quote in '"`':
            return self._attribute(token, token.text)
        if token.sort != "word":
            raise self._wrong(token, "Expected a name, such as metrics.accuracy or attributes.status.")
        alias, dot, key = token.text.partition(".")
        following = self._peek()
        if dot and following.sort == "quoted" and following.start == token.end:
            # metrics."my key", also metrics.a."b c"
            key += self._take().text
        if not dot:
            return self._attribute(token, token.text)
        entity = ENTITIES.get(alias.lower())
        if entity is None or entity not in self._grammar.entities:
            raise self._wrong(token, f"Invalid entity type {alias!r}. Valid values are {', '.join(sorted(self._grammar.entities))}.")
        if not key:
            raise self._wrong(token, f"After {alias}. a key is expected; in quotes when it is not one word.")
        if entity == ATTRIBUTE:
            return self._attribute(token, key)
        if entity == DATASET and key not in self._grammar.datasets:
            raise self._wrong(token, f"Invalid dataset key {key!r}. Valid keys are {', '.join(sorted(self._grammar.datasets))}.")
        return entity, key

    def _attribute(self, token: Token, key: str) -> tuple[str, str]:
        key = self._grammar.aliases.get(key, key)
        if key not in self._grammar.attributes:
            raise self._wrong(token, f"Invalid attribute key {key!r}. Valid keys are {', '.join(sorted(self._grammar.attributes))}.")
        return ATTRIBUTE, key

    def _operator(self) -> Token:
        token = self._take()
        word = token.text.upper()
        if token.sort == "operator" and word not in ("(", ")", ","):
            return Token("operator", {"<>": "!=", "==": "="}.get(word, word), token.start, token.end)
        if token.sort == "word":
            if word == "NOT" and self._peek().text.upper() == "IN":
                return Token("operator", "NOT IN", token.start, self._take().end)
            if word == "IS":
                return self._is_null(token)
            if word in ("LIKE", "ILIKE", "IN"):
                return Token("operator", word, token.start, token.end)
        raise self._wrong(token, "Expected an operator: =, !=, >, >=, <, <=, LIKE, ILIKE, IN, NOT IN, IS NULL or IS NOT NULL.")

    def _is_null(self, token: Token) -> Token:
        words = "IS"
        if self._peek().text.upper() == "NOT":
            words = "IS NOT"
            self._take()
        last = self._take()
        if last.text.upper() != "NULL" or last.sort != "word":
            raise self._wrong(last, "After IS, NULL or NOT NULL is expected.")
        return Token("operator", f"{words} NULL", token.start, last.end)

    def _number(self) -> float:
        token = self._take()
        if token.sort != "number":
            raise self._wrong(token, "Expected a number, without quotes.")
        return float(token.text)

    def _string(self) -> str:
        token = self._take()
        if token.sort != "quoted" or token.quote == "`":
            raise self._wrong(token, "Expected a text in quotes, such as 'my-value'.")
        return token.text

    def _list(self) -> tuple[str, ...]:
        if (opening := self._take()).text != "(" or opening.sort != "operator":
            raise self._wrong(opening, "After IN a list in parentheses is expected: ('a', 'b').")
        values = [self._string()]
        while (token := self._take()).sort == "operator" and token.text == ",":
            values.append(self._string())
        if token.sort != "operator" or token.text != ")":
            raise self._wrong(token, "Expected a comma or the closing parenthesis.")
        return tuple(values)

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _wrong(self, token: Token, hint: str) -> errors.Invalid:
        return scanning.wrong(self._text, self._what, token, hint)
