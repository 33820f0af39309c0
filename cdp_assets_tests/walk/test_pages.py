"""What the pages show is what is in the lake."""

import html
import re
from datetime import date, datetime

import pytest
from starlette.testclient import TestClient

from cdp_assets.config import Project
from cdp_assets.web import create_app
from cdp_assets.web.words import MONTHS
from cdp_assets_tests.projects import AS_OF, query
from cdp_assets_tests.walk.asked import number

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def pages(walk: Project) -> TestClient:
    """The pages over the published snapshot."""
    app = create_app(walk.store / "published", lambda: None, today=lambda: AS_OF)
    return TestClient(app, base_url="http://127.0.0.1:8080")


def words_of(page: str) -> str:
    """The words of a page, without HTML."""
    inside = re.sub(r"<[^>]+>", " ", page.partition("<main")[2])
    return html.unescape(re.sub(r"\s+", " ", inside))


def section(text: str, begin: str, end: str) -> str:
    """What stands between two headings."""
    return text.partition(begin)[2].partition(end)[0]


@pytest.fixture(scope="module")
def contact(walk: Project) -> tuple[str, str]:
    """The best customer who is a contact of an account with mail or meetings, and said something on the newsletter."""
    [(customer, account)] = query(
        walk,
        """
        select s.customer_id, p.account_id
        from clv_scores s
        join contact_profiles p using (customer_id)
        join account_engagement e on e.account_id = p.account_id and e.aggregation_level = 'year'
        where exists (select 1 from consents c where c.customer_id = s.customer_id)
        order by s.rank limit 1
        """,
    )
    return str(customer), str(account)


def test_the_card_shows_value_rank_and_engagement_as_they_are_in_the_lake(
    walk: Project, pages: TestClient, contact: tuple[str, str]
) -> None:
    customer, account = contact
    text = words_of(pages.get(f"/customers/{customer}").text)
    [(score, rank, active)] = query(
        walk, f"select score, rank, (select count(*) from clv_scores) from clv_scores where customer_id = '{customer}'"
    )
    assert f"Predicted value, next 12 months {score:,.2f}" in text
    assert f"Rank among {active} active customers {rank} " in text
    [(points, emails, meetings)] = query(
        walk,
        f"""
        select engagement_score, no_of_emails_to_account + no_of_emails_from_account,
            no_of_meetings_to_account + no_of_meetings_from_account
        from account_engagement where aggregation_level = 'year' and account_id = '{account}'
        """,
    )
    assert f"Account engagement {points} of 100" in text
    assert f"E-mails and meetings, last 12 months {emails} and {meetings} " in text
    months = section(text, "E-mails and meetings by month", "Contacts")
    for start, mails, meets in query(
        walk,
        f"""
        select aggregation_start_date, no_of_emails_to_account + no_of_emails_from_account,
            no_of_meetings_to_account + no_of_meetings_from_account
        from account_engagement where aggregation_level = 'month' and account_id = '{account}'
        """,
    ):
        assert isinstance(start, date)
        assert f"{MONTHS[start.month - 1]} {start.year} {mails} {meets} " in months


def test_the_card_shows_the_account_with_all_of_its_contacts(walk: Project, pages: TestClient, contact: tuple[str, str]) -> None:
    customer, account = contact
    text = words_of(pages.get(f"/customers/{customer}").text)
    [(company,)] = query(walk, f"select company from account_profiles where account_id = '{account}'")
    people = query(walk, f"select first_name, last_name, customer_id from contact_profiles where account_id = '{account}'")
    shown = section(text, f" Account {company} ", " Segments ")
    assert f"{len(people)} contact" in shown
    assert all(f"{first} {last}" in shown for first, last, _ in people)
    assert shown.count("This customer") == sum(row[2] == customer for row in people) == 1


