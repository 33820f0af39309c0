"""The texts under which a customer is found. Only which texts they are; how they are made alike is in words.py."""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from cdp_assets.publish.words import LAST_DIGITS

KINDS: dict[str, str] = {
    "person.full_name": "name",
    "person.first_name": "name",
    "person.middle_name": "name",
    "person.last_name": "name",
    "organization.name": "name",
    "identity.email": "email",
    "identity.phone": "phone",
    "identity.id": "id",
}
"""The types of fields whose values are searched, and as what."""

_LOSERS_AND_IDS = """
    select o.customer_id, s.kind, unnest(o.losing_values) as value
    from profile_lineage o join searched s on s.attribute = o.attribute
    union all
    select customer_id, 'id', record_key from alternate_keys
    union all
    select customer_id, 'id', customer_id from unified_profiles
    union all
    select surviving_customer_id, 'old id', customer_id from customer_id_redirects where surviving_customer_id is not null
"""

# Every distinct value is worked on once: names repeat a lot, and letters beyond ASCII go through Python.
TOKENS = f"""
    with folded as (
        select kind, value, fold(value) as plain, fold(umlauts_in_two_letters(value)) as german
        from (select distinct kind, value from said)
    ),
    worded as (
        select kind, value, words_of(plain) as words, words_of(german) as german_words
        from folded where kind = 'name'
    ),
    made as (
        select kind, value, unnest(
            words || german_words || regexp_split_to_array(in_order(words || german_words), '[^a-z0-9]+')
        ) as token, kind as found_by
        from worded
        union all
        select kind, value, unnest([in_order(words), last_first(words), in_order(german_words), last_first(german_words)]), 'full name'
        from worded where len(words) > 1
        union all
        select kind, value, unnest([digits, right(digits, {LAST_DIGITS})]), kind
        from (select kind, value, regexp_replace(plain, '[^0-9]', '', 'g') as digits from folded where kind = 'phone')
        union all
        select kind, value, plain, kind from folded where kind not in ('name', 'phone')
    )
    select distinct m.token, m.found_by as kind, s.customer
    from made m join said s on s.kind = m.kind and s.value = m.value
    where m.token <> ''
"""
"""Reads `said` (customer, kind, value); gives the rows of search_token. The macros are those of words.teach."""


def searched(meanings: Mapping[str, str]) -> dict[str, str]:
    """The fields of the profile that are searched, and as what."""
    return {name: KINDS[meaning] for name, meaning in meanings.items() if meaning in KINDS}


def said(meanings: Mapping[str, str]) -> str:
    """SQL of all that a customer may be searched by: (customer_id, kind, value), from the inputs and `searched`."""
    parts: list[exp.Query] = [_column(name, kind) for name, kind in searched(meanings).items()]
    for first in of_meaning(meanings, "person.first_name"):
        parts += [_pair(first, last) for last in of_meaning(meanings, "person.last_name")]
    configured = [f"union all {part.sql(dialect='duckdb')}" for part in parts]
    return "\n".join([_LOSERS_AND_IDS, *configured])


def of_meaning(meanings: Mapping[str, str], meaning: str) -> Sequence[str]:
    """The fields of the profile with this meaning, in their order."""
    return [name for name, found in meanings.items() if found == meaning]


def column(name: str) -> exp.Expression:
    """A configured field as text."""
    return exp.cast(exp.column(name, quoted=True), "varchar")


def _column(name: str, kind: str) -> exp.Query:
    there = exp.column(name, quoted=True).is_(exp.null()).not_()
    columns = [exp.column("customer_id"), exp.alias_(exp.Literal.string(kind), "kind"), exp.alias_(column(name), "value")]
    return exp.select(*columns).from_("unified_profiles").where(there)


def _pair(first: str, last: str) -> exp.Query:
    both = exp.func("concat_ws", exp.Literal.string(" "), column(first), column(last), dialect="duckdb")
    columns = [exp.column("customer_id"), exp.alias_(exp.Literal.string("name"), "kind"), exp.alias_(both, "value")]
    there = exp.and_(*(exp.column(name, quoted=True).is_(exp.null()).not_() for name in (first, last)))
    return exp.select(*columns).from_("unified_profiles").where(there)
