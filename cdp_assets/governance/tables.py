"""Declarations of the station `governance`."""

from cdp_assets.lake import Table, columns

AUDIT_LOG = Table(
    "audit_log",
    grain="one denial or one change of state: who, what, when, on what, with which outcome",
    key=("entry_id",),
    retention="for good; erasure of a customer does not reach it, as it holds no customer's data",
    columns=columns(
        """
        entry_id | varchar | random id of the entry
        at | timestamp | when, UTC by the machine's clock
        user_name | varchar | the acting user
        action | varchar | what was asked for, such as refresh or publish
        subject | varchar | on what: a run, a version, a page
        outcome | varchar | allowed, denied, done or failed
        role | varchar | the user's role at that time; null: none
        detail | varchar | more in words; never a value from the data
        """,
        personal=["user_name"],
        required=["entry_id", "at", "user_name", "action", "outcome"],
    ),
)
