"""Declarations of the station `exports`: runs, what became of each member, and the last run of each export."""

from cdp_assets.lake import Table, columns

STARTED, INTERRUPTED = "started", "interrupted"
"""States of runs that others do not say: the intent, written before a file is; and of a run that never came to its end."""
STATES = ("delivered", "dry_run", "suppressed", "no_contact", "refused", "failed")
"""The states of a member in a run: it has exactly one of them."""

EXPORT_RUNS = Table(
    "export_runs",
    grain="one run of one export, also one that was refused: a row when it starts to write files, and one when it ended; "
    "rows are added and never changed",
    key=("run_id", "export", "state"),
    retention="for good: it shows what left the product, when and by whom",
    columns=columns(
        """
        run_id        | varchar   | the run
        export        | varchar   | name of the export in cdp.yaml
        connection    | varchar   | name of the connection in cdp.yaml
        kind          | varchar   | file, dynamics_sales or dynamics_marketing
        started       | timestamp | when, UTC by the machine's clock, because it says when people acted
        as_of         | date      | the day that the run was for
        members_as_of | date      | the day for which the segments were computed
        user_name     | varchar   | who ran it; dagster: its user interface or a schedule
        state         | varchar   | started, then done, done_with_errors, refused, failed, dry_run, or interrupted: never ended
        selected      | bigint    | members of the segments, each once in each of its segments
        delivered     | bigint    | those that are in a file at the end; started, interrupted: 0, which says nothing about them
        message       | varchar   | what happened, in words; never a value from the data
        """,
        personal=["user_name"],
        required=["connection", "kind", "started", "as_of", "user_name", "state", "selected", "delivered", "message"],
    ),
)

EXPORT_LEDGER = Table(
    "export_ledger",
    grain="one member of one segment in one run of an export, in exactly one state; rows are added and never changed",
    key=("run_id", "export", "segment", "member_id"),
    retention="for good, as the record of who was sent where; erasure of a customer reaches its rows",
    columns=columns(
        """
        run_id    | varchar | the run
        export    | varchar | name of the export
        segment   | varchar | name of the segment
        member_id | varchar | id of the customer or contact
        state     | varchar | delivered, dry_run, suppressed, no_contact, refused or failed
        reason    | varchar | why it was not sent; null: it was, or would have been
        target_id | varchar | id of the contact at the destination; null for files and where none is known
        """,
        personal=["member_id", "target_id"],
        required=["state"],
    ),
)


def export_table(export: str) -> Table:
    """The declaration of the last run of an export, by segment."""
    return Table(
        f"export_{export}",
        grain=f"a segment in the last run of the export {export}: how many members were in which state",
        key=("segment",),
        columns=columns(
            """
            segment    | varchar | name of the segment
            run_id     | varchar | the run
            state      | varchar | done, dry_run, refused or failed
            selected   | bigint  | members of the segment
            delivered  | bigint  | those that are in the file now
            dry_run    | bigint  | those that would have been sent to Dynamics
            suppressed | bigint  | those who have not consented to the purpose
            no_contact | bigint  | those of whom no contact at the destination is known; none is created
            refused    | bigint  | those who were not sent because the segment or the whole run was refused
            failed     | bigint  | those who could not be written
            reason     | varchar | why the segment was refused or failed; null: it was not
            file       | varchar | the file, relative to the project; null: none was written
            """,
            required=["run_id", "state", "selected", *STATES],
        ),
        retention="until the next run; export_runs and export_ledger keep them all",
    )
