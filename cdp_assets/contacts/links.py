"""Which account a contact belongs to: its records name a record of an account, and one of them decides.

A link counts when the record that it names belongs to an account and went on in that source's dedupe. Of a contact's
records with such a link the first decides: by match_order, winners before duplicates, then the smallest key. All others
either agree with it or are in quarantine. A duplicate without a foreign key says nothing: its winner stands for it.
"""

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.contacts.tables import ACCOUNT_KEYS, CONTACT_ACCOUNT_LINKS, CONTACT_KEYS, CONTACT_QUARANTINE, contacts_of
from cdp_assets.lake import Check, Column, Stage, anyhow, by, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows

_RECORD = """
    source         | varchar | source of the contact's record
    record_key     | varchar | its key
    account_source | varchar | source of accounts
    account_key    | varchar | value of the foreign key
    rank           | integer | place of the source in match_order"""
_FOREIGN_KEYS = intermediate("foreign keys", _RECORD)
_POINTERS = intermediate("pointers", f"{_RECORD}\n    contact_id | varchar | the contact\n    is_winner | boolean | of its dedupe")
_JUDGED = intermediate(
    "judged", "\n".join(f"{c.name} | {c.type} | {c.description}" for c in _POINTERS.columns)
    + "\naccount_id | varchar | the account that it names\nreason | varchar | why the link does not count; null: it does",
)  # fmt: skip
_SETTLED = intermediate(
    "settled links",
    "\n".join(f"{c.name} | {c.type} | {c.description}" for c in _JUDGED.columns) + "\nplace | bigint | 1: this record decides",
)

_POINT = """
    select f.source, f.record_key, f.account_source, f.account_key, f.rank, k.contact_id, k.is_winner
    from "foreign keys" as f
    join contact_keys as k on k.source = f.source and k.record_key = f.record_key
    where k.is_winner or f.account_key is not null
"""

_JUDGE = """
    select
        p.source, p.record_key, p.account_source, p.account_key, p.rank, p.contact_id, p.is_winner, a.account_id,
        case
            when p.account_key is null then 'no_account'
            when a.account_id is null then 'account_unknown'
            when not a.is_winner then 'account_lost_deduplication'
        end as reason
    from pointers as p
    left join account_keys as a on a.source = p.account_source and a.record_key = p.account_key
"""

_SETTLE = """
    select
        source, record_key, account_source, account_key, rank, contact_id, is_winner, account_id,
        case when reason is null and account_id <> first_value(account_id) over first_one then 'another_account' else reason end as reason,
        row_number() over first_one as place
    from judged
    window first_one as (
        partition by contact_id order by reason is not null, rank, not is_winner, record_key, source
        rows between unbounded preceding and unbounded following
    )
"""

_LINKS = """
    select contact_id, account_id, source, record_key, account_source, account_key
    from "settled links" where reason is null and place = 1
"""

_QUARANTINE = """
    select source, record_key, contact_id, account_source, account_key, reason
    from "settled links" where reason is not null
"""


def link_stages(config: ProjectConfig) -> list[Stage]:
    """CONTACT_ACCOUNT_LINKS from contact_keys, account_keys and deduplicated_<source> of every source of contacts."""
    return [*_settled(config), _last(CONTACT_ACCOUNT_LINKS.name, _LINKS)]


def quarantine_stages(config: ProjectConfig) -> list[Stage]:
    """CONTACT_QUARANTINE from the same tables: the records whose link does not count."""
    return [*_settled(config), _last(CONTACT_QUARANTINE.name, _QUARANTINE)]


def link_checks() -> list[Check]:
    """What must hold before the links are written."""
    return [
        Check(
            "of_a_winning_account",
            "every link leads to a record of an account that went on, and to that account",
            """
            select count(*)
            from contact_account_links as l
            left join account_keys as a on a.source = l.account_source and a.record_key = l.account_key
            where a.is_winner is not true or a.account_id <> l.account_id
            """,
        ),
    ]


def quarantine_checks(config: ProjectConfig) -> list[Check]:
    """What must hold before the quarantine is written; the checks read `contact_account_links`, so the step has to read it too."""
    records = _foreign_keys(config).sql(dialect="duckdb")
    return [
        Check(
            "conservation",
            "every winner (and every duplicate with a foreign key) agrees with its contact's link or is in quarantine, never both",
            f"""
            select count(*)
            from (
                select
                    cast(q.source is not null as integer) + cast(coalesce(a.is_winner and a.account_id = l.account_id, false) as integer)
                        as places,
                    coalesce(k.is_winner or f.account_key is not null, false) as counts
                from ({records}) as f
                join contact_keys as k on k.source = f.source and k.record_key = f.record_key
                full join contact_quarantine as q on q.source = f.source and q.record_key = f.record_key
                left join account_keys as a on a.source = f.account_source and a.record_key = f.account_key
                left join contact_account_links as l on l.contact_id = k.contact_id
            ) as counted
            where places <> cast(counts as integer)
            """,
        ),
    ]


