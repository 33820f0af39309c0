"""Which column of a source holds the primary keys of another: counted, not guessed from names alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from cdp_assets.lake import no_values_in_errors
from cdp_assets.lake.source import name as quoted
from cdp_assets.start.kinds import Part
from cdp_assets.start.meanings import Meaning
from cdp_assets.start.names import words

MOSTLY = 0.9
_VAGUE = frozenset("id no nr key number code of the num uuid guid".split())
_SHORT = re.compile(r"9{1,6}")


@dataclass(frozen=True)
class Relation:
    """A column whose values are keys of another source. `rows` of `filled` rows with a value have one that is there.

    `sure`: false where the values could be in both by chance.
    """

    source: str
    field: str
    target: str
    target_field: str
    rows: int
    filled: int
    sure: bool

    @property
    def share(self) -> float:
        """Which part of the rows with a value has one that is there."""
        return self.rows / self.filled if self.filled else 0.0

    @property
    def why(self) -> str:
        """The counts, in words."""
        count = f"all {self.filled:,}" if self.rows == self.filled else f"{self.rows:,} of {self.filled:,}"
        return f"{count} values are in {self.target}.{self.target_field}"


def relations(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> tuple[Relation, ...]:
    """All columns of all sources of which most values are primary keys of a source of people or companies."""
    targets = [part for part in parts if part.use in ("people", "companies") and part.key is not None]
    return tuple(
        relation
        for part in parts
        for meaning in part.meanings
        for target in targets
        if target is not part and (relation := _relation(connection, part, meaning, target)) is not None
    )


def _relation(connection: duckdb.DuckDBPyConnection, part: Part, meaning: Meaning, target: Part) -> Relation | None:
    assert target.key is not None
    key = target.key.meaning.seen
    seen = meaning.seen
    if not seen.filled or meaning.type in _NEVER or meaning.type.startswith(("person.", "location.")):
        return None
    if not {form for form, _ in seen.forms} & {form for form, _ in key.forms}:
        return None
    with no_values_in_errors(f"source {part.name}"):
        rows = connection.execute(
            f"""
            select coalesce(sum(n), 0) from (
                select nullif(trim(cast({quoted(seen.raw)} as varchar)), '') as value, count(*) as n from {quoted(part.name)} group by 1)
            where value in (select trim(cast({quoted(key.raw)} as varchar)) from {quoted(target.name)} where {quoted(key.raw)} is not null)
            """
        ).fetchall()[0][0]
    if rows < MOSTLY / 2 * seen.filled:
        return None
    named = bool(set(_named(meaning.seen.column)) & {*_named(key.column), *_named(target.name)})
    telling = not all(_SHORT.fullmatch(form) for form, _ in seen.forms)
    return Relation(part.name, seen.field, target.name, key.field, int(rows), seen.filled, sure=named or telling)


_NEVER = frozenset(["date", "timestamp", "boolean", "decimal", "number", "identity.phone"])


def _named(name: str) -> Iterator[str]:
    """The words of a name that say something; customers and customer are one."""
    return (word.removesuffix("s") for word in words(name).split("_") if word and word not in _VAGUE)
