"""Consents of the demo: what follows from the statements is counted again here, address by address."""

from collections import Counter, defaultdict

from cdp_assets_tests.demo.worlds import World

MAIL_OF = {"crm": ("contact_id", "email"), "loyalty": ("loyalty_id", "mail"), "shop": ("account_no", "email_address")}


def _people_of(world: World) -> dict[str, set[str]]:
    """Who has which address, in any record."""
    person_of = {(row["source"], row["key"]): row["person_id"] for row in world.truth["records"]}
    people = defaultdict(set)
    for source, (key, mail) in MAIL_OF.items():
        for row in world.rows(source):
            if row[mail]:
                people[str(row[mail]).strip().lower()].add(person_of[source, row[key]])
    return people


def test_the_newest_of_an_address_and_the_most_restrictive_of_a_person_count(sized_world: World) -> None:
    people = _people_of(sized_world)
    newest: dict[tuple[str, str], tuple[str, bool]] = {}
    for row in sized_world.rows("newsletter"):
        # Behind every time is a refusal without one; a consent without one does not count.
        timed, given = str(row["at"]).startswith("20"), row["opt_in"] == "true"
        at = str(row["at"]) if timed else "9999"
        if given and not timed:
            continue
        place = (str(row["mail"]).strip().lower(), str(row["purpose"]))
        before = newest.get(place, ("", True))
        newest[place] = max(before, (at, given), key=lambda said: (said[0], not said[1]))
    expected: dict[tuple[str, str], bool] = {}
    for (address, purpose), (_, given) in newest.items():
        for person in people.get(address, ()):
            expected[person, purpose] = expected.get((person, purpose), True) and given
    assert {(row["person_id"], row["purpose"]): row["given"] for row in sized_world.truth["consents"]} == expected


def test_some_statements_have_an_answer_or_a_time_that_cannot_be_read(usual_world: World) -> None:
    known = _people_of(usual_world)
    odd = [
        (row["opt_in"], str(row["at"])[:2], str(row["mail"]).strip().lower() in known)
        for row in usual_world.rows("newsletter")
        if row["opt_in"] not in ("true", "false") or not str(row["at"]).startswith("20")
    ]
    assert sorted(odd, key=str) == [
        ("false", "re", True), ("maybe", "20", True), ("stop", "la", True), ("true", "re", True), (None, "20", True)
    ]  # fmt: skip


def test_most_people_say_something_and_some_addresses_are_of_nobody(sized_world: World) -> None:
    people = _people_of(sized_world)
    state = {row["person_id"] for row in sized_world.truth["consents"]}
    assert 0.55 < len(state) / len(set().union(*people.values())) < 0.85
    unknown = {mail for row in sized_world.rows("newsletter") if (mail := str(row["mail"]).strip().lower()) not in people}
    assert len(unknown) >= 3


def test_some_change_their_mind_and_some_contradict_themselves(sized_world: World) -> None:
    found = Counter(
        kind
        for (kind,) in sized_world.query("""
            select case
                when count(*) = 1 then 'once'
                when count(distinct "at") = 1 then 'contradicts'
                when count(distinct opt_in) = 1 then 'repeats'
                when arg_max(opt_in, "at") = 'true' then 'out then in'
                else 'in then out'
            end
            from newsletter group by lower(trim(mail)), purpose
        """)
    )
    assert set(found) >= {"once", "contradicts", "in then out", "out then in"}
    assert found["once"] > sum(found.values()) / 2


def test_both_answers_to_both_purposes_come(sized_world: World) -> None:
    found = {(row["purpose"], row["given"]) for row in sized_world.truth["consents"]}
    assert found == {(purpose, given) for purpose in ("newsletter", "calls") for given in (True, False)}


def test_somebody_has_two_addresses_that_say_different_things(usual_world: World) -> None:
    people = _people_of(usual_world)
    said = defaultdict(set)
    for row in usual_world.rows("newsletter"):
        for person in people.get(str(row["mail"]).strip().lower(), ()):
            said[person, row["purpose"]].add((str(row["mail"]).strip().lower(), row["opt_in"]))
    assert any(len({mail for mail, _ in what}) > 1 and len({given for _, given in what}) > 1 for what in said.values())
