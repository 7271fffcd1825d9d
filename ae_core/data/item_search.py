"""Search items by a question about their attributes, such as "glasses and woman".

A small language of its own, parsed here and never evaluated as Python:

    glasses and woman
    smile > 0.6 and not (beard or moustache)
    hair_style = "long curls" or glasses != none

A word is an attribute (`glasses`) or one value of one (`woman` for `sex = woman`). A yes/no
attribute stands alone; a category alone means "has any", that is, its value is not one of
`NOTHING`; a number needs a comparison. An item whose attribute is missing (NaN) is neither in
the answer nor in the answer to its negation (Kleene's three-valued logic). Within quotes a quote is
written twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ae_core.data.faces.vocabulary import ALIASES
from ae_core.errors import LatentInputError

if TYPE_CHECKING:
    import pandas as pd

NOTHING = frozenset({"none", "no", "bald", ""})
"""Category values that mean an attribute is absent."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*')|(?P<op><=|>=|!=|==|=|<|>)|(?P<paren>[()])"""
    r"""|(?P<word>[^\s()<>=!"']+))"""
)
_KEYWORDS = frozenset({"and", "or", "not"})
_PLAIN_WORD = re.compile(r"\w[\w.-]*")


class GroupError(LatentInputError):
    """A question that cannot be answered, or a group that cannot be used."""


@dataclass(frozen=True)
class Answer:
    """Which items match and for which items that is known at all; both bool, shape (n_items,)."""

    true: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def __and__(self, other: Answer) -> Answer:
        false = (self.known & ~self.true) | (other.known & ~other.true)
        true = self.true & other.true
        return Answer(true, true | false)

    def __or__(self, other: Answer) -> Answer:
        return ~(~self & ~other)

    def __invert__(self) -> Answer:
        return Answer(self.known & ~self.true, self.known)


@dataclass(frozen=True)
class Token:
    """One word of a question: `kind` is word, text (quoted), op or paren."""

    kind: Literal["word", "text", "op", "paren"]
    text: str


def select_items(question: str, attributes: pd.DataFrame) -> NDArray[np.int64]:
    """Find the items that match a question about their attributes.

    Args:
        question: For example "glasses and woman"; grammar in the module's docstring.
        attributes: One row an item; bool, category (text) and number columns.

    Returns:
        Positions of the matching items, ascending, shape (n_matches,), int64; may be empty.

    Raises:
        GroupError: The question cannot be parsed, or names no attribute or value.
    """
    reader = _Reader(_tokens(question), attributes, question)
    answer = reader.any_of()
    reader.expect_end()
    return np.flatnonzero(answer.true).astype(np.int64)


def _tokens(question: str) -> list[Token]:
    if len(question) > 1_000:
        raise GroupError(f"`question` may have 1000 characters; got {len(question)}: shorten it.")
    tokens, position, text = [], 0, question.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise GroupError(
                f"`question` cannot be read at {text[position:]!r}: "
                'write for example "glasses and not (beard or smile > 0.5)".'
            )
        position = match.end()
        if match["quoted"] is not None:
            quote = match["quoted"][0]
            tokens.append(Token("text", match["quoted"][1:-1].replace(2 * quote, quote)))
        elif match["op"]:
            tokens.append(Token("op", {"==": "="}.get(match["op"], match["op"])))
        else:
            tokens.append(Token("paren" if match["paren"] else "word", match[0].strip()))
    if not tokens:
        raise GroupError('`question` is empty: write for example "glasses and woman".')
    return tokens