def test_the_page_of_an_account_shows_its_engagement_month_by_month_and_the_list_is_the_most_engaged_first(
    walk: Project, pages: TestClient, contact: tuple[str, str]
) -> None:
    account = contact[1]
    text = words_of(pages.get(f"/accounts/{account}").text)
    figures = """
        select engagement_score, no_of_emails_to_account + no_of_emails_from_account,
            no_of_meetings_to_account + no_of_meetings_from_account
        from account_engagement where aggregation_level = '{}' and account_id = '{}' order by aggregation_start_date
    """
    [(points, emails, meetings)] = query(walk, figures.format("year", account))
    assert f"Account engagement {points} of 100" in text
    assert f"E-mails and meetings, last 12 months {emails} and {meetings} " in text
    months = re.findall(r"\d{4} (\d+) (\d+) ", section(text, "Month from E-mails Meetings", "Contacts"))
    assert [tuple(map(int, each)) for each in months] == [row[1:] for row in query(walk, figures.format("month", account))]
    assert len(months) == 12
    listed = words_of(pages.get("/accounts").text)
    scores = query(walk, "select engagement_score from account_engagement where aggregation_level = 'year' order by 1 desc")
    assert re.findall(r"Engagement (\d+) of 100", listed) == [str(row[0]) for row in scores]
    assert f"{number(walk, 'select count(*) from account_profiles')} accounts" in listed


def test_the_card_shows_activities_newest_first(walk: Project, pages: TestClient, contact: tuple[str, str]) -> None:
    text = words_of(pages.get(f"/customers/{contact[0]}", params={"activities": 500}).text)
    rows = query(walk, f"select time, title, amount from unified_activities where customer_id = '{contact[0]}' order by time desc")
    assert len(rows) > 5
    timeline = section(text, f"Timeline {len(rows)} activities, newest first", " Account ")
    when = [f"{time.day} {MONTHS[time.month - 1]} {time.year}, {time:%H:%M}" for time, _, _ in rows if isinstance(time, datetime)]
    assert re.findall(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d", timeline) == when
    assert re.findall(r"-?[\d,]+\.\d\d(?= )", timeline) == [f"{amount:,.2f}" for _, _, amount in rows if amount is not None]


def test_the_card_shows_segments_consents_and_measures(walk: Project, pages: TestClient, contact: tuple[str, str]) -> None:
    customer, _ = contact
    text = words_of(pages.get(f"/customers/{customer}").text)
    segments = section(text, " Segments ", " Measures ")
    inside = query(walk, f"select segment from segment_membership where member_id = '{customer}' and left_on is null order by segment")
    assert inside
    for segment, rule in query(walk, "select segment, rule from segments"):
        shown = f"{str(segment).replace('_', ' ').capitalize()} {rule} · since 20 Nov 2026"
        assert (shown in segments) == ((segment,) in inside), segment
    consents = section(text, " Consents ", " Ids ")
    for purpose, given in query(walk, f"select purpose, given from consents where customer_id = '{customer}'"):
        assert f"{str(purpose).capitalize()} {'Given' if given else 'Not given'}" in consents
    [(spend, orders)] = query(walk, f"select total_spend, orders from customer_measures where customer_id = '{customer}'")
    assert f"Total spend {spend:,.2f} Orders {orders} " in section(text, " Measures ", " Consents ")


def test_the_page_of_value_shows_grade_percentiles_and_factors(walk: Project, pages: TestClient) -> None:
    text = words_of(pages.get("/value").text)
    [(grade, summary, active, found, simple)] = query(
        walk, "select grade, summary, active, 100 * success_rate, 100 * baseline_success_rate from clv_results"
    )
    assert f"Predicted value of the next 12 months, on {active} active customers" in text
    assert f" Grade {grade} Found {found:.1f} % of the customers who turned out high value; the simple rule found {simple:.1f} %." in text
    assert re.sub(r"\s+", " ", str(summary)) in text
    [(high, average, share)] = query(
        walk,
        "select count(*) filter (high_value), avg(score) filter (high_value), sum(score) filter (high_value) / sum(score) from clv_scores",
    )
    assert isinstance(share, float)
    assert f"High-value customers {high} {average:,.2f} on average, {100 * share:.0f} % of the predicted total" in text
    tenths = query(
        walk,
        "select ceil(10.0 * rank / n) as tenth, count(*), avg(score) from (select *, count(*) over () as n from clv_scores) "
        "group by tenth order by tenth",
    )
    table = section(text, "Value by percentile, the highest first", "Most influential factors")
    shown = re.findall(r"(\d+) to \d+ % (\d+) ([\d,]+\.\d\d)", table)
    assert [(int(start), int(many)) for start, many, _ in shown] == [(10 * n, row[1]) for n, row in enumerate(tenths)]
    assert [float(value.replace(",", "")) for *_, value in shown] == pytest.approx([row[2] for row in tenths], abs=0.006)
    factors = query(walk, "select factor, impact from clv_factors order by impact desc")
    for factor, impact in factors:
        assert f"{str(factor).capitalize()} {impact:.{0 if float(str(impact)) >= 10 else 1}f} %" in text
