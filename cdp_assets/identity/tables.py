"""The declarations of the evidence that records are one person, and of what follows from it: edges and clusters."""

from cdp_assets.lake import Table, columns, intermediate

MATCH_EDGES = Table(
    "match_edges",
    grain="one pair of records (or a record and a visitor) for which one rule holds, used or not",
    key=("left_source", "left_key", "right_source", "right_key", "rule"),
    columns=columns(
        """
        left_source  | varchar | source of the left record: the one that stands higher in match_order
        left_key     | varchar | key of the left record; inside one source the smaller of the two
        right_source | varchar | source of the right record or visitor
        right_key    | varchar | key of the right record, or visitor id
        kind         | varchar | duplicate (inside a source), match (between sources) or visitor
        rule         | varchar | name of the rule that holds for the pair
        rule_rank    | integer | place of the rule in the order in which rules are tried, from 0
        weight       | double  | how alike the pair is under the rule, above 0 to 1
        status       | varchar | joined: made two groups one; redundant: its ends are together already; refused; or review: people decide
        reason       | varchar | why it was refused; null otherwise
        """,
        personal=("left_key", "right_key"),
        required=("kind", "rule_rank", "weight", "status"),
    ),
)

MATCH_OVERRIDES = Table(
    "match_overrides",
    grain="one statement of people on two records: always or never one, from a list of pairs or a decision",
    key=("entity", "origin", "entry"),
    columns=columns(
        """
        entity          | varchar | whose records they are: customers, accounts or contacts
        origin          | varchar | the source that is the list, or decision
        entry           | varchar | key of the list's row, or subject of the decision
        verdict         | varchar | always: they are one, whatever the rules say; never: they are not
        left_source     | varchar | source of the left record: the one that stands higher in match_order
        left_key        | varchar | key of the left record; inside one source the smaller of the two
        right_source    | varchar | source of the right record or visitor
        right_key       | varchar | key of the right record, or visitor id
        state           | varchar | used; or why it is not: contradicted, unknown_source, same_record, incomplete
        contradicted_by | varchar | where the same two records are said never to be one; null: nowhere
        source_file     | varchar | file of the list; null for a decision
        source_line     | bigint  | line in that file; null for a decision
        """,
        personal=("entry", "left_key", "right_key"),
        required=("verdict", "state"),
    ),
)

TERM_FREQUENCIES = Table(
    "term_frequencies",
    grain="a word of addresses or of names of organisations, an identifier that too many customers share, or the number of all of a kind; "
    "as it was when it was learnt",
    key=("kind", "type", "term"),
    columns=columns(
        """
        kind    | varchar | word, identifier, or all: how many texts or identifiers of a type there were
        type    | varchar | of a word: address or organization; of an identifier its semantic type, such as identity.phone
        term    | varchar | the word or identifier, as it is compared; of all: empty
        records | bigint  | texts with this word, records with this identifier; of all: how many
        people  | bigint  | of an identifier: how many different names its records have
        weight  | integer | of a word: 1000 x ln(1 + texts / texts with the word)
        """,
        personal=("term",),
        required=("records",),
    ),
    retention="until it is learnt again",
)

CLUSTERS = Table(
    "clusters",
    grain="one record of a source, or one visitor, with the group of records that are the same person",
    key=("source", "record_key"),
    columns=columns(
        """
        source          | varchar | source of the record or visitor
        record_key      | varchar | key of the record, or visitor id
        cluster_id      | varchar | id of the group in this state of the data: md5 of its smallest record
        smallest_record | varchar | the smallest "source|record_key" of the group
        records         | bigint  | number of records and visitors in the group
        has_profile     | boolean | false: left out, because nothing matched and its source keeps only what matches
        """,
        personal=("record_key", "smallest_record"),
        required=("cluster_id", "smallest_record", "records", "has_profile"),
    ),
)

_PAIR = """
    left_source  | varchar | source of the left record
    left_key     | varchar | key of the left record
    right_source | varchar | source of the right record
    right_key    | varchar | key of the right record
    rule         | varchar | name of the rule that holds
    rule_rank    | integer | place of the rule
"""


def pairs(name: str) -> Table:
    """Pairs of records for which one rule holds, with their score; status null: nothing speaks against the pair yet."""
    lines = [
        "score  | double  | the lowest score of the rule's conditions",
        "status | varchar | null: proposed",
        "reason | varchar | why it is not used",
    ]
    return intermediate(name, "\n".join([_PAIR.rstrip(), *lines]))


def evidence(name: str, *more: str) -> Table:
    """Rows on their way to MATCH_EDGES; status null: proposed, nothing speaks against it yet."""
    text = "\n".join(
        [
            _PAIR.rstrip(),
            "kind   | varchar | kind of the edge",
            "weight | double  | how alike the pair is",
            "status | varchar | null: proposed",
            "reason | varchar | why it is not used",
            *more,
        ]
    )
    return intermediate(name, text)