class _Reader:
    """Recursive descent: any_of := all_of ("or" all_of)*, all_of := one ("and" one)*."""

    def __init__(self, tokens: list[Token], attributes: pd.DataFrame, question: str) -> None:
        self.tokens, self.attributes, self.question = tokens, attributes, question
        self.position, self.depth = 0, 0

    def peek(self) -> Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self, *words: str) -> bool:
        """Step over the next token if it is one of these keywords or brackets."""
        token = self.peek()
        if token is None or token.kind in ("text", "op") or token.text.lower() not in words:
            return False
        self.position += 1
        return True

    def wrong(self, wanted: str) -> GroupError:
        token = self.peek()
        found = repr(token.text) if token else "the end"
        return GroupError(
            f"`question` {self.question!r} should have {wanted} where it has {found}: "
            'write for example "glasses and not (beard or smile > 0.5)".'
        )

    def expect_end(self) -> None:
        if self.peek() is not None:
            raise self.wrong('"and", "or" or its end')

    def any_of(self) -> Answer:
        answer = self.all_of()
        while self.take("or"):
            answer = answer | self.all_of()
        return answer

    def all_of(self) -> Answer:
        answer = self.one()
        while self.take("and"):
            answer = answer & self.one()
        return answer

    def one(self) -> Answer:
        self.depth += 1
        if self.depth > 50:
            raise GroupError("`question` nests deeper than 50 levels: make it flatter.")
        try:
            if self.take("not"):
                return ~self.one()
            if self.take("("):
                answer = self.any_of()
                if not self.take(")"):
                    raise self.wrong('")"')
                return answer
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Answer:
        name = self.name("an attribute")
        token = self.peek()
        if token is None or token.kind != "op":
            return _alone(name, self.attributes)
        self.position += 1
        return _compared(name, token.text, self.name("a value"), self.attributes)

    def name(self, wanted: str) -> str:
        token = self.peek()
        is_keyword = token is not None and token.kind == "word" and token.text.lower() in _KEYWORDS
        if token is None or token.kind in ("op", "paren") or is_keyword:
            raise self.wrong(wanted)
        self.position += 1
        return token.text