def key_columns(config: ProjectConfig, source: str, fields: Sequence[str]) -> tuple[Column, ...]:
    """What is read of the records of a source: their key, and these fields."""
    columns = config.sources[source].fields
    return (Column("record_key", "varchar", "key"), *(Column(f, columns[f].data_type, "field") for f in dict.fromkeys(fields)))


def _settled(config: ProjectConfig) -> list[Stage]:
    record, account = by("source", "record_key"), by("account_source", "account_key")
    sources = contacts_of(config).relationships
    tables = {f"deduplicated_{s}": key_columns(config, s, [r.foreign_key]) for s, r in sources.items()}
    few = ["c1", "c2", "c3", "c4"]
    ends: dict[str, Sequence[Any]] = {"source": ["crm"], "record_key": keys(), "rank": [0, 1], "contact_id": few, "account_source": ["erp"]}
    judged = {**ends, "account_id": ["a1", "a2", "a1"], "reason": [None, None, "no_account", None, "account_unknown"]}
    return [
        Stage(
            _FOREIGN_KEYS.name,
            dict.fromkeys(tables, anyhow()),
            _foreign_keys(config),
            _FOREIGN_KEYS,
            nasty=lambda: {table: nasty_rows(columns, {"record_key": keys()}) for table, columns in tables.items()},
        ),
        Stage(
            _POINTERS.name,
            {_FOREIGN_KEYS.name: record, CONTACT_KEYS.name: record},
            _POINT,
            _POINTERS,
            nasty=lambda: {
                _FOREIGN_KEYS.name: nasty_rows(_FOREIGN_KEYS.columns, {"source": ["crm"], "record_key": keys()}),
                CONTACT_KEYS.name: nasty_rows(CONTACT_KEYS.columns, {"source": ["crm"], "record_key": keys()[::-1]}),
            },
        ),
        Stage(
            _JUDGED.name,
            {_POINTERS.name: account, ACCOUNT_KEYS.name: record},
            _JUDGE,
            _JUDGED,
            nasty=lambda: {
                _POINTERS.name: nasty_rows(_POINTERS.columns, {**ends, "account_key": ["1", "2", None, "3", "4", "2"]}),
                ACCOUNT_KEYS.name: nasty_rows(ACCOUNT_KEYS.columns, {"source": ["erp"], "record_key": ["1", "2", "3"]}, rows=3),
            },
        ),
        Stage(
            _SETTLED.name,
            {_JUDGED.name: by("contact_id")},
            _SETTLE,
            _SETTLED,
            nasty=lambda: {_JUDGED.name: nasty_rows(_JUDGED.columns, judged)},
        ),
    ]


def _last(table: str, body: str) -> Stage:
    declared = {each.name: each for each in (CONTACT_ACCOUNT_LINKS, CONTACT_QUARANTINE)}[table]
    example: dict[str, Sequence[Any]] = {
        "source": ["crm"], "record_key": keys(), "contact_id": keys(), "account_id": ["a1", "a2"], "account_source": ["erp"],
        "reason": [None, None, "no_account"], "place": [1, 1, 1, 2], "account_key": ["1", "2", "3"],
    }  # fmt: skip
    return Stage(table, {_SETTLED.name: anyhow()}, body, declared, nasty=lambda: {_SETTLED.name: nasty_rows(_SETTLED.columns, example)})


def _foreign_keys(config: ProjectConfig) -> exp.Query:
    """What the records of all sources of contacts name, as text like every record's key."""
    contacts = contacts_of(config)
    parts = [
        exp.select(exp.Literal.string(source).as_("source"), "record_key")
        .select(exp.Literal.string(relationship.account).as_("account_source"))
        .select(exp.cast(exp.column(relationship.foreign_key, quoted=True), "varchar").as_("account_key"))
        .select(exp.convert(contacts.match_order.index(source)).as_("rank"))
        .from_(exp.Table(this=exp.to_identifier(f"deduplicated_{source}", quoted=True)))
        for source, relationship in contacts.relationships.items()
    ]
    return exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]
