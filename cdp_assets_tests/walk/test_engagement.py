"""Mail and meetings of each account."""

import pytest

from cdp_assets.config import Project
from cdp_assets_tests.projects import query
from cdp_assets_tests.walk.asked import company_accounts, differences, number, truth

pytestmark = pytest.mark.pipeline


def test_mail_and_meetings_of_the_year_are_what_the_truth_counts(walk: Project) -> None:
    true = f"""
        select account_id, emails_from, emails_to, meetings
        from {truth(walk, "engagement")} join ({company_accounts(walk)}) using (company_id)
    """
    here = """
        select
            account_id, no_of_emails_from_account, no_of_emails_to_account,
            no_of_meetings_from_account + no_of_meetings_to_account
        from account_engagement where aggregation_level = 'year'
    """
    assert differences(walk, true, here) == []
    assert number(walk, f"select count(*) from ({true})") > 10


def test_scores_are_0_to_100_and_stand_in_the_year_only(walk: Project) -> None:
    [(least, most, without)] = query(
        walk,
        "select min(engagement_score), max(engagement_score), count(*) filter (engagement_score is null) "
        "from account_engagement where aggregation_level = 'year'",
    )
    assert isinstance(least, int)
    assert isinstance(most, int)
    assert 0 <= least < 50 < most <= 100
    assert without == 0
    months = "select count(engagement_score), count(*) from account_engagement where aggregation_level = 'month'"
    [(scored, rows)] = query(walk, months)
    assert scored == 0
    assert isinstance(rows, int)
    assert rows > 100


def test_the_months_of_each_account_add_up_to_its_year(walk: Project) -> None:
    columns = "no_of_emails_to_account no_of_emails_from_account no_of_meetings_to_account no_of_meetings_from_account".split()
    sums = ", ".join(f"sum({column})" for column in columns)
    sql = "select account_id, {0} from account_engagement where aggregation_level = '{1}' group by account_id"
    assert differences(walk, sql.format(sums, "year"), sql.format(sums, "month")) == []