def _plain(name: object) -> str:
    """Names match without regard to case, blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "_", str(name).strip().lower())


def _column(name: str, attributes: pd.DataFrame) -> str | None:
    matches = [column for column in attributes.columns if _plain(column) == _plain(name)]
    return str(matches[0]) if matches else None


def quoted(name: object) -> str:
    """Any name or value as one word of a question; in quotes where it must be."""
    text = str(name)
    if _PLAIN_WORD.fullmatch(text) and text.lower() not in _KEYWORDS:
        return text
    return '"' + text.replace('"', '""') + '"'


def named_attributes(question: str, attributes: pd.DataFrame) -> set[str]:
    """What a question is about, as probes call it: "smile", "glasses", "person = 3".

    Args:
        question: One that `select_items` can answer.
        attributes: One row an item.

    Returns:
        Names of attributes and, of categories, "name = value" too.

    Raises:
        GroupError: The question cannot be parsed.
    """
    named: set[str] = set()
    tokens = _tokens(question)
    for place, token in enumerate(tokens):
        if token.kind not in ("word", "text") or token.text.lower() in _KEYWORDS:
            continue
        is_compared = place + 2 < len(tokens) and tokens[place + 1].kind == "op"
        is_value = place >= 2 and tokens[place - 1].kind == "op"
        column = _column(token.text, attributes)
        if is_value:
            continue  # said with its attribute
        if column is not None:
            named.add(column)
            if is_compared:
                named |= _as_value(column, tokens[place + 2].text, attributes)
        else:
            for owner in attributes.columns:
                named |= _as_value(str(owner), token.text, attributes)
            for alias in ALIASES.get(_plain(token.text), ()):
                other = _column(alias.removeprefix("not "), attributes)
                named |= {other} if other is not None else set()
    return named


def _as_value(column: str, text: str, attributes: pd.DataFrame) -> set[str]:
    """ "column" and "column = value" where a category has such a value."""
    values = attributes[column]
    if _types().is_numeric_dtype(values.dtype) or _types().is_bool_dtype(values.dtype):
        return set()
    found = {str(value) for value in values.dropna().unique() if _plain(value) == _plain(text)}
    return {column, *(f"{column} = {value}" for value in found)} if found else set()


def whole_number(text: str) -> int | None:
    """What decimal digits say; None for any other text, and for a number beyond 18 digits.

    `int` alone refuses "²", which `str.isdigit` lets through, and more than 4,300 digits.
    """
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def _types() -> Any:
    """pandas' questions about dtypes; imported late, no page's first picture waits for pandas."""
    import pandas.api.types

    return pandas.api.types


def is_number(column: pd.Series[Any]) -> bool:
    """Whether an attribute is a number that has to be compared; yes/no columns are not."""
    if _types().is_bool_dtype(column.dtype) or not _types().is_numeric_dtype(column.dtype):
        return False
    return not set(column.dropna().unique()) <= {0, 1}


def is_flag(column: pd.Series[Any]) -> bool:
    """Whether an attribute is yes/no, stored as bool or as 0 and 1."""
    return (
        _types().is_bool_dtype(column.dtype) or _types().is_numeric_dtype(column.dtype)
    ) and not is_number(column)


def _alone(name: str, attributes: pd.DataFrame) -> Answer:
    column_name = _column(name, attributes)
    if column_name is None:
        return _value_alone(name, attributes)
    column = attributes[column_name]
    known = column.notna().to_numpy()
    if is_number(column):
        middle = float(column.median())
        raise GroupError(
            f"`{column_name}` is a number and needs a comparison: "
            f'write for example "{column_name} > {middle:.2g}".'
        )
    if is_flag(column):
        return Answer(known & (column.fillna(0).to_numpy() == 1), known)
    absent = column.map(lambda value: _plain(value) in NOTHING).to_numpy(dtype=bool)
    return Answer(known & ~absent, known)


def _value_alone(name: str, attributes: pd.DataFrame) -> Answer:
    """Read a word that is no attribute as the value of exactly one category."""
    owners = [
        column
        for column in attributes.columns
        if not _types().is_numeric_dtype(attributes[column].dtype)
        and _plain(name) in {_plain(value) for value in attributes[column].dropna().unique()}
    ]
    if len(owners) == 1:
        return _compared(str(owners[0]), "=", name, attributes)
    if owners:
        options = " or ".join(f'"{owner} = {name}"' for owner in owners)
        raise GroupError(f"`{name}` is a value of {len(owners)} attributes: write {options}.")
    for alias in ALIASES.get(_plain(name), ()):
        if _column(alias.removeprefix("not "), attributes) is not None:
            answer = _alone(alias.removeprefix("not "), attributes)
            return ~answer if alias.startswith("not ") else answer
    raise _unknown(name, attributes)


def _unknown(name: str, attributes: pd.DataFrame) -> GroupError:
    known = ", ".join(str(column) for column in attributes.columns) or "none at all"
    return GroupError(f"`{name}` is neither an attribute nor a value: attributes are {known}.")


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": np.equal, "!=": np.not_equal, "<": np.less,
    "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


def _compared(name: str, op: str, value: str, attributes: pd.DataFrame) -> Answer:
    column_name = _column(name, attributes)
    if column_name is None:
        raise _unknown(name, attributes)
    column = attributes[column_name]
    known = column.notna().to_numpy()
    if _types().is_numeric_dtype(column.dtype) or _types().is_bool_dtype(column.dtype):
        numbers = column.astype("float64").to_numpy()
        with np.errstate(invalid="ignore"):
            return Answer(known & _COMPARE[op](numbers, _number(value, column_name)), known)
    if op not in ("=", "!="):
        raise GroupError(f'`{column_name}` has no order: compare with "=" or "!=", not "{op}".')
    values = column.map(_plain).to_numpy()
    options = sorted({str(item) for item in column.dropna().unique()})
    if _plain(value) not in {_plain(option) for option in options}:
        shown = ", ".join(options[:20])
        raise GroupError(f"`{column_name}` is never {value!r}: its values are {shown}.")
    return Answer(known & _COMPARE[op](values, _plain(value)), known)


def _number(text: str, column_name: str) -> float:
    words = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
    try:
        number = words.get(text.lower(), float("nan"))
        number = float(text) if np.isnan(number) else number
    except ValueError:
        number = float("nan")
    if np.isnan(number):
        raise GroupError(f"`{column_name}` is compared with a number; got {text!r}.")
    return number
