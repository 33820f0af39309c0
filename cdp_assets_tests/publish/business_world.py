"""What the stations after unification would leave of the small world's customers: value, activities, an account, segments."""
# ruff: noqa: E501 - a row of a table stands in one line

from pathlib import Path

from cdp_assets.activities.tables import UNIFIED_ACTIVITIES
from cdp_assets.clv.tables import CLV_FACTORS, CLV_PERCENTILES, CLV_RESULTS, CLV_SCORES
from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT
from cdp_assets.governance.tables import CONSENTS
from cdp_assets.lake import Source, Table, columns, session
from cdp_assets.publish import Published, publish
from cdp_assets.segments.tables import SEGMENT_MEMBERSHIP, SEGMENTS
from cdp_assets_tests.publish.small_world import ANN, AS_OF, BEN, MEANINGS, source_of_rows, sources, world
from cdp_assets_tests.support import rows

ACME, QUIET_ACCOUNT = "1" * 32, "2" * 32
MEASURES = Table(
    "customer_measures",
    "a customer",
    ("customer_id",),
    columns("customer_id | varchar | id\ntotal_spend | decimal(38,2) | money\norders | bigint | number\nlast_order | timestamp | time"),
)
ACCOUNTS = Table(
    "account_profiles",
    "an account",
    ("account_id",),
    columns("account_id | varchar | id\ncompany | varchar | name\ncity | varchar | city\ncountry | varchar | country"),
)
ACCOUNT_MEANINGS = {"company": "organization.name", "city": "location.city", "country": "location.country"}
CONTACTS = Table(
    "contact_profiles",
    "a contact",
    ("contact_id",),
    columns(
        "contact_id | varchar | id\naccount_id | varchar | account\ncustomer_id | varchar | customer\nfirst_name | varchar | name\n"
        "last_name | varchar | name\nprimary_email | varchar | e-mail\njob_title | varchar | position"
    ),
)
BUSINESS: dict[str, tuple[Table, str]] = {
    "clv_results": (
        CLV_RESULTS,
        """
        model | months | grade | summary | active | success_rate | baseline_success_rate
        next_year | 12 | B | B +2.0 % (90 %: -3 % to +7 %) | 2 | 0.875 | 0.75
    """,
    ),
    "clv_scores": (
        CLV_SCORES,
        f"""
        model | customer_id | score | rank | percentile | high_value
        next_year | {ANN} | 1234.5 | 1 | 50.0  | true
        next_year | {BEN} | 10.25  | 2 | 100.0 | false
    """,
    ),
    "clv_percentiles": (
        CLV_PERCENTILES,
        "model | percentile | customers | average\nnext_year | 50 | 1 | 1234.5\nnext_year | 100 | 1 | 10.25",
    ),
    "clv_factors": (CLV_FACTORS, "model | factor | impact\nnext_year | days_since_last_transaction | 60.5\nnext_year | frequency | 39.5"),
    "unified_activities": (
        UNIFIED_ACTIVITIES,
        f"""
        activity_id | customer_id | activity | type | time | title | detail | product | amount | returned | show | source | source_key
        a1 | {ANN} | orders | SalesOrder | 2026-05-01 10:00:00 | Sales order |       | Kettle | 99.50  | false | true  | orders | O1
        a2 | {ANN} | orders | SalesOrder | 2026-05-04 10:00:00 | Sales order | Cork  | Kettle | 99.50  | true  | true  | orders | O2  # a return written above zero
        a3 | {ANN} | visits | WebEvent   | 2026-05-03 10:00:00 | page_view   |       |        |        | false | true  | web    | e1
        a4 | {ANN} | hidden | Note       | 2026-05-05 10:00:00 | Note        |       |        |        | false | false | notes  | n1
        a5 | {BEN} | orders | SalesOrder | 2026-05-02 10:00:00 | Sales order |       | Lamp   | 10.00  | false | true  | orders | O3
    """,
    ),
    "customer_measures": (
        MEASURES,
        f"""
        customer_id | total_spend | orders | last_order
        {ANN} | 1234567.80 | 1204 | 2026-05-04 10:00:00
        {BEN} | 10.00 | 1 |
    """,
    ),
    "account_profiles": (
        ACCOUNTS,
        f"account_id | company | city | country\n{ACME} | Acme Inc | Cork | Ireland\n{QUIET_ACCOUNT} | Quiet Ltd | |",
    ),
    "contact_profiles": (
        CONTACTS,
        f"""
        contact_id | account_id | customer_id | first_name | last_name | primary_email | job_title
        c1 | {ACME} | {ANN} | Ann | O'Brien | ann@acme.example | Buyer
        c2 | {ACME} |       | Zoe | Zimmer  | zoe@acme.example | Head of IT
    """,
    ),
    "account_engagement": (
        ACCOUNT_ENGAGEMENT,
        f"""
        account_id | aggregation_level | aggregation_start_date | no_of_emails_to_account | no_of_emails_from_account | no_of_meetings_to_account | no_of_meetings_from_account | engagement_start_date | engagement_score
        {ACME} | year  | 2025-11-20 | 30 | 12 | 2 | 1 | 2025-12-03 | 71
        {ACME} | month | 2025-11-20 | 30 | 10 | 0 | 0 | 2025-12-03 |
        {ACME} | month | 2025-12-20 | 0  | 2  | 2 | 1 |            |
    """,
    ),
    "consents": (
        CONSENTS,
        f"""
        customer_id | purpose | given | at | statements | contradicted
        {ANN} | newsletter | true  | 2026-01-01 10:00:00 | 1 | false
        {ANN} | calls      | false | 2026-01-02 10:00:00 | 2 | true
    """,
    ),
    "segments": (
        SEGMENTS,
        """
        segment | of_entity | rule | members | state | entered | departed
        high_value | customers | next_year: high value | 1 | members | 1 | 0
        nobody | customers | orders above 9999 | 0 | empty | 0 | 0
    """,
    ),
    "segment_membership": (
        SEGMENT_MEMBERSHIP,
        f"""
        segment | member_id | entered_on | left_on | reason
        high_value | {ANN} | 2026-11-01 |            | rule holds
        high_value | {BEN} | 2026-10-01 | 2026-11-01 | rule no longer holds
    """,
    ),
}


def published_business(folder: Path, **changed: str | tuple[Table, str]) -> Published:
    """Publish the small world with all of it; some tables given anew as text, or with another declaration."""
    folder.mkdir(exist_ok=True)
    found: dict[str, Source] = sources(folder, world())
    for table, (declared, text) in BUSINESS.items():
        given = changed.get(table, text)
        declaration, content = given if isinstance(given, tuple) else (declared, given)
        found[table] = source_of_rows(folder, declaration, rows(content, declaration))
    with session() as connection:
        return publish(connection, folder / "published", found, MEANINGS, run_id="run-1", as_of=AS_OF, account_meanings=ACCOUNT_MEANINGS)
