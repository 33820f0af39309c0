"""Declarations of what unification gives: profiles, where each of their values comes from, and the way to a profile."""

from collections.abc import Iterable

from cdp_assets.config import ProjectConfig
from cdp_assets.config.clusters import cluster_columns
from cdp_assets.config.unified import keys_column, record_sources
from cdp_assets.lake import Column, Table, columns
from cdp_assets.unify.fields import UnifiedField, unified_fields

_RULE = (
    "how the value was chosen: importance (the first source in order that has one), most_recent, least_recent;"
    " `group <name>: ` stands before it where several fields come from one record"
)

PROFILE_LINEAGE = Table(
    "profile_lineage",
    grain="a field of a profile that has a value, and the record that the value comes from",
    key=("customer_id", "attribute"),
    columns=columns(
        f"""
        customer_id    | varchar   | id of the profile
        attribute      | varchar   | field of the profile
        source         | varchar   | source of the record whose value the profile shows
        record_key     | varchar   | key of that record
        source_file    | varchar   | file of that record, relative to the project folder
        source_line    | bigint    | line of that record in its file
        rule           | varchar   | {_RULE}
        losing_values  | varchar[] | other values that the winners of the dedupe show, as text, in order, each once; none of duplicates
        losing_records | varchar[] | `source|key` of the records that have one of them, in order
        """,
        personal=("record_key", "losing_values", "losing_records"),
        required=("source", "record_key", "source_file", "source_line", "rule", "losing_values", "losing_records"),
    ),
)

ALTERNATE_KEYS = Table(
    "alternate_keys",
    grain="a record or visitor that belongs to a profile: the way from any source's key to the customer",
    key=("source", "record_key"),
    columns=columns(
        """
        source        | varchar   | source of the record or the visitor's events
        record_key    | varchar   | key of the record, or the visitor's id
        customer_id   | varchar   | id of its profile
        kind          | varchar   | record or visitor
        is_winner     | boolean   | whether its values count for the profile; false for duplicates and visitors
        source_file   | varchar   | file of the record; null for visitors
        source_line   | bigint    | line of the record in its file; null for visitors
        identified_at | timestamp | visitors: since when it is known that this is the customer; null for unknown ones
        first_seen    | timestamp | visitors: time of the first event
        last_seen     | timestamp | visitors: time of the last event
        events        | bigint    | visitors: number of events
        """,
        personal=("record_key",),
        required=("customer_id", "kind", "is_winner"),
    ),
)


def unified_profiles(config: ProjectConfig) -> Table:
    """The declaration of the profiles: their fields are those of the configured sources, then clusters and keys."""
    return profiles_table(config, cluster_columns(config).values())


def profiles_table(config: ProjectConfig, clusters: Iterable[str] = ()) -> Table:
    """The profiles with these columns for clusters."""
    head = columns(
        """
        customer_id | varchar | id of the customer, the same for as long as the records stay together
        known       | boolean | whether it has a record of a source; false: nothing but visits is known
        """,
        required=("known",),
    )
    meaning = "keys of its records in {}, winners of the dedupe first"
    keys = (Column(keys_column(s), "varchar[]", meaning.format(s), personal=True, nullable=False) for s in record_sources(config))
    tail = columns(
        """
        records               | bigint    | records of sources behind the profile, duplicates included
        visitors              | bigint    | visitor ids behind the profile
        first_seen            | timestamp | time of the first event of its visitors
        last_seen             | timestamp | time of the last event of its visitors
        previous_customer_ids | varchar[] | other ids that its records held before, in order
        """,
        required=("records", "visitors", "previous_customer_ids"),
    )
    return Table(
        "unified_profiles",
        grain="a customer: a person, or a visitor of whom nothing else is known",
        key=("customer_id",),
        columns=(*head, *(_column(field) for field in unified_fields(config)), *map(_cluster, clusters), *keys, *tail),
    )


def _cluster(column: str) -> Column:
    meaning = f"{column.removesuffix('_id')} that the customer belongs to: the customer id of its oldest member; null for unknown visitors"
    return Column(column, "varchar", meaning)


def _column(field: UnifiedField) -> Column:
    if field.policy == "importance":
        origin = ", else ".join(f"{member.source}.{member.field}" for member in field.members)
    else:
        parts = ", ".join(f"{member.source}.{member.field} by {member.moment}" for member in field.members)
        origin = f"the {field.policy.replace('_', ' ')} of {parts}"
    together = f"; of one record with the group {field.group}" if field.group else ""
    return Column(field.name, field.data_type, f"{field.type}: {origin}{together}", personal=field.personal)
