"""Declarations of the id registry: who holds which customer id, who held it before, and where a retired id leads."""

from cdp_assets.lake import Table, columns

CUSTOMER_IDS = Table(
    "customer_ids",
    grain="a record (or visitor) and a customer id that it holds now or held before",
    key=("source", "record_key", "customer_id"),
    columns=columns(
        """
        source        | varchar | source of the record
        record_key    | varchar | the record's key, or the visitor's id
        customer_id   | varchar | md5 of `base_record|generation`, 32 hexadecimal characters
        base_record   | varchar | `source|key` of the smallest record of the cluster that the id was issued for
        generation    | integer | 0, 1, ...: how many ids had been issued for that base record before
        birth         | bigint  | registry number in which the id was issued
        since         | bigint  | registry number in which the record got the id, the last time that it did
        held          | boolean | whether the record holds the id now; false: it held it before
        """,
        personal=("record_key", "base_record"),
        required=("base_record", "generation", "birth", "since", "held"),
    ),
    retention="for ever: an id that was given away is never given to anybody else",
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
