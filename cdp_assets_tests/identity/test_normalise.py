"""What is made alike before values are compared: each option has its table of examples."""
# ruff: noqa: RUF001 - letters that look like others are what is tested

import re

import phonenumbers
import pyarrow as pa
import pytest

from cdp_assets.identity.normalise import addresses, names, organizations, phone
from cdp_assets_tests.identity.rules_on_rows import forms

LONG = "Ab-1 " * 2000
"""10,000 characters."""


def form(value: str, **condition: object) -> object:
    table = pa.table({"record_key": ["k"], "name": [value]})
    return forms(table, **condition)["k"]


def test_without_a_step_a_value_is_compared_as_it_is() -> None:
    assert form("Ann  Lee") == "Ann  Lee"


TABLES = {
    "lower": """
        ANN Lée       -> ann lée
        ÀÉ İ          -> àé i
        Иван          -> иван
        😀 A          -> 😀 a
    """,
    "whitespace": """
        an n\\u00a0l\\tee       -> annlee
        a\\u200bb\\ufeffc       -> abc
        \\u200fمحمد علي\\u200e  -> محمدعلي
        王\\u3000小明           -> 王小明
        \\u2003\\u00a0          ->
    """,
    "symbols": """
        a.n-n+l_e'e@x (1)                  -> annleex 1
        !?"#$%&'()+,.-_/:;<=>@^~{}`[]      ->
        a*b\\\\c                             -> abc
        «ann»                              -> «ann»
        -- .                               -> \\u0020
    """,
    "unicode": """
        Łukasz Çelik straße  -> Lukasz Celik strasse
        àáâÀÁÂÃÄⒶＡ          -> aaaAAAAAAA
        e\\u0301             -> e
        Иван                 -> Ivan
        محمد                 -> mhmd
        ﬁn                   -> fin
        \\u200f              ->
    """,
    "numerals": """
        Ⅷ                 -> 8
        ❽                 -> 8
        Ⅻ street ⅷ        -> 12 street 8
        ٣٤ and ५६         -> 34 and 56
        １２³             -> 123
        ½ 三 VIII         -> ½ 三 VIII
        ⑩ 😀              -> 10 😀
    """,
    "phone": """
        +1 (425) 555-0100          -> 14255550100
        +01 425 555 0100           -> 14255550100
        001-425-555-0100           -> 14255550100
        1 (425) 555.0100           -> 14255550100
        (425) 555-0100             -> 4255550100
        +1 425 555 0100 X 123      -> 14255550100
        425-555-0100 ext. 9        -> 4255550100
        +1-425-555-0100;ext=5      -> 14255550100
        tel:+1-425-555-0100        -> 14255550100
        +44 (0)20 7946 0958        -> 442079460958
        +44 020 7946 0958          -> 442079460958
        0044 20 7946 0958          -> 442079460958
        +39 06 123 4567            -> 39061234567
        +1-800-FLOWERS             -> 18003569377
        +٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨           -> 442079460958
        ＋44 20 7946 0958           -> 442079460958
        \\u202a+44 20 7946 0958\\u202c -> 442079460958
        📞 +44 20 7946 0958         -> 442079460958
        +999 12                    -> 99912
        none                       ->
        0000                       ->
        +                          ->
    """,
    "name": """
        debby                       -> deborah
        Deborah                     -> deborah
        Prof. Bill O'Neil           -> prof william oneil
        Professor William ONeil     -> prof william oneil
        Dr Bob  Lee-Smith           -> dr robert ashley smith
        Doctor ROBERT Lee Smith     -> dr robert ashley smith
        José                        -> jose
        Дмитрий                     -> dmitriy
        محمد علي                    -> mhmd ly
        😀 Ann 😀                   -> anna
        Xyzzy                       -> xyzzy
        ?                           ->
        😀                          ->
    """,
    "address": """
        12 N.W. Main Street            -> 12 nw main st
        12 Northwest Main St           -> 12 nw main st
        12 main st., north west        -> 12 main st nw
        Hauptstraße 5                  -> hauptst 5
        HAUPTSTR. 5                    -> hauptst 5
        P.O. Box 7                     -> pob 7
        Post Office Box 7              -> pob 7
        1 Saint John Avenue, Apt. #3   -> 1 st john ave apt 3
        улица Ленина 5                 -> ulitsa lenina 5
        شارع 5                         -> shr 5
        🏠 5 Elm Rd                    -> 5 elm rd
        #                              ->
    """,
    "organization": """
        Contoso Ltd.                   -> contoso
        Contoso Corporation            -> contoso
        contoso co., ltd               -> contoso
        The Contoso Company            -> contoso
        A.B.C. Corp.                   -> abc
        Novo Nordisk A/S               -> novo nordisk
        AB Volvo                       -> volvo
        Volvo AB                       -> volvo
        Müller GmbH & Co. KG           -> muller
        Grupo Bimbo, S.A. de C.V.      -> grupo bimbo
        Contoso Ltd (London)           -> contoso london
        Contoso UK                     -> contoso uk
        Smith & Sons                   -> smith and sons
        Sa Va Foods                    -> sa va foods
        株式会社トヨタ                 -> toyota
        （株）トヨタ                   -> toyota
        주식회사 삼성                  -> samseong
        ООО Ромашка                    -> romashka
        Contoso™ Inc                   -> contoso
        Ltd.                           ->
        The Co. Inc.                   ->
        🏢                             ->
    """,
}


