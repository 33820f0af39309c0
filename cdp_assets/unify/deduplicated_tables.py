"""The declarations of duplicates: pairs of one source's records, and its records with their winners."""

from cdp_assets.config import ProjectConfig
from cdp_assets.lake import Column, Table, columns

# A field of the configuration has no space in its name: it cannot be called so.
FILLED = Column("filled fields", "bigint", "number of fields with a value")
TAKEN = columns(
    """
    taken_fields | varchar[] | of a winner: the fields whose value is another record's, because the field has a rule of its own
    taken_keys   | varchar[] | the keys of these records, in the same order
    taken_files  | varchar[] | the files that they were read from
    taken_lines  | bigint[]  | the lines in these files
    own_values   | varchar[] | what the winner itself has in these fields, as text; null where it has nothing
    """,
    personal=("taken_keys", "own_values"),
    required=("taken_fields", "taken_keys", "taken_files", "taken_lines", "own_values"),
)
"""Only where dedupe has `fields` for the source (winners.py)."""


def duplicate_pairs(source: str) -> Table:
    """The pairs of a source's records for which a dedupe rule holds."""
    return Table(
        f"duplicate_pairs_{source}",
        grain=f"one pair of records of {source} for which one dedupe rule holds",
        key=("left_key", "right_key", "rule"),
        columns=columns(
            """
            left_key  | varchar | the smaller key of the two
            right_key | varchar | the greater key
            rule      | varchar | name of the rule
            rule_rank | integer | place of the rule in the configuration, from 0
            score     | double  | the lowest score of the rule's conditions, above 0 to 1
            status    | varchar | used; refused: the pair is not taken under this rule; review: alike enough only for people to decide
            reason    | varchar | why it is refused, such as the field of the exception; null otherwise
            """,
            personal=("left_key", "right_key"),
            required=("rule_rank", "score", "status"),
        ),
    )


def deduplicated(config: ProjectConfig, source: str) -> Table:
    """The records of a source, each key once, with the winner of their group of duplicates."""
    fixed = columns(
        """
        record_key     | varchar   | key of the record
        winner_key     | varchar   | key of the record that goes on for the whole group of duplicates
        is_winner      | boolean   | it goes on itself
        rule           | varchar   | rule of the strongest pair that put it into its group; null: it is alone
        score          | double    | score of that pair
        duplicate_rows | bigint    | rows of the source with this key, which became this record
        alternates     | varchar[] | of a winner: keys of the other records of its group, in order; else empty
        source_file    | varchar   | file that the record was read from
        source_line    | bigint    | line in that file
        """,
        personal=("record_key", "winner_key", "alternates"),
        required=("winner_key", "is_winner", "duplicate_rows", "alternates", "source_file", "source_line"),
    )
    fields = tuple(
        Column(name, field.data_type, f"field {name} ({field.type})", personal=field.personal)
        for name, field in config.sources[source].fields.items()
    )
    dedupe = config.customers.dedupe.get(source)
    taken = TAKEN if dedupe and dedupe.fields else ()
    columns_ = (*fixed, *taken, *fields)
    return Table(f"deduplicated_{source}", grain=f"one record of {source}", key=("record_key",), columns=columns_, looked_up=True)
