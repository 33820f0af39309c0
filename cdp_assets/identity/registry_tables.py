"""Declarations of the id registry: who holds which customer id, who held it before, and where a retired id leads."""

from cdp_assets.lake import Table, columns

CONFIGURED = "configured:"
"""How the base record of an id begins that comes from the fields of `customers.id`; a source's name holds no such sign."""

_BASE = f"`source|key` of the smallest record of the cluster that the id was issued for, or {CONFIGURED} and an md5 of configured fields"

CUSTOMER_IDS = Table(
    "customer_ids",
    grain="a record (or visitor) and a customer id that it holds now or held before",
    key=("source", "record_key", "customer_id"),
    columns=columns(
        f"""
        source        | varchar | source of the record
        record_key    | varchar | the record's key, or the visitor's id
        customer_id   | varchar | md5 of `base_record|generation`, 32 hexadecimal characters
        base_record   | varchar | {_BASE}
        generation    | integer | 0, 1, ...: how many ids had been issued for that base record before
        birth         | bigint  | registry number in which the id was issued
        since         | bigint  | registry number in which the record got the id, the last time that it did
        until         | bigint  | registry number of the version in which the record had given it up; null: it holds it
        held          | boolean | whether the record holds the id now; false: it held it before
        """,
        personal=("record_key", "base_record"),
        required=("base_record", "generation", "birth", "since", "held"),
    ),
    retention="for ever: an id that was given up is given to nobody but its former records",
)

CUSTOMER_ID_REDIRECTS = Table(
    "customer_id_redirects",
    grain="a customer id that no record holds any more",
    key=("customer_id",),
    columns=columns(
        """
        customer_id           | varchar | the id that was given up
        surviving_customer_id | varchar | the id that now holds most of its former records; null: none of them is left
        since                 | bigint  | newest registry number in which the surviving id took one of them; null: none is left
        """
    ),
    retention="for ever, as the registry that it is made from",
)


CONFIGURED_IDS = Table(
    "configured_ids",
    grain="a cluster whose fields of customers.id have values, and the id that they give",
    key=("cluster_id",),
    columns=columns(
        """
        cluster_id      | varchar | the cluster
        smallest_record | varchar | its smallest `source|key`
        records         | bigint  | how many records and visitors it has
        customer_id     | varchar | the id that it asks for: md5 of `base_record|0`
        base_record     | varchar | md5 of the sources and values of these fields, after a word that says so
        clusters        | bigint  | clusters that ask for the same id; of several one gets it, the others have one of the registry
        """,
        personal=("smallest_record",),
        required=("smallest_record", "records", "customer_id", "base_record", "clusters"),
    ),
)

CAUSES = {
    "new record": "it had no id before",
    "came back": "it had an id once, and has one again",
    "record gone": "no source holds it any more",
    "no profile": "nothing matches it any more, and its source keeps only what matches",
    "merged": "all records of its customer are with another customer now, which keeps its id",
    "split": "its customer fell apart, and another part kept the id",
    "moved": "its customer fell apart, and it is with another customer now, which keeps its id",
    "configured value": "the fields of customers.id give another id",
    "not recorded": "refreshes ended before they wrote this table, and the records that would tell why have other ids since",
    "unexplained": "none of these: a fault of the program, and nothing is written",
}
"""Why a record has another customer id than before."""

CUSTOMER_ID_CHANGES = Table(
    "customer_id_changes",
    grain="a change of the customer id of a record or visitor",
    key=("source", "record_key", "change"),
    columns=columns(
        f"""
        source               | varchar | source of the record
        record_key           | varchar | the record's key, or the visitor's id
        change               | integer | 1, 2, ...: the record's first, second change
        change_set           | bigint  | 1, 2, ...: the refresh that found it, counting those that found any
        previous_customer_id | varchar | the id before; null: it had none
        customer_id          | varchar | the id since; null: it has none
        cause                | varchar | {"; ".join(f"{cause}: {words}" for cause, words in CAUSES.items())}
        """,
        personal=("record_key",),
        required=("change_set", "cause"),
    ),
    retention="for ever, as the registry whose history it is",
)
