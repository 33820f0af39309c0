"""The contacts of the second source: whom the first has too, whom it alone has, and which account they name."""

from collections import Counter

from cdp_assets_tests.demo.worlds import World

# The people of both lists, as the truth knows them: their e-mail in each.
_BOTH = """
    select
        e.person_id, e.company_id, lower(trim(b.email)) as here, lower(trim(erp.mail)) as there
    from erp_contacts as erp
    join t_contacts as e on e.source = 'erp_contacts' and e.key = erp.partner_no
    join t_contacts as c on c.source = 'business_contacts' and c.person_id = e.person_id and c.company_id = e.company_id
    join business_contacts as b on b.contact_no = c.key
"""


def test_each_contact_of_the_erp_has_one_outcome_and_each_outcome_its_contacts(sized_world: World) -> None:
    contacts = [row for row in sized_world.truth["contacts"] if row["source"] == "erp_contacts"]
    assert sorted(row["key"] for row in contacts) == sorted(row["partner_no"] or "" for row in sized_world.rows("erp_contacts"))
    found = Counter(row["outcome"] for row in contacts)
    assert set(found) == {"linked", "no_account", "account_unknown"}
    assert found["linked"] > len(contacts) / 2


def test_the_outcome_says_what_the_account_in_the_erp_is(sized_world: World) -> None:
    found = sized_world.query("""
        select distinct outcome, c.customer_no is null, erp.customer_no is not null, account.company_id = t.company_id
        from erp_contacts as c
        join t_contacts as t on t.key = partner_no
        left join erp_accounts as erp using (customer_no)
        left join t_companies as account on account.key = c.customer_no and account.source = 'erp_accounts'
    """)
    assert set(found) == {("linked", False, True, True), ("account_unknown", False, False, None), ("no_account", True, False, None)}


def test_who_is_in_both_lists_is_known_by_the_e_mail_with_few_exceptions(usual_world: World) -> None:
    found = usual_world.query(_BOTH)
    people = {row[0] for row in found}
    by_mail = {row[0] for row in found if row[2] == row[3]}
    assert len(people) > 20
    assert 0.8 < len(by_mail) / len(people) < 1
    assert any(there is not None and here != there for _, _, here, there in found)


def test_some_people_are_only_in_the_list_of_the_erp(sized_world: World) -> None:
    sources: dict[str, set[str]] = {}
    for row in sized_world.truth["contacts"]:
        sources.setdefault(row["person_id"], set()).add(row["source"])
    kinds = Counter(tuple(sorted(of)) for of in sources.values())
    assert set(kinds) == {("business_contacts",), ("erp_contacts",), ("business_contacts", "erp_contacts")}


def test_an_address_belongs_to_one_person_in_both_lists_but_for_that_of_a_whole_company(sized_world: World) -> None:
    owners = sized_world.query("""
        select address, count(distinct person_id)
        from (
            select lower(trim(email)) as address, contact_no as key from business_contacts
            union all select lower(trim(mail)), partner_no from erp_contacts
        )
        join t_contacts using (key)
        where address is not null and address not like 'info@%'
        group by address
    """)
    assert {count for _, count in owners} == {1}


def test_the_telephone_of_the_company_is_that_of_several_people(usual_world: World) -> None:
    shared = usual_world.query("""
        select phone, count(distinct person_id), count(distinct company_id)
        from (select phone, contact_no as key from business_contacts union all select telephone, partner_no from erp_contacts)
        join t_contacts using (key)
        where phone like '%555 0100'
        group by phone
    """)
    assert any(isinstance(people, int) and people > 1 for _, people, _ in shared)
    assert all(companies == 1 for *_, companies in shared)
