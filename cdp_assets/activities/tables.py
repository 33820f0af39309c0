"""The declarations of this station: what customers and accounts did, the rows that are left out, and the balance of both."""

from cdp_assets.lake import Table, columns

UNIFIED_ACTIVITIES = Table(
    "unified_activities",
    grain="one thing that a customer or an account did at a time",
    key=("activity_id",),
    columns=columns(
        """
        activity_id | varchar       | md5 of `activity|source_key`: the same as long as the row keeps its key
        customer_id | varchar       | the customer; null where it is an account's
        contact_id  | varchar       | the contact; null until activities of contacts are built
        account_id  | varchar       | the account; null where it is a customer's
        activity    | varchar       | name in the configuration
        type        | varchar       | SalesOrder, SalesOrderLine, Feedback, Loyalty, Subscription, WebEvent, or a type of one's own
        time        | timestamp     | when it happened, UTC
        title       | varchar       | the title field, else the name of the web event, else the type in words
        detail      | varchar       | what is told beside the title
        product     | varchar       | the product
        amount      | decimal(18,2) | the money as the source has it, below zero where it was given back; null: not stated
        returned    | boolean       | given back: the field that says so, else whether the amount is below zero
        url         | varchar       | a web address
        show        | boolean       | whether the card shows it
        source      | varchar       | source of the row
        source_key  | varchar       | the row's primary key, or the id of the web event
        """,
        required=["activity", "type", "time", "title", "returned", "show", "source", "source_key"],
        personal=["title", "detail", "product", "url", "source_key"],
    ),
)

NET_AMOUNT = "case when returned and amount > 0 then -amount else amount end"
"""What an activity adds to a sum: a return whose amount is written above zero counts below zero."""

REASONS = {
    "repeated_key": "its primary key occurs more than once; the first row counts",
    "no_customer_key": "it does not say whose it is",
    "customer_unknown": "no record of a customer has the id that it names",
    "no_time": "it has no time",
    "after_as_of": "it lies after the day of the run",
    "amount_out_of_range": "its amount is too large to be money",
}
"""Why a row of a source is in quarantine, in words."""

ACTIVITY_QUARANTINE = Table(
    "activity_quarantine",
    grain="a row of a source that is no activity of anybody, and the first reason that holds",
    key=("activity", "source_file", "source_line"),
    columns=columns(
        """
        activity    | varchar       | name of the activity in the configuration
        source      | varchar       | source of the row
        source_file | varchar       | file of the row, relative to the project folder
        source_line | bigint        | line of the row in its file
        source_key  | varchar       | the row's primary key, or the id of the web event
        reason      | varchar       | repeated_key, no_customer_key, customer_unknown, no_time, after_as_of or amount_out_of_range
        amount      | decimal(18,2) | the money of the row; null: not stated, or too large for this type
        """,
        required=["source", "source_key", "reason"],
        personal=["source_key"],
    ),
    retention="until the row is right, or gone, in the source, or its customer is known, or its day has come",
)

ACTIVITY_TOTALS = Table(
    "activity_totals",
    grain="an activity of the configuration: what became of the rows of its source",
    key=("activity",),
    columns=columns(
        """
        activity          | varchar       | name in the configuration
        source            | varchar       | source of the rows
        rows_in           | bigint        | rows of the source
        activities        | bigint        | rows that are activities
        quarantined       | bigint        | rows in activity_quarantine
        without_profile   | bigint        | web events of visitors who have no profile (include_all_records: false); no fault
        owners            | bigint        | customers (or accounts) with at least one
        money_in          | decimal(38,2) | money of the source's rows
        money             | decimal(38,2) | money of the activities
        money_quarantined | decimal(38,2) | money of the rows in quarantine
        """,
        required=["source", "rows_in", "activities", "quarantined", "without_profile", "owners", "money_in", "money", "money_quarantined"],
    ),
)
