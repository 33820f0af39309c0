"""Finding customers: what somebody typed becomes ranges of the sorted search tokens. SQL of fixed pieces, values bound."""

from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from cdp_assets.publish import after_prefix, digits_of, fold, spellings, words_of

SHORTEST = 2
LONGEST = 100
MOST_WORDS = 6
SHOWN = 20


@dataclass(frozen=True)
class Hit:
    """A customer in the list of those found."""

    found_by: str
    customer_id: str
    name: str | None
    email: str | None
    place: str | None
    known: bool
    records: int
    visitors: int
    last_seen: datetime | None


@dataclass(frozen=True)
class Found:
    """The best customers for a search, and how many there are in all."""

    hits: tuple[Hit, ...]
    total: int


def too_short(text: str) -> bool:
    """Whether a search is refused because it would find nearly everybody."""
    return len(fold(text)) < SHORTEST


def search(connection: DuckDBPyConnection, text: str) -> Found:
    """Find the customers with a token that begins with the text, or with all of its words.

    Whole tokens come before beginnings, those before words found apart; then by token and customer id.
    """
    text = text[:LONGEST]
    parameters: dict[str, str] = {}
    spelt = [folded for folded in spellings(text) if folded]
    whole = list(dict.fromkeys([*spelt, *(" ".join(words_of(folded)) for folded in spelt), *digits_of(text)]))
    whole = [each for each in whole if each]
    if not whole:
        return Found((), 0)
    exact = ", ".join(_bind(parameters, each) for each in whole)
    first = f"select customer_id, kind, token, case when token in ({exact}) then 0 else 1 end as rank from search_token"
    parts = [f"{first} where {_ranges(parameters, whole)}"]
    words = _words(spelt)
    if len(words) > 1:
        each_word = " intersect ".join(f"select customer_id from search_token where {_ranges(parameters, word)}" for word in words)
        parts.append(f"select customer_id, 'name', '', 2 from ({each_word})")
    sql = f"""
        with hits as ({" union all ".join(parts)}),
        found as (
            select customer_id, min(rank) as rank, min((rank, token)) as best, arg_min(kind, (rank, token)) as kind
            from hits group by customer_id
        )
        select customer_id, kind, count(*) over () from found order by rank, best, customer_id limit {SHOWN}
    """
    rows = connection.execute(sql, parameters).fetchall()
    kinds = {row[0]: row[1] for row in rows}
    return Found(_hits(connection, kinds), rows[0][2] if rows else 0)


def _hits(connection: DuckDBPyConnection, kinds: dict[str, str]) -> tuple[Hit, ...]:
    """The rows of a list, in the order of the ids; fetched by the index, which a join would not use."""
    if not kinds:
        return ()
    sql = f"""
        select customer_id, name, email, place, known, records, visitors, last_seen
        from customer where customer_id in ({", ".join("?" for _ in kinds)})
    """
    found = {row[0]: Hit(kinds[row[0]], *row) for row in connection.execute(sql, list(kinds)).fetchall()}
    return tuple(found[each] for each in kinds if each in found)


def _words(spelt: list[str]) -> list[list[str]]:
    """The first words of the search, each in its spellings."""
    lists = [words_of(folded)[:MOST_WORDS] for folded in spelt]
    if len({len(words) for words in lists}) != 1:
        lists = lists[:1]
    return [list(dict.fromkeys(together)) for together in zip(*lists, strict=True)]


def _ranges(parameters: dict[str, str], prefixes: list[str]) -> str:
    ranges = (
        f"(token >= {_bind(parameters, prefix)} and token < {_bind(parameters, after_prefix(prefix))})" for prefix in prefixes
    )
    return "(" + " or ".join(ranges) + ")"


def _bind(parameters: dict[str, str], value: str) -> str:
    name = f"v{len(parameters)}"
    parameters[name] = value
    return f"${name}"
