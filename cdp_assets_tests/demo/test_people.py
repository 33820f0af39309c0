"""Who the people of the demo are: families, twins, moves, marriages, nicknames, and what strangers share."""

from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from cdp_assets.demo import generate
from cdp_assets.demo.draws import Draws
from cdp_assets.demo.people import make_people
from cdp_assets.demo.vocabulary import GENERIC_PHONES, JUNK_EMAILS
from cdp_assets_tests.demo.worlds import World

END = date(2026, 11, 20)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which there is something of everything."""
    folder = tmp_path_factory.mktemp("many")
    return World(folder, generate(folder, people=3_000, days=1))


def _people(world: World) -> dict[str, dict[str, object]]:
    return {row["person_id"]: row for row in world.truth["people"]}


def _crm(world: World) -> list[tuple[object, ...]]:
    """Each record of crm with its person: person_id, first name, last name, street, postcode, when it was changed."""
    return world.query("""
        select person_id, first_name, last_name, street, postcode, cast(replace(updated_at, 'Z', '') as timestamp)
        from crm join t_records on source = 'crm' and key = contact_id
    """)


def test_everybody_of_the_truth_is_there_once(sized_world: World) -> None:
    assert sorted(_people(sized_world)) == [f"P{n:07}" for n in range(sized_world.summary.people)]
    assert {row["person_id"] for row in sized_world.truth["records"]} == set(_people(sized_world))


@pytest.mark.parametrize("people", [1_000, 100_000])
def test_a_larger_world_is_not_one_of_namesakes(people: int) -> None:
    with duckdb.connect() as con:
        make_people(con, Draws(7), people, END)
        [(names, births, smiths)] = con.execute("""
            select
                count(distinct (given, family)) / count(*), count(distinct (given, family, birth_date)) / count(*),
                avg(cast(family = 'Smith' as integer))
            from people
        """).fetchall()
    assert names > 0.88
    assert births > 0.9999
    assert 0.004 < smiths < 0.02


def test_a_household_has_one_family_name_and_one_address_also_in_the_past(many: World) -> None:
    households = defaultdict(list)
    for row in many.truth["people"]:
        households[row["household_id"]].append(row)
    families = [rows for rows in households.values() if len(rows) > 1]
    assert len(families) > 200
    for rows in families:
        for field in ("last_name", "street", "postcode", "city", "former_street", "former_postcode", "moved_at"):
            assert len({row[field] for row in rows}) == 1, field


def test_twins_are_two_people_born_on_one_day_with_similar_names(sized_world: World) -> None:
    people = _people(sized_world)
    twins = [(people[str(row["twin_of"])], row) for row in people.values() if row["twin_of"]]
    assert len(twins) >= 1
    for one, other in twins:
        for field in ("last_name", "birth_date", "household_id", "street", "postcode"):
            assert one[field] == other[field]
        assert one["first_name"] != other["first_name"]
        assert one["email_of"] == one["person_id"]
        assert other["email_of"] == other["person_id"]


def test_twins_have_names_that_begin_alike(many: World) -> None:
    people = _people(many)
    twins = [(str(people[str(row["twin_of"])]["first_name"]), str(row["first_name"])) for row in people.values() if row["twin_of"]]
    assert 25 <= len(twins) <= 30
    assert sum(one[0] == other[0] for one, other in twins) > 0.7 * len(twins)


def test_a_record_shows_the_address_of_its_time(many: World) -> None:
    people = _people(many)
    moved = [(people[str(row[0])], row) for row in _crm(many) if people[str(row[0])]["moved_at"] and row[3]]
    before = [row[5] < person["moved_at"] for person, row in moved]  # type: ignore[operator]
    assert 0.3 < sum(before) / len(before) < 0.7
    for (person, row), was_before in zip(moved, before, strict=True):
        assert row[3] == person["former_street" if was_before else "street"]
        assert row[4] == person["former_postcode" if was_before else "postcode"]


def test_a_record_shows_the_family_name_of_its_time(many: World) -> None:
    people = _people(many)
    married = [(people[str(row[0])], row) for row in _crm(many) if people[str(row[0])]["married_at"]]
    before = [row[5] < person["married_at"] for person, row in married]  # type: ignore[operator]
    assert 0.2 < sum(before) / len(before) < 0.8
    assert all(
        row[2] == person["former_last_name" if was_before else "last_name"]
        for (person, row), was_before in zip(married, before, strict=True)
    )


def test_nobody_moves_or_marries_after_the_end(many: World) -> None:
    dates = [row[field] for row in many.truth["people"] for field in ("moved_at", "married_at") if row[field]]
    assert dates
    assert max(dates) < datetime.combine(END, datetime.min.time())


def test_some_records_have_the_nickname_of_the_person(many: World) -> None:
    people = _people(many)
    first = [(people[str(row[0])], row[1]) for row in _crm(many)]
    assert all(name in (person["first_name"], person["nickname"]) for person, name in first)
    could = [name == person["nickname"] for person, name in first if person["nickname"]]
    assert 0.02 < sum(could) / len(could) < 0.06


def test_some_records_in_loyalty_have_the_family_name_first(many: World) -> None:
    found = many.query("""
        select count(*) filter (starts_with(name, last_name || ' ')), count(*)
        from loyalty join t_records on source = 'loyalty' and key = loyalty_id join t_people using (person_id)
    """)
    [(swapped, rows)] = found
    assert isinstance(swapped, int)
    assert isinstance(rows, int)
    assert 0.08 < swapped / rows < 0.16


def test_people_have_several_records_in_each_source(many: World) -> None:
    found = many.query("""
        select source, count(*) from (select source, person_id from t_records group by all having count(*) > 1) group by source
    """)
    assert {source for source, _ in found} == {"crm", "loyalty", "shop"}


def test_the_second_record_of_a_person_in_a_source_has_the_same_address(many: World) -> None:
    for source, key, mail in (("loyalty", "loyalty_id", "mail"), ("shop", "account_no", "email_address")):
        [(shared, pairs)] = many.query(f"""
            with records as (
                select person_id, lower(trim({mail})) as mail from {source} join t_records on source = '{source}' and key = {key}
            )
            select count(*) filter (most > 1), count(*)
            from (
                select person_id, max(times) as most
                from (select person_id, mail, count(mail) as times from records group by all)
                group by person_id having sum(times) > 1
            )
        """)
        assert isinstance(shared, int)
        assert isinstance(pairs, int)
        assert shared > 0.7 * pairs > 0


def test_some_of_a_household_share_the_mailbox_and_more_the_telephone(many: World) -> None:
    people = many.truth["people"]
    assert any(row["email_of"] != row["person_id"] for row in people)
    phones = many.query("""
        select count(distinct person_id), count(distinct household_id)
        from crm join t_records on source = 'crm' and key = contact_id join t_people using (person_id)
        where phone is not null and phone not in (select value from t_generic_values)
        group by phone having count(distinct person_id) > 1
    """)
    assert sum(households == 1 for _, households in phones) > 20


def test_strangers_share_junk_addresses_and_generic_numbers(many: World) -> None:
    """As many as their shares say: one in two hundred records has such an address, one in a hundred such a number."""
    assert {(row["kind"], row["value"]) for row in many.truth["generic_values"]} == {
        *(("email", value) for value in JUNK_EMAILS),
        *(("phone", value) for value in GENERIC_PHONES),
    }
    for kind, column in (("email", "mail"), ("phone", "phone")):
        found = many.query(f"""
            with records as (
                select 'crm' as source, contact_id as key, email as mail, phone from crm
                union all select 'loyalty', loyalty_id, mail, phone from loyalty
                union all select 'shop', account_no, email_address, null from shop
            )
            select {column}, count(distinct person_id), count(*), (select count({column}) from records)
            from records join t_records using (source, key)
            where {column} in (select value from t_generic_values where kind = '{kind}')
            group by all
        """)
        share = sum(int(str(row[2])) for row in found) / int(str(found[0][3]))
        assert (0.003 if kind == "email" else 0.006) < share < (0.008 if kind == "email" else 0.025)
        assert max(int(str(row[1])) for row in found) >= 5


def test_the_share_of_junk_addresses_can_be_stated(tmp_path: Path) -> None:
    counts = {}
    for junk in (0.0, 0.2):
        folder = tmp_path / str(junk)
        world = World(folder, generate(folder, people=200, days=1, junk=junk))
        rows = [(row["email"] or "") for row in world.rows("crm")]
        counts[junk] = sum(mail in JUNK_EMAILS for mail in rows) / len(rows)
    assert counts[0.0] == 0
    assert 0.1 < counts[0.2] < 0.3


def test_nobody_consents_for_an_address_that_strangers_share(many: World) -> None:
    assert not {str(row["mail"]).strip().lower() for row in many.rows("newsletter")} & set(JUNK_EMAILS)
