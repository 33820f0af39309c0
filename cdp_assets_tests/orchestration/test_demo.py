"""The whole pipeline on the demo, held against its truth."""

import shutil

import duckdb
import pytest

from cdp_assets.config import Project
from cdp_assets.demo import score
from cdp_assets.orchestration.refresh import Summary
from cdp_assets_tests.projects import contents, demo_project, query, run, versions

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Summary]:
    project = demo_project(tmp_path_factory.mktemp("demo"), people=300, days=14)
    return project, run(project)


def truth(project: Project, name: str) -> str:
    return f"read_parquet('{project.folder / 'truth' / name}.parquet')"


def test_everything_is_made(refreshed: tuple[Project, Summary]) -> None:
    _, summary = refreshed
    assert summary.ok, summary.failed
    assert summary.skipped == ()
    assert summary.rows["unified_profiles"] == summary.rows["published_snapshot"] > 300


def test_quarantine_is_exactly_what_the_truth_says(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    wrong = f"""
        select source, source_file, source_line, field from quarantine
        except select source, file, line, coalesce(field, '') from {truth(project, "quarantine")}
        union all (
            select source, file, line, coalesce(field, '') from {truth(project, "quarantine")}
            except select source, source_file, source_line, field from quarantine
        )
    """
    assert query(project, wrong) == []
    assert query(project, "select count(*) from quarantine") != [(0,)]


def test_every_record_of_the_truth_has_one_customer(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    missing = f"""
        select count(*) from {truth(project, "records")} t
        left join alternate_keys k on k.source = t.source and k.record_key = t.key where k.customer_id is null
    """
    assert query(project, missing) == [(0,)]


def test_unification_is_precise_against_the_truth(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    from cdp_assets.lake import Place
    from cdp_assets.unify.tables import ALTERNATE_KEYS

    sql = Place(project.store).newest(ALTERNATE_KEYS).sql
    found = duckdb.sql(f"select source, record_key as key, customer_id from ({sql}) where kind = 'record'").to_arrow_table()
    quality = score(project.folder / "truth" / "records.parquet", found)
    assert quality.precision >= 0.99
    assert quality.recall >= 0.9


# Why two persons can be taken for one, whatever exact rules there are: they live together and have similar names (twins
# among them), or one mailbox; or their e-mail is one that strangers share.
NAMES, MAILBOXES, JUNK = (
    """
    select a.person_id, b.person_id
    from {people} a join {people} b on a.household_id = b.household_id and a.person_id <> b.person_id
    where levenshtein(concat_ws(' ', a.first_name, a.last_name), concat_ws(' ', b.first_name, b.last_name))
        <= 0.3 * length(concat_ws(' ', a.first_name, a.last_name))
    """,
    "select person_id, email_of from {people} where email_of <> person_id",
    """
    select distinct a.person_id, b.person_id
    from junk a join junk b on a.value = b.value and a.person_id <> b.person_id
    """,
)


def unexplained(project: Project, *reasons: str) -> int:
    """How many persons are in a customer with others, and none of the reasons leads from the first of them there."""
    links = " union all ".join(reasons).format(people=truth(project, "people"))
    [(count,)] = query(
        project,
        f"""
        with recursive mails as (
            select 'crm' as source, contact_id as key, email from crm
            union all select 'loyalty', loyalty_id, mail from loyalty
            union all select 'shop', account_no, email_address from shop
        ),
        junk as (
            select t.person_id, g.value
            from mails join {truth(project, "records")} t using (source, key)
            join {truth(project, "generic_values")} g on g.kind = 'email' and g.value = lower(trim(mails.email))
        ),
        persons as (
            select distinct k.customer_id, t.person_id
            from {truth(project, "records")} t join alternate_keys k on k.source = t.source and k.record_key = t.key
        ),
        links(one, other) as ({links}),
        ways as (select * from links union select other, one from links),
        reached as (
            select customer_id, min(person_id) as person_id from persons group by customer_id
            union
            select p.customer_id, p.person_id
            from reached r join ways w on w.one = r.person_id
            join persons p on p.customer_id = r.customer_id and p.person_id = w.other
        )
        select count(*) from (from persons except from reached)
        """,
    )
    assert isinstance(count, int)
    return count


def test_every_wrong_merge_is_of_a_household_or_of_an_address_that_strangers_share(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    assert unexplained(project, NAMES, MAILBOXES, JUNK) == 0


def test_without_an_explanation_a_wrong_merge_is_found(refreshed: tuple[Project, Summary]) -> None:
    """In this world two of a household, called John and Joy, are merged by name and postcode."""
    project, _ = refreshed
    assert unexplained(project, MAILBOXES, JUNK) > 0


def test_every_event_has_a_visitor_and_every_visitor_a_customer(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    assert query(project, "select count(*) from events where visitor_id is null or visitor_id = ''") == [(0,)]
    assert query(
        project,
        "select count(*) from (select distinct source, visitor_id from events) e "
        "left join alternate_keys k on k.source = e.source and k.record_key = e.visitor_id and k.kind = 'visitor' "
        "where k.customer_id is null",
    ) == [(0,)]


def test_visitors_who_signed_in_belong_to_the_customer_of_their_contact(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    wrong = f"""
        with latest as (
            select visitor, person_id from {truth(project, "visitors")} where signed_in_at is not null
            qualify row_number() over (partition by visitor order by last_known_at desc) = 1
        ), people as (
            select distinct t.person_id, k.customer_id
            from {truth(project, "records")} t join alternate_keys k on k.source = t.source and k.record_key = t.key
        )
        select count(*) from latest l join alternate_keys v on v.kind = 'visitor' and v.record_key = l.visitor
        where not exists (select 1 from people p where p.person_id = l.person_id and p.customer_id = v.customer_id)
    """
    count = query(project, f"select count(distinct visitor) from {truth(project, 'visitors')} where signed_in_at is not null")
    assert count[0][0] > 50
    assert query(project, wrong) == [(0,)]


def test_visitors_who_never_signed_in_have_profiles_of_their_own_and_nothing_is_known_of_them(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    unknown = f"select visitor from {truth(project, 'visitors')} where signed_in_at is null"
    rows = query(
        project,
        f"select p.known, p.records, p.full_name, count(*) from alternate_keys k join unified_profiles p using (customer_id) "
        f"where k.kind = 'visitor' and k.record_key in ({unknown}) group by all",
    )
    assert len(rows) == 1
    assert rows[0][:3] == (False, 0, None)


def test_identity_of_a_visitor_carries_source_and_time(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    late = f"""
        select count(*) from {truth(project, "visitors")} t
        where signed_in_at is not null and not exists (
            select 1 from visitor_identities i
            where i.visitor_id = t.visitor and i.source = 'web' and i.known_source = 'crm' and i.identified_at = t.signed_in_at
        )
    """
    assert query(project, late) == [(0,)]


def test_a_second_refresh_rewrites_nothing(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    before = versions(project)
    again = run(project)
    assert again.ok
    assert set(again.unchanged) == set(again.rows)
    assert versions(project) == before


@pytest.fixture(scope="module")
def without_truth(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same input once more, refreshed where there is no truth beside it."""
    project = demo_project(tmp_path_factory.mktemp("without"), people=300, days=14)
    shutil.rmtree(project.folder / "truth")
    assert run(project).ok
    return project


def test_two_projects_of_the_same_input_are_equal_bit_for_bit(refreshed: tuple[Project, Summary], without_truth: Project) -> None:
    project, _ = refreshed
    assert contents(without_truth) == contents(project)


def test_without_the_truth_all_tables_are_the_same(refreshed: tuple[Project, Summary], without_truth: Project) -> None:
    """The pipeline does not read it: where it is missing nothing differs, and none is made."""
    project, _ = refreshed
    assert not (without_truth.folder / "truth").exists()
    assert (project.folder / "truth/records.parquet").is_file()
    assert contents(without_truth) == contents(project)


def test_no_personal_value_is_in_dagsters_storage(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    values = query(project, "select distinct unnest([email, full_name, phone]) as v from crm")
    wanted = [str(row[0]).encode() for row in values if row[0] and len(str(row[0])) > 6]
    assert len(wanted) > 300
    stored = b"".join(file.read_bytes() for file in (project.store / "dagster").rglob("*") if file.is_file())
    assert [value for value in wanted if value in stored] == []


def test_nothing_of_the_run_is_left_over(refreshed: tuple[Project, Summary]) -> None:
    project, _ = refreshed
    assert list((project.store / "work").iterdir()) == []
    assert [path for path in (project.store / "published").iterdir() if path.name.startswith(".building")] == []
