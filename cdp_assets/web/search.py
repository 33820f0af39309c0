"""Finding customers: what somebody typed becomes ranges of the sorted search tokens. SQL of fixed pieces, values bound."""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from cdp_assets.publish import after_prefix, digits_of, fold, spellings, words_of

SHORTEST = 2
LONGEST = 100
SHORT = 2
MOST_WORDS = 6
SHOWN = 20
MOST_HITS = 1000
"""So many tokens are looked at for one beginning: a beginning with more is not typed to the end."""


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


@dataclass(frozen=True)
class Found:
    """The best customers for a search, and how many there are in all."""

    hits: tuple[Hit, ...]
    total: int
    at_least: bool
    """There are more than `total`, which stops at some number."""


def too_short(text: str) -> bool:
    """Whether a search is refused because it would find nearly everybody."""
    return len(fold(text)) < SHORTEST


def search(connection: DuckDBPyConnection, text: str) -> Found:
    """Find the customers with a token that begins with the text, or with all of its words.

    Whole tokens come before beginnings, those before words found apart; then by token and customer id.
    """
    parameters: dict[str, str] = {}
    spelt = [folded for folded in spellings(text[:LONGEST]) if folded]
    whole = dict.fromkeys([*spelt, *(" ".join(words_of(folded)) for folded in spelt), *digits_of(text[:LONGEST])])
    prefixes = [each for each in whole if each]
    if not prefixes:
        return Found((), 0, at_least=False)
    hits = [_whole(parameters, place, prefix) for place, prefix in enumerate(prefixes)]
    if len(words := _words(spelt)) > 1:
        apart = " intersect ".join(f"select customer from search_token where {_word(parameters, word)}" for word in words)
        hits.append(f"select -1 as part, customer, 'name' as kind, '' as token, 2 as rank from ({apart})")
    sql = f"""
        with hits as materialized ({" union all ".join(f"({each})" for each in hits)}),
        found as (select customer, min((rank, token)) as best, arg_min(kind, (rank, token)) as kind from hits group by customer),
        parts as (select count(*) as rows from hits where part >= 0 group by part)
        select customer, kind, count(*) over (), (select coalesce(max(rows), 0) = {MOST_HITS} from parts)
        from found order by best, customer limit {SHOWN}
    """
    rows = connection.execute(sql, parameters).fetchall()
    kinds = {row[0]: row[1] for row in rows}
    return Found(_hits(connection, kinds), rows[0][2], at_least=rows[0][3]) if rows else Found((), 0, at_least=False)


def _hits(connection: DuckDBPyConnection, kinds: dict[int, str]) -> tuple[Hit, ...]:
    """Read the customers with these numbers, in this order; by the index, which a join would not use."""
    sql = f"""
        select number, customer_id, name, email, place, known, records, visitors
        from customer where number in ({", ".join("?" for _ in kinds)})
    """
    found = {row[0]: Hit(kinds[row[0]], *row[1:]) for row in connection.execute(sql, list(kinds)).fetchall()}
    return tuple(found[each] for each in kinds)


def _whole(parameters: dict[str, str], part: int, prefix: str) -> str:
    """The first tokens that begin with the whole text; a token that is the text is the first of them."""
    return f"""
        select {part} as part, customer, kind, token, case when token = {_bind(parameters, prefix)} then 0 else 1 end as rank
        from search_token where {_range(parameters, prefix)} order by token, customer limit {MOST_HITS}
    """


def _word(parameters: dict[str, str], spelt: list[str]) -> str:
    """One of several words: it may begin anything, but one or two letters only a name, or nearly all would be found."""
    kinds = "kind = 'name'" if min(map(len, spelt)) <= SHORT else "kind <> 'full name'"
    return f"({' or '.join(_range(parameters, prefix) for prefix in spelt)}) and {kinds}"


def _words(spelt: list[str]) -> list[list[str]]:
    """The first words of the search, each in its spellings."""
    lists = [words_of(folded)[:MOST_WORDS] for folded in spelt]
    if len({len(words) for words in lists}) != 1:
        lists = lists[:1]
    return [list(dict.fromkeys(together)) for together in zip(*lists, strict=True)]


def _range(parameters: dict[str, str], prefix: str) -> str:
    return f"(token >= {_bind(parameters, prefix)} and token < {_bind(parameters, after_prefix(prefix))})"


def _bind(parameters: dict[str, str], value: str) -> str:
    name = f"v{len(parameters)}"
    parameters[name] = value
    return f"${name}"
