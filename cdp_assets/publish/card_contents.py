"""The SQL that fills the tables of card_tables from the tables of the lake, as far as the project has them."""

from collections.abc import Mapping

from sqlglot import exp

from cdp_assets.activities.tables import NET_AMOUNT
from cdp_assets.config.unified import called
from cdp_assets.lake import Source, Table
from cdp_assets.lake.source import literal, name
from cdp_assets.publish import card_tables as tables
from cdp_assets.publish.tokens import of_meaning

SERVE = "serve"
"""The name under which the file is attached while it is filled."""

_PREDICTION = """
    select model, months, grade, summary, active, 100 * success_rate as found, 100 * baseline_success_rate as found_by_simple_rule
    from clv_results
"""

_VALUE = f"""
    select c.number as customer, s.model, s.score, s.rank, s.percentile, s.high_value
    from clv_scores s join {SERVE}.customer c on c.customer_id = s.customer_id
"""

_PERCENTILES = "select model, percentile, customers, average from clv_percentiles"
_FACTORS = "select model, factor, impact from clv_factors"

_ACTIVITY = f"""
    select c.number as customer, row_number() over (partition by c.number order by a.time desc, a.activity_id) as nth,
           a.time, a.type, a.title, a.detail, a.product, {NET_AMOUNT} as amount, a.returned, a.source, a.url
    from unified_activities a join {SERVE}.customer c on c.customer_id = a.customer_id
    where a.show
"""

_MONTH = """
    select account_id, aggregation_start_date as month,
           no_of_emails_to_account + no_of_emails_from_account as emails,
           no_of_meetings_to_account + no_of_meetings_from_account as meetings
    from account_engagement where aggregation_level = 'month'
"""

_CONSENT = f"""
    select c.number as customer, s.purpose, s.given, s.at
    from consents s join {SERVE}.customer c on c.customer_id = s.customer_id
"""

_SEGMENT = f"""
    select c.number as customer, m.segment, s.rule, m.entered_on as since
    from segment_membership m
    join segments s on s.segment = m.segment
    join {SERVE}.customer c on c.customer_id = m.member_id
    where m.left_on is null
"""


def contents(inputs: Mapping[str, Source], account_meanings: Mapping[str, str]) -> dict[Table, str | None]:
    """Each table with the SQL that fills it from views of these inputs; None where the project has not what it needs.

    `account_meanings`: field of account_profiles -> its type in cdp.yaml.
    """
    found: dict[Table, tuple[str | None, tuple[str, ...]]] = {
        tables.PREDICTION: (_PREDICTION, ("clv_results",)),
        tables.CUSTOMER_VALUE: (_VALUE, ("clv_scores",)),
        tables.VALUE_PERCENTILE: (_PERCENTILES, ("clv_percentiles",)),
        tables.VALUE_FACTOR: (_FACTORS, ("clv_factors",)),
        tables.ACTIVITY: (_ACTIVITY, ("unified_activities",)),
        tables.CUSTOMER_MEASURE: (_measures(inputs), ("customer_measures",)),
        tables.ACCOUNT: (_accounts(inputs, account_meanings), ("account_profiles",)),
        tables.ACCOUNT_MONTH: (_MONTH, ("account_engagement",)),
        tables.ACCOUNT_CONTACT: (_contacts(inputs), ("contact_profiles",)),
        tables.CUSTOMER_CONSENT: (_CONSENT, ("consents",)),
        tables.CUSTOMER_SEGMENT: (_SEGMENT, ("segments", "segment_membership")),
    }
    return {table: sql if all(n in inputs for n in needed) else None for table, (sql, needed) in found.items()}


def _measures(inputs: Mapping[str, Source]) -> str | None:
    """One row a customer and measure, in the order of cdp.yaml."""
    if "customer_measures" not in inputs:
        return None
    measures = [c for c in inputs["customer_measures"].table.columns if c.name != "customer_id"]
    parts = [
        f"""
        select c.number as customer, {position} as position, {literal(called(measure.name))} as label,
               {_as_text(f"m.{name(measure.name)}", measure.type)} as value
        from customer_measures m join {SERVE}.customer c on c.customer_id = m.customer_id
        where m.{name(measure.name)} is not null
        """
        for position, measure in enumerate(measures, start=1)
    ]
    return " union all ".join(parts) or None


def _as_text(value: str, kind: str) -> str:
    """SQL that writes a measure as people read it."""
    if kind == "timestamp":
        return f"strftime({value}, '%-d %b %Y, %H:%M')"
    return f"format('{{:,}}', {value})" if kind == "bigint" else f"format('{{:,.2f}}', cast({value} as double))"


def _accounts(inputs: Mapping[str, Source], meanings: Mapping[str, str]) -> str | None:
    """An account with its name (the first field of type organization.name), place, logo, contacts and engagement of the year."""
    if "account_profiles" not in inputs:
        return None
    place = [f"a.{name(field)}" for meaning in ("location.city", "location.country") for field in of_meaning(meanings, meaning)[:1]]
    called, logo = of_meaning(meanings, "organization.name"), of_meaning(meanings, "organization.logo_image")
    contacts = "select account_id, count(*) as contacts from contact_profiles group by account_id"
    year = "select * from account_engagement where aggregation_level = 'year'"
    mails = "e.no_of_emails_to_account + e.no_of_emails_from_account"
    meets = "e.no_of_meetings_to_account + e.no_of_meetings_from_account"
    has_contacts, has_engagement = "contact_profiles" in inputs, "account_engagement" in inputs
    engagement = f"e.engagement_score as score, {mails} as emails, {meets} as meetings, cast(e.engagement_start_date as date) as since"
    return f"""
        select a.account_id, {f"a.{name(called[0])}" if called else "a.account_id"} as name,
               {f"nullif(concat_ws(', ', {', '.join(place)}), '')" if place else "cast(null as varchar)"} as place,
               {"coalesce(c.contacts, 0)" if has_contacts else "0"} as contacts,
               {engagement if has_engagement else "null as score, null as emails, null as meetings, null as since"},
               {f"a.{name(logo[0])}" if logo else "cast(null as varchar)"} as logo
        from account_profiles a
        {f"left join ({contacts}) c on c.account_id = a.account_id" if has_contacts else ""}
        {f"left join ({year}) e on e.account_id = a.account_id" if has_engagement else ""}
    """


def _contacts(inputs: Mapping[str, Source]) -> str | None:
    """A contact with what the configuration has mapped of name, e-mail address and position."""
    if "contact_profiles" not in inputs:
        return None
    there = inputs["contact_profiles"].table.column_names

    def mapped(attribute: str) -> str:
        return f"p.{name(attribute)}" if attribute in there else "cast(null as varchar)"

    return f"""
        select p.account_id, p.contact_id, c.number as customer, p.customer_id,
               nullif(concat_ws(' ', {mapped("first_name")}, {mapped("last_name")}), '') as name,
               {mapped("primary_email")} as email, {mapped("job_title")} as job_title
        from contact_profiles p left join {SERVE}.customer c on c.customer_id = p.customer_id
        where p.account_id is not null
    """


def nothing(table: Table) -> exp.Query:
    """No rows of a table."""
    nulls = (exp.alias_(exp.cast(exp.null(), c.type, dialect="duckdb"), c.name, quoted=True) for c in table.columns)
    return exp.select(*nulls).where("false")
