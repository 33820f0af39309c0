"""What is learnt and kept, and values of nobody: junk, and identifiers that too many people share."""

from typing import Any

import pyarrow as pa

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.identity import match, terms
from cdp_assets.identity.tables import MATCH_OVERRIDES, TERM_FREQUENCIES
from cdp_assets.sources.tables import table_of
from cdp_assets.unify import deduplicate
from cdp_assets_tests.support import rows, run_tables

CONFIG = """
version: 1
sources:
  crm: {files: c, primary_key: id, fields: {name: person.full_name, mail: identity.email, tel: identity.phone, born: person.birth_date}}
  shop: {files: s, primary_key: id, fields: {mail: identity.email, tel: identity.phone}}
customers:
  match_order: [crm, shop]
  dedupe: {crm: {rules: []}, shop: {rules: []}}
  match:
    - {name: mail, left: crm, right: shop, all: [{field: mail, normalise: [lower, whitespace]}]}
    - {name: telephone, left: crm, right: shop, all: [{field: tel, normalise: [phone]}]}
"""
NOTHING_STATED = {MATCH_OVERRIDES.name: MATCH_OVERRIDES.arrow_schema().empty_table()}


def config(guards: str = "{shared_by: 2}") -> ProjectConfig:
    return parse_config(f"{CONFIG}  guards: {guards}\n")


def sources(its: ProjectConfig, crm: str, shop: str) -> dict[str, pa.Table]:
    head = {
        "crm": "record_key | source_file | source_line | name | mail | tel | born",
        "shop": "record_key | source_file | source_line | mail | tel",
    }
    given = {}
    for source, text in (("crm", crm), ("shop", shop)):
        lines = [f"{line.split('|')[0].strip()} | f | {n} | {line.split('|', 1)[1]}" for n, line in enumerate(text.strip().splitlines(), 2)]
        given[source] = rows("\n".join([head[source], *lines]), table_of(source, its.sources[source]))
    return given


def learnt(its: ProjectConfig, given: dict[str, pa.Table]) -> list[tuple[Any, ...]]:
    found = run_tables(terms.stages(its), given, 3).to_pylist()
    return [(row["kind"], row["type"], row["term"], row["records"], row["people"]) for row in found]


def matches(its: ProjectConfig, given: dict[str, pa.Table]) -> list[tuple[str, str, str]]:
    tables = {**NOTHING_STATED, **given}
    if terms.learns(its):
        tables[TERM_FREQUENCIES.name] = run_tables(terms.stages(its), given)
    for source in ("crm", "shop"):
        tables[f"deduplicated_{source}"] = run_tables(deduplicate.stages(its, source), tables)
    found = run_tables(match.stages(its), tables).to_pylist()
    return sorted((row["left_key"], row["right_key"], row["status"]) for row in found)


SWITCHBOARD = """
    c1 | Ann Lee | info@x.org | 0 30 / 11 22 33 | 1980-01-02
    c2 | Bob Ray | INFO@x.org | 030 112233 | 1981-01-02
    c3 | Cid Kay | c@x.org | 030-112233 | 1982-01-02
"""


def test_an_identifier_that_people_of_too_many_names_have_is_learnt() -> None:
    given = sources(config(), SWITCHBOARD, "s1 | c@x.org | 030112233")
    assert learnt(config(), given) == [
        ("all", "identity.email", "", 4, None),
        ("all", "identity.phone", "", 4, None),
        ("identifier", "identity.phone", "30112233", 4, 3),  # three names in crm; the record of shop has none
    ]


def test_one_person_with_many_records_shares_with_nobody() -> None:
    crm = "\n".join(f"c{n} | {name} | a@x.org | | " for n, name in enumerate(["Ann Lee", "Lee, Ann", "ann  lee", "ANN LEE"]))
    assert learnt(config(), sources(config(), crm, "s1 | b@x.org | ")) == [("all", "identity.email", "", 5, None)]


def test_a_shared_identifier_is_alike_to_nothing_and_another_one_still_is() -> None:
    shop = "s1 | c@x.org | 030112233\ns2 | d@x.org | 030112233"
    assert matches(config(), sources(config(), SWITCHBOARD, shop)) == [("c3", "s1", "joined")]
    found = matches(config("{shared_by: null}"), sources(config(), SWITCHBOARD, shop))
    assert ("c3", "s2", "joined") in found, "without the limit the switchboard makes two people one"


def test_junk_is_alike_to_nothing_however_it_is_written() -> None:
    crm = "c1 | Ann Lee | None@none.com | 123 456 78 90 | \nc2 | Bob Ray | b@x.org | | "
    shop = "s1 | none@NONE.com | \ns2 | s@x.org | 1234567890\ns3 | b@x.org | "
    assert matches(config(), sources(config(), crm, shop)) == [("c2", "s3", "joined")]
    assert matches(config("{junk: {}}"), sources(config(), crm, shop)) == [
        ("c1", "s1", "joined"), ("c1", "s2", "joined"), ("c2", "s3", "joined"),
    ]  # fmt: skip


def test_junk_of_a_telephone_may_be_no_number() -> None:
    """As it is written n/a is equal to n/a, and so are two rows of zeros; of 0049 30 1 the digits count as ever."""
    as_written = CONFIG.replace("{field: tel, normalise: [phone]}", "{field: tel}")
    crm = "c1 | Ann | | N/A | \nc2 | Bob | | 000 0000 | \nc3 | Cid | | 0049 30 1 | "
    shop = "s1 | | N/A\ns2 | | 000 0000\ns3 | | 0049 30 1"
    rows_of = sources(config(), crm, shop)
    junk = '{junk: {identity.phone: [n/a, "0000000"]}}'
    assert matches(parse_config(f"{as_written}  guards: {junk}\n"), rows_of) == [("c3", "s3", "joined")]
    assert len(matches(parse_config(f"{as_written}  guards: {{junk: {{}}}}\n"), rows_of)) == 3


def test_values_of_nobody_do_not_count_as_identifiers() -> None:
    guards = "{shared_by: 2, identifiers: {identity.email: 1}}"
    crm = "c1 | Ann Lee | n/a | 111 | "
    shop = "s1 | a@x.org | 111"
    assert matches(config(guards), sources(config(), crm, shop)) == [("c1", "s1", "joined")]
    assert matches(config("{junk: {}, identifiers: {identity.email: 1}}"), sources(config(), crm, shop)) == [("c1", "s1", "refused")]


def test_telephone_numbers_are_one_identifier_however_they_are_written() -> None:
    crm, shop = "c1 | Ann Lee | a@x.org | 030 / 11 22 44 | ", "s1 | A@x.org | (030) 112244"
    found = matches(config("{identifiers: {identity.phone: 1}}"), sources(config(), crm, shop))
    assert found == [("c1", "s1", "joined"), ("c1", "s1", "redundant")], "by mail, and by telephone too"
    other = matches(config("{identifiers: {identity.phone: 1}}"), sources(config(), crm, "s1 | a@x.org | 030 112245"))
    assert other == [("c1", "s1", "refused")], "two numbers are one too many"


def test_where_nothing_can_be_learnt_there_is_no_step() -> None:
    its = parse_config("version: 1\nsources:\n  crm: {files: c, primary_key: id, fields: {name: person.full_name}}\n")
    assert terms.terms_steps(its) == []
    assert terms.terms_read(its) == {}
