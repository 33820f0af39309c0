"""The card's value, timeline, account, segments and consents, and the pages of accounts and of lifetime value."""

import re

import pytest

from cdp_assets_tests.publish.business_world import ACME, BUSINESS, published_business
from cdp_assets_tests.publish.small_world import ANN, BEN, CARLA

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture
def pages(client_of, tmp_path):
    """Pages over the world with some tables given anew as text."""

    def make(**changed):
        published_business(tmp_path / "world", **changed)
        return client_of(tmp_path / "world" / "published")

    return make


def text(page):
    """What people read of a page, in one line."""
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_card_shows_value_rank_and_grade(pages):
    card = text(pages().get(f"/customers/{ANN}"))
    assert "Predicted value, next 12 months 1,234.50" in card
    assert "Rank among 2 active customers 1 Top 50 %" in card
    assert "Predicted high value" in card
    assert "Grade B" in card


def test_card_of_a_customer_without_a_prediction_says_why(pages):
    card = text(pages().get(f"/customers/{CARLA}"))
    assert "No prediction Only customers who bought lately have one." in card
    assert "Predicted high value" not in card


def test_card_shows_engagement_of_the_account_with_emails_and_meetings(pages):
    card = text(pages().get(f"/customers/{ANN}"))
    assert "Account engagement 71 of 100 Acme Inc, all contacts together" in card
    assert "E-mails and meetings, last 12 months 42 and 3" in card
    assert "20 Nov 2025 40 0 20 Dec 2025 2 3" in card
    assert "Account engagement" not in text(pages().get(f"/customers/{BEN}"))


def test_card_shows_activities_newest_first(pages):
    card = text(pages().get(f"/customers/{ANN}"))
    _, _, timeline = card.partition("3 activities, newest first")
    activities = ["4 May 2026, 10:00 Sales order Return -99.50", "3 May 2026, 10:00 Page view", "1 May 2026, 10:00 Sales order 99.50"]
    places = [timeline.index(each) for each in activities]
    assert places == sorted(places)


def test_card_shows_the_first_activities_and_more_when_asked(pages):
    head = BUSINESS["unified_activities"][1].strip().splitlines()[0]
    of_type = "orders | SalesOrder | 2026-05-01 10:00"
    many = [f"m{n:02} | {ANN} | {of_type}:{n:02} | Order {n} | | | 1.00 | false | true | orders | M{n}" for n in range(25)]
    client = pages(unified_activities="\n".join([head, *many]))
    first = client.get(f"/customers/{ANN}")
    assert "Order 24<" in first.text
    assert "Order 14<" not in first.text
    assert "Show older" in first.text
    all_ = client.get(f"/customers/{ANN}", params={"activities": "50"})
    assert "Order 0<" in all_.text
    assert "Show older" not in all_.text
    assert client.get(f"/customers/{ANN}", params={"activities": "x'--"}).status_code == 200


def test_card_shows_account_with_contacts_segments_measures_and_consents(pages):
    card = text(pages().get(f"/customers/{ANN}"))
    assert "Ann O'Brien" in card.replace("&#39;", "'")
    assert "Zoe Zimmer Head of IT" in card
    assert "High value next_year: high value · since 1 Nov 2026" in card
    assert "Total spend 1,234,567.80" in card
    assert "Newsletter Given" in card
    assert "Calls Not given" in card


def test_accounts_are_listed_the_most_engaged_first_and_have_a_page(pages):
    client = pages()
    listed = text(client.get("/accounts"))
    assert listed.index("Acme Inc") < listed.index("Quiet Ltd")
    account = text(client.get(f"/accounts/{ACME.upper()}"))
    assert "71 of 100" in account
    assert "42 and 3" in account
    assert f"/customers/{ANN}" in client.get(f"/accounts/{ACME}").text
    assert client.get("/accounts/none").status_code == 404


def test_page_of_lifetime_value_shows_grade_percentiles_and_factors(pages):
    page = text(pages().get("/value"))
    assert "Grade B Found 87.5 % of the customers who turned out high value; the simple rule found 75.0 %." in page
    assert "High-value customers 1 1,234.50 on average" in page
    assert "40 to 50 % 1 1,234.50" in page
    assert "Days since last transaction 60 %" in page


def test_grade_c_warns(pages):
    worse = BUSINESS["clv_results"][1].replace("| B |", "| C |")
    assert "worse than the simple rule" in pages(clv_results=worse).get("/value").text


def test_without_predictions_and_accounts_the_pages_say_what_to_do(client):
    assert "cdp review clv" in client.get("/value").text
    assert "section accounts" in client.get("/accounts").text


def test_hostile_values_are_escaped(pages):
    changed = {
        "unified_activities": f"""
            activity_id | customer_id | activity | type | time | title | detail | product | returned | show | source | source_key
            a1 | {ANN} | x | {HOSTILE} | 2026-05-01 10:00:00 | {HOSTILE} | {HOSTILE} | {HOSTILE} | false | true | orders | O1
        """,
        "account_profiles": f"account_id | company | city | country\n{ACME} | {HOSTILE} | {HOSTILE} |",
        "contact_profiles": (
            "contact_id | account_id | customer_id | first_name | last_name | primary_email | job_title\n"
            f"c1 | {ACME} | {ANN} | {HOSTILE} | | {HOSTILE} | {HOSTILE}"
        ),
        "consents": (
            f"customer_id | purpose | given | at | statements | contradicted\n{ANN} | {HOSTILE} | true | 2026-01-01 10:00:00 | 1 | false"
        ),
    }
    client = pages(**changed)
    for path in (f"/customers/{ANN}", "/accounts", f"/accounts/{ACME}"):
        page = client.get(path)
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "{{ 7*7 }}" in page.text
