"""What is suggested for a folder: kinds, keys, relations, rules, activities; and that it is valid whatever the files hold."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.config import ConsentsSource, EventsSource, RecordsSource, parse_config
from cdp_assets.start import suggest
from cdp_assets_tests.start.folders import CONSENTS, EVENTS, LOYALTY, ORDERS, PEOPLE, folder_of, part_of, said, suggested

SHOP = {"crm.csv": PEOPLE, "loyalty.csv": LOYALTY, "orders.csv": ORDERS, "web.csv": EVENTS, "newsletter.csv": CONSENTS}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory):
    return suggested(tmp_path_factory.mktemp("shop"), SHOP)


def test_each_source_is_of_its_kind(shop) -> None:
    _, config, _ = shop
    kinds = {RecordsSource: {"crm", "loyalty", "orders"}, EventsSource: {"web"}, ConsentsSource: {"newsletter"}}
    for kind, names in kinds.items():
        assert {name for name, source in config.sources.items() if isinstance(source, kind)} == names


def test_keys_are_unique_filled_and_named_like_one(shop) -> None:
    _, config, text = shop
    assert [config.sources[n].primary_key for n in ("crm", "loyalty", "orders")] == ["contact_id", "loyalty_no", "order_no"]
    assert "unique in all 100 rows, never empty" in text


def test_whose_a_row_is_follows_from_values_that_are_keys_of_another_file(shop) -> None:
    _, config, text = shop
    assert config.activities["orders"].of == {"contact": "crm.contact_id"}
    assert config.sources["web"].known_as == {"user_id": "crm.contact_id"}
    assert "all 400 values are in crm.contact_id" in text


def test_the_source_that_knows_most_stands_first_and_visitors_last(shop) -> None:
    _, config, _ = shop
    assert config.customers.match_order == ("crm", "loyalty", "web")


def test_every_rule_has_a_condition_that_is_exact(shop) -> None:
    _, config, _ = shop
    rules = [*config.customers.match, *(rule for dedupe in config.customers.dedupe.values() for rule in dedupe.rules)]
    assert rules
    assert all(any(condition.precision == 1 for condition in rule.all) for rule in rules)


def test_purchases_give_an_activity_measures_a_prediction_and_segments(shop) -> None:
    _, config, _ = shop
    assert (config.activities["orders"].type, config.activities["orders"].amount) == ("SalesOrder", "total")
    assert set(config.measures) == {"total_spend", "purchases", "last_purchase"}
    assert list(config.clv) == ["six_months"]  # two years of purchases
    assert set(config.segments) == {"high_value", "regulars"}


def test_keys_of_people_and_columns_that_hold_them_are_personal(shop) -> None:
    _, config, _ = shop
    assert config.sources["crm"].fields["contact_id"].personal
    assert config.sources["orders"].fields["contact"].personal


def test_too_few_buyers_and_the_prediction_is_a_comment_with_the_reason(tmp_path: Path) -> None:
    few = "\n".join(ORDERS.splitlines()[:20])
    _, config, text = suggested(tmp_path, {"crm.csv": PEOPLE, "orders.csv": few})
    assert config.clv == {}
    assert "# clv:" in text
    assert "only 19 customers bought something, and 100 are needed" in text


def test_addresses_that_several_records_share_join_only_beside_a_name_that_is_alike(tmp_path: Path) -> None:
    shared = PEOPLE.replace("ann1@", "family@").replace("ann2@", "family@").replace("ann3@", "family@")
    _, config, text = suggested(tmp_path, {"crm.csv": shared, "loyalty.csv": LOYALTY})
    [mail] = [rule for rule in config.customers.match if "e-mail" in rule.name]
    assert len(mail.all) == 2
    assert "2 of 100 addresses of crm are there a second time, so the name must be alike too" in text
    assert [len(rule.all) for rule in config.customers.dedupe["crm"].rules] == [2]


def test_small_numbers_are_in_two_files_by_chance_and_are_only_suggested(tmp_path: Path) -> None:
    people = "id,email\n" + "".join(f"{n},ann{n}@x.example\n" for n in range(1, 50))
    visits = "visit_no,guests,day\n" + "".join(f"V{n},{n % 9 + 1},2024-01-{n % 28 + 1:02}\n" for n in range(60))
    suggestion, config, _ = suggested(tmp_path, {"people.csv": people, "visits.csv": visits})
    assert [relation.sure for relation in suggestion.relations if relation.field == "guests"] == [False]
    assert config.activities == {}


def test_orders_and_their_lines_are_not_added_up_together(tmp_path: Path) -> None:
    lines = "line_id,order_no,contact,sold_on,price\n" + "".join(f"P{n:04},O{n:04},C{n % 100:03},2024-01-01,1.5\n" for n in range(300))
    _, config, _ = suggested(tmp_path, {"crm.csv": PEOPLE, "orders.csv": ORDERS, "lines.csv": lines})
    assert config.activities["lines"].type == "SalesOrderLine"
    assert config.measures["total_spend"].activities == ("orders",)


def test_companies_are_accounts_and_who_names_one_of_them_is_a_contact(tmp_path: Path) -> None:
    companies = "account_id,company,city\n" + "".join(f"A{n:02},Blue {'abcdefghij'[n]} Ltd,Bonn\n" for n in range(10))
    staff = "contact_no,account_id,full_name,email\n" + "".join(f"K{n:02},A{n % 10:02},Ann Lee,a{n}@x.example\n" for n in range(30))
    _, config, _ = suggested(tmp_path, {"firms.csv": companies, "staff.csv": staff, "crm.csv": PEOPLE})
    assert config.accounts is not None
    assert config.contacts is not None
    assert config.contacts.relationships["staff"].account == "firms"
    assert config.customers.match_order == ("crm",)


def test_households_are_proposed_where_people_have_a_last_name_and_an_address(tmp_path: Path) -> None:
    names = "Lee Poe Fox Lee Ray Kay Lee Ray Fox".split()
    people = "person_no,last_name,street,postcode,email\n" + "".join(
        f"P{n},{name},Long St {n},5311{n},p{n}@x.org\n" for n, name in enumerate(names)
    )
    _, config, text = suggested(tmp_path, {"people.csv": people})
    assert config.customers.households is None
    assert parse_config(text.replace("  # households: true", "  households: true")).customers.households is not None
    _, _, text = suggested(tmp_path, {"people.csv": people.replace("postcode", "code")})
    assert "households" not in text


def test_files_of_one_kind_are_one_source(tmp_path: Path) -> None:
    suggestion, config, _ = suggested(
        tmp_path,
        {**{f"orders_2024-0{m}.csv": f"order_no,n\nO{m},1\n" for m in (1, 2)}, **{f"log/{d}.csv": f"id,x\n{d},1\n" for d in "ab"}},
    )
    assert {name: source.files for name, source in config.sources.items()} == {"orders": "orders_*.csv", "log": "log/"}
    assert [part.look.rows for part in suggestion.parts] == [2, 2]


def test_without_a_key_a_source_is_a_comment_that_names_the_nearest_column(tmp_path: Path) -> None:
    suggestion, _, text = suggested(tmp_path, {"sizes.csv": "colour,size\nred,1\nred,2\nblue,1\n", "crm.csv": PEOPLE})
    assert part_of(suggestion, "sizes").wanting is not None
    assert "# sizes:" in text
    assert "the nearest is" in said(text)


def test_nothing_that_the_files_hold_is_in_what_is_written(tmp_path: Path) -> None:
    from cdp_assets.start import report_lines

    secret = PEOPLE + "C999,Zaphod Beeblebrox,zaphod@heart.example,1/2/1980,99999\n"
    suggestion, _, text = suggested(tmp_path, {"crm.csv": secret, "headless.csv": "zaphod@heart.example,Zaphod Beeblebrox\n1,2\n"})
    written = text + "\n".join(report_lines(suggestion)) + "\n".join(suggestion.left)
    assert not [word for word in ("zaphod", "Zaphod", "Beeblebrox", "heart.example", "C999") if word in written]


NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\0'), max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.lists(NAME, min_size=1, max_size=4, unique=True), st.lists(CELL, min_size=4, max_size=12))
def test_whatever_columns_are_called_and_hold_the_text_is_valid_and_names_them(columns: list[str], cells: list[str]) -> None:
    """`config_text` raises where it is not."""
    quoted = [f'"{column}"' for column in columns if '"' not in column] or ['"a"']
    header = ",".join(["row_id", *quoted])
    rows = "".join(f"r{n}," + ",".join(f'"{cells[(n + k) % len(cells)]}"' for k in range(len(quoted))) + "\n" for n in range(len(cells)))
    with TemporaryDirectory() as folder:
        suggested(Path(folder), {"any file.csv": f"{header}\n{rows}", "crm.csv": PEOPLE})


def test_a_name_that_is_taken_or_none_gives_another_name(tmp_path: Path) -> None:
    files = {"quarantine.csv": "id\n1\n2\n", "2024 (alt)!.csv": "customer_id,source\n1,a\n2,b\n", "日本.csv": "id\n1\n2\n"}
    _, config, _ = suggested(tmp_path, files)
    assert "quarantine_source" in config.sources
    assert "file_2024_alt" in config.sources
    assert set(config.sources["file_2024_alt"].fields) == {"customer_no", "source_given"}
    assert len(config.sources) == 3


def test_looking_writes_nothing_into_the_folder(tmp_path: Path) -> None:
    folder_of(tmp_path, SHOP)
    suggest(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(SHOP)


def test_of_very_many_kinds_of_files_the_first_are_looked_at_and_the_others_are_said(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("cdp_assets.start.suggestion.MOST_SOURCES", 2)
    for nth, name in enumerate(["a", "b", "c"]):
        (tmp_path / f"{name}.csv").write_text(f"id,value_{nth}\n1,x\n2,y\n")
    found = suggest(tmp_path)
    assert [part.name for part in found.parts] == ["a", "b"]
    assert len(found.left) == 1
    assert "Not looked at: c.csv." in found.left[0]
