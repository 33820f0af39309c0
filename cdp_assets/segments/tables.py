"""Declarations of segments: who is or was a member, and how large each segment is."""

from cdp_assets.lake import Table, columns

HOLDS = "rule holds"
NO_LONGER = "rule no longer holds"
GONE = {"customers": "no longer a customer", "contacts": "no longer a contact"}
REMOVED = "segment is no longer in cdp.yaml"

SEGMENT_MEMBERSHIP = Table(
    "segment_membership",
    grain="a time during which somebody is or was a member of a segment; who comes back has another one",
    key=("segment", "member_id", "entered_on"),
    columns=columns(
        f"""
        segment    | varchar | name in cdp.yaml
        member_id  | varchar | customer_id, of a segment of contacts contact_id
        entered_on | date    | first day on which the rule held
        left_on    | date    | first day on which it held no longer; null: is a member
        reason     | varchar | {HOLDS}, {NO_LONGER}, {GONE["customers"]}, {GONE["contacts"]}, or {REMOVED}
        """,
        required=["reason"],
    ),
    retention="for good: it says who was a member when; erasure removes a customer's rows",
)

SEGMENTS = Table(
    "segments",
    grain="a segment of cdp.yaml",
    key=("segment",),
    columns=columns(
        """
        segment    | varchar | name in cdp.yaml
        of_entity  | varchar | customers or contacts
        rule       | varchar | who is a member, in words
        members    | bigint  | how many there are; 0 is fine
        state      | varchar | members, or empty: the rule holds for nobody
        entered    | bigint  | of the members, those who became one on the day of the run
        departed   | bigint  | those who were members until the day of the run
        changed_on | date    | last day on which somebody became a member or ceased to be one; null: never
        """,
        required=["of_entity", "rule", "members", "state", "entered", "departed"],
    ),
    retention="as long as the segment is in cdp.yaml",
)
