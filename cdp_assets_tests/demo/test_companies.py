"""Business accounts and contacts of the demo: duplicates, other spellings, and every kind of contact that goes astray."""

import re
from collections import Counter

from cdp_assets_tests.demo.worlds import World


def _plain(name: object) -> str:
    accents = str.maketrans("áéÁÉ", "aeAE")
    return re.sub(r"[^a-z]", "", str(name).translate(accents).lower())


def test_each_account_has_one_company(sized_world: World) -> None:
    keys = [("crm_accounts", row["account_no"]) for row in sized_world.rows("crm_accounts")]
    keys += [("erp_accounts", row["customer_no"]) for row in sized_world.rows("erp_accounts")]
    assert sorted(keys) == sorted((row["source"], row["key"]) for row in sized_world.truth["companies"])
    assert len(keys) == len(set(keys))


def test_there_is_a_company_for_every_eight_people_and_at_least_twelve(sized_world: World) -> None:
    companies = {row["company_id"] for row in sized_world.truth["companies"] if row["source"] == "crm_accounts"}
    assert len(companies) == max(12, sized_world.summary.people // 8)
    in_erp = sum(row["source"] == "erp_accounts" for row in sized_world.truth["companies"])
    assert 0.55 < in_erp / len(companies) < 0.65


def test_duplicates_differ_in_writing_only_and_are_less_filled(sized_world: World) -> None:
    found = sized_world.query("""
        select company_id, list(account_no order by street nulls last), list(company order by street nulls last),
               list(lower(postcode)), list(street order by street nulls last)
        from crm_accounts join t_companies on key = account_no group by company_id having count(*) > 1
    """)
    assert len(found) >= 2
    for _, keys, names, postcodes, streets in found:
        assert isinstance(keys, list)
        assert isinstance(names, list)
        assert isinstance(postcodes, list)
        assert isinstance(streets, list)
        assert len(set(keys)) == 2
        assert names[0] != names[1]
        assert _plain(names[0]) == _plain(names[1])
        assert len(set(postcodes)) == 1
        assert streets[0] is not None
        assert streets[1] is None


def test_the_plain_name_and_postcode_belong_to_one_company(sized_world: World) -> None:
    company_of = {row["key"]: row["company_id"] for row in sized_world.truth["companies"] if row["source"] == "crm_accounts"}
    owners: dict[tuple[str, str], set[str]] = {}
    for row in sized_world.rows("crm_accounts"):
        owners.setdefault((_plain(row["company"]), (row["postcode"] or "").lower()), set()).add(company_of[row["account_no"]])
    assert all(len(companies) == 1 for companies in owners.values())


def test_erp_spells_many_names_otherwise(sized_world: World) -> None:
    ((alike, rows),) = sized_world.query("""
        select count(*) filter (crm.company = erp.name), count(*)
        from erp_accounts as erp
        join t_companies as e on e.key = erp.customer_no
        join t_companies as c on c.company_id = e.company_id and c.source = 'crm_accounts'
        join crm_accounts as crm on crm.account_no = c.key and crm.street is not null and crm.postcode = erp.postcode
    """)
    assert isinstance(alike, int)
    assert isinstance(rows, int)
    assert rows == len(sized_world.rows("erp_accounts"))
    assert 0 < alike < rows


def test_a_subsidiary_is_a_company_of_its_own_with_its_parents_name_in_front(sized_world: World) -> None:
    found = sized_world.query("""
        with names as (
            select company_id, max_by(company, street is not null) as name
            from crm_accounts join t_companies on key = account_no group by company_id
        )
        select p.name, s.name, s.company_id = p.company_id
        from t_subsidiaries as t
        join names as s on s.company_id = t.company_id
        join names as p on p.company_id = t.parent_id
    """)
    companies = {row["company_id"] for row in sized_world.truth["companies"]}
    assert len(found) == len(sized_world.truth["subsidiaries"]) == max(2, round(len(companies) * 0.08))
    for parent, name, same in found:
        assert str(name).rsplit(" ", 1)[0].startswith(str(parent).rsplit(" ", 1)[0] + " ")
        assert not same
    assert any(
        (str(p).rpartition(" ")[0] + " ", str(n).rpartition(" ")[0] + " ") == ("Northern Tools ", "Northern Tools East ")
        for p, n, _ in found
    )


def test_a_parent_has_no_parent_and_no_two_companies_have_the_same_name(sized_world: World) -> None:
    subsidiaries = {row["company_id"] for row in sized_world.truth["subsidiaries"]}
    assert not subsidiaries & {row["parent_id"] for row in sized_world.truth["subsidiaries"]}
    of_name: dict[str, set[str]] = {}
    company_of = {row["key"]: row["company_id"] for row in sized_world.truth["companies"] if row["source"] == "crm_accounts"}
    for row in sized_world.rows("crm_accounts"):
        of_name.setdefault(_plain(row["company"]), set()).add(company_of[row["account_no"]])
    assert all(len(companies) == 1 for companies in of_name.values())


def test_each_contact_has_one_outcome_and_each_outcome_its_contacts(sized_world: World) -> None:
    contacts = [row for row in sized_world.truth["contacts"] if row["source"] == "business_contacts"]
    assert sorted(row["key"] for row in contacts) == sorted(row["contact_no"] or "" for row in sized_world.rows("business_contacts"))
    found = Counter(row["outcome"] for row in contacts)
    assert set(found) == {"linked", "no_account", "account_unknown", "account_lost_deduplication", "another_account"}
    assert found["linked"] > len(contacts) / 2


def test_the_outcome_says_what_the_account_of_the_contact_is(sized_world: World) -> None:
    found = sized_world.query("""
        select distinct
            outcome, account_no is null as none, crm.account_no is not null as known, crm.street is null as second,
            account.company_id = t_contacts.company_id as own
        from business_contacts as c
        join t_contacts on t_contacts.key = contact_no
        left join crm_accounts as crm using (account_no)
        left join t_companies as account on account.key = account_no and account.source = 'crm_accounts'
    """)
    assert set(found) == {
        ("linked", False, True, False, True),
        ("account_lost_deduplication", False, True, True, True),
        ("another_account", False, True, False, False),
        ("account_unknown", False, False, True, None),
        ("no_account", True, False, True, None),
    }


def test_a_contact_who_stands_there_twice_is_less_filled_the_second_time(sized_world: World) -> None:
    found = sized_world.query("""
        select
            count(distinct t.person_id), count(distinct t.company_id), count(*) filter (job_title is not null),
            list_sort(list(outcome))
        from business_contacts join t_contacts as t on t.key = contact_no
        where email is not null
        group by lower(trim(email)) having count(*) > 1
    """)
    assert len(found) >= 3
    assert all(row[:3] == (1, 1, 1) for row in found)
    assert {tuple(row[3]) for row in found if isinstance(row[3], list)} == {("linked", "linked"), ("another_account", "linked")}


def test_contacts_are_people_of_the_world_and_name_their_own_record(sized_world: World) -> None:
    people = {row["person_id"] for row in sized_world.truth["records"]}
    assert {row["person_id"] for row in sized_world.truth["contacts"]} <= people
    ((wrong, named, unnamed),) = sized_world.query("""
        select count(*) filter (r.person_id is distinct from t.person_id and person_no is not null), count(person_no),
               count(*) filter (person_no is null)
        from business_contacts join t_contacts as t on t.key = contact_no
        left join t_records as r on r.source = 'crm' and r.key = person_no
    """)
    assert wrong == 0
    assert named
    assert unnamed


def test_addresses_of_contacts_can_belong_to_nobody(sized_world: World) -> None:
    mails = [row["email"].strip() for row in sized_world.rows("business_contacts") if row["email"]]
    mails += [row["mail"].strip().lower() for row in sized_world.rows("erp_contacts") if row["mail"]]
    assert mails
    assert all(mail.endswith(".example") for mail in mails)