def _cases() -> list[object]:
    found = []
    for option, table in TABLES.items():
        for number, line in enumerate(table.strip().splitlines(), start=1):
            value, expected = (re.sub(r"\\(u[0-9a-f]{4}|t|\\)", _sign, cell.strip()) for cell in line.strip().split("->"))
            found.append(pytest.param(option, value, expected or None, id=f"{option}-{number:02}"))
    return found


def _sign(found: re.Match[str]) -> str:
    return {"t": "\t", "\\": "\\"}.get(found[1]) or chr(int(found[1][1:], 16))


@pytest.mark.parametrize(("option", "value", "expected"), _cases())
def test_each_option_by_its_table_of_examples(option: str, value: str, expected: str | None) -> None:
    assert form(value, normalise=[option]) == expected


@pytest.mark.parametrize("option", TABLES)
def test_a_value_of_ten_thousand_characters(option: str) -> None:
    made = form(LONG, normalise=[option])
    again = form(f" {LONG}\u200b", normalise=[option])
    assert isinstance(made, str)
    assert len(made) >= 2000
    assert option not in ("whitespace", "phone", "name", "address", "organization") or made == again


def test_steps_together_in_any_order() -> None:
    expected = "annlee8"
    assert form("Ánn L.É E Ⅷ", normalise=["lower", "whitespace", "symbols", "unicode", "numerals"]) == expected
    assert form("Ánn L.É E Ⅷ", normalise=["numerals", "unicode", "symbols", "whitespace", "lower"]) == expected


def test_a_typed_option_and_white_space() -> None:
    assert form("Contoso North Ltd", normalise=["organization", "whitespace"]) == "contosonorth"


def test_a_value_of_which_nothing_is_left_equals_nothing() -> None:
    assert form("-- .", normalise=["symbols", "whitespace"]) is None
    assert form("") is None
    for kind in ("name", "address", "organization"):
        assert form("?", **{"as": kind, "precision": "high"}) is None
        assert form("?", **{"as": kind}) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  ANN   Lee ", "ann lee"),
        ("O'Brien", "obrien"),
        ("O\u2019Brien", "obrien"),
        ("Anne-Marie Núñez", "anne marie nunez"),
        ("Lee,Ann", "lee ann"),
        ("J.R. Tolkien", "j r tolkien"),
        ("Ann 😀 Lee\u200f", "ann lee"),
    ],
    ids=["space", "apostrophe", "curly apostrophe", "hyphen", "comma", "initials", "pictures"],
)
def test_a_name_is_lower_case_ascii_words(value: str, expected: str) -> None:
    found = form(value, **{"as": "name", "precision": "high"})
    assert isinstance(found, list)
    assert found[0] == expected


def test_a_name_of_three_words_has_six_orders_as_written_first() -> None:
    found = form("ann b lee", **{"as": "name", "precision": "high"})
    assert found == ["ann b lee", "ann lee b", "b ann lee", "b lee ann", "lee ann b", "lee b ann"]


def test_a_name_of_more_than_four_words_has_its_words_sorted() -> None:
    assert form("e d c b a", **{"as": "name", "precision": "high"}) == ["a b c d e"]


def test_a_name_that_must_be_equal_is_compared_with_its_words_sorted() -> None:
    assert form("Lee ANN", **{"as": "name"}) == "ann lee"
    assert form("Lee Debby", **{"as": "name", "normalise": ["name"]}) == form("Deborah Lee", **{"as": "name", "normalise": ["name"]})


def test_more_than_500_variants_of_names_are_folded_and_none_of_them_further() -> None:
    folded = {word: name for word, name in names.table().items() if word not in names.TITLES}
    assert len(folded) > 1000
    groups = [list(folded.values()).count(name) + 1 for name in set(folded.values())]
    assert len(groups) > 500
    assert max(groups) <= 14
    assert not set(folded.values()) & set(folded), "the name that stands for others stands for itself"


@pytest.mark.parametrize(
    ("variants", "name"),
    [
        ("debby deb debbie", "deborah"), ("bob bobby rob", "robert"), ("bill will willie", "william"), ("liz beth betsy", ""),
        ("mike mickey", "michael"), ("tony", "anthony"), ("jim jimmy", "james"), ("kate kathy katy", "katherine"),
        ("dick rick richie", "richard"), ("chris", "christopher"), ("tom tommy", "thomas"),
    ],
    ids=str,
)  # fmt: skip
def test_well_known_variants(variants: str, name: str) -> None:
    folded = [names.fold(variant) for variant in variants.split()]
    assert not name or set(folded) == {name}


def test_names_that_share_a_variant_stay_two() -> None:
    assert names.fold("patrick") != names.fold("patricia")
    assert names.fold("robert") != names.fold("william")
    assert names.fold("john") != names.fold("jonathan")


def test_folding_twice_changes_nothing() -> None:
    for module in (names, addresses):
        table = module.table()
        assert [word for word in table if module.fold(module.fold(word)) != module.fold(word)] == []
    assert len(organizations.forms().one) > 150


def test_the_expression_for_country_codes_knows_all_of_them() -> None:
    codes = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
    assert [code for code in codes if not re.fullmatch(phone.CODES, code)] == []


@pytest.mark.parametrize("country", ["US", "GB", "DE", "IT", "FR", "IN", "RU", "BR", "JP", "CN"])
def test_the_quick_way_and_the_library_agree_on_clean_numbers(country: str) -> None:
    number = phonenumbers.example_number(country)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    expected = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    assert form(written, normalise=["phone"]) == expected
    assert phone.number_of(written) == expected
