"""Who is found by what people type."""

import duckdb
import pytest

from cdp_assets.web.search import SHOWN, search, too_short
from cdp_assets.web.snapshot import Snapshots
from cdp_assets_tests.publish.small_world import ANN, BEN, CARLA, OLD_ANN, UNKNOWN, published, world


@pytest.fixture(scope="module")
def connection(small_world):
    with Snapshots(small_world).reading() as snapshot:
        yield snapshot.connection


def found(connection, text):
    return [hit.customer_id for hit in search(connection, text).hits]


@pytest.mark.parametrize(
    ("text", "customer"),
    [
        ("ann", ANN),
        ("ANN-MARIE", ANN),
        ("marie", ANN),  # a part of a name with a hyphen
        ("O'Brien", ANN),
        ("obrien", ANN),
        ("o\u2019brien ann", ANN),  # last name first
        ("ann-marie obr", ANN),  # the last word is not finished
        ("O'Brien, Ann-Marie", ANN),
        ("brien marie", ANN),  # words apart, one of them from a value that is not used
        ("ann@example.com", ANN),
        ("ANN@EX", ANN),
        ("obrien@example.com", ANN),  # a value that is not used
        ("+44 20 7946 0958", ANN),
        ("020 7946 0958", ANN),  # the national way
        ("4420794", ANN),
        ("17", ANN),
        ("a1", ANN),
        ("cookie-2", ANN),
        (ANN, ANN),
        (OLD_ANN[:20], ANN),
        ("Müller", BEN),
        ("mueller", BEN),
        ("muller ben", BEN),
        ("Ben Mueller", BEN),
        ("x-7", CARLA),
        ("cookie-9", UNKNOWN),
    ],
)
def test_found_by(connection, text, customer):
    assert customer in found(connection, text)


@pytest.mark.parametrize("text", ["rien", "ann brown", "zzz", "'", "%", "a_n", "ann%", "' or 1=1 --", "\u200b", "🦊" * 60, "((("])
def test_nobody_is_found_by(connection, text):
    assert found(connection, text) == []


def test_umlaut_finds_the_spelling_with_two_letters(tmp_path):
    tables = world()
    changed = tables["unified_profiles"].to_pylist()[1] | {"full_name": "Ben Mueller"}
    tables["unified_profiles"] = type(tables["unified_profiles"]).from_pylist([changed], tables["unified_profiles"].schema)
    with duckdb.connect(str(published(tmp_path, tables).file), read_only=True) as opened:
        assert found(opened, "Müller") == [BEN]
        assert found(opened, "Ben Müller") == [BEN]


def test_whole_token_comes_before_beginning(connection):
    # 17 is the key of ann's record, and 170 is another one; ben has 18
    assert found(connection, "17") == [ANN]
    assert search(connection, "17").hits[0].found_by == "id"


def test_more_than_fit_are_counted(tmp_path):
    tables = world()
    schema, row = tables["unified_profiles"].schema, tables["unified_profiles"].to_pylist()[1]
    many = [{**row, "customer_id": f"{n:032d}", "full_name": f"Max Same{n:03d}"} for n in range(45)]
    tables["unified_profiles"] = type(tables["unified_profiles"]).from_pylist(many, schema)
    with duckdb.connect(str(published(tmp_path, tables).file), read_only=True) as opened:
        result = search(opened, "max s")
        assert (len(result.hits), result.total) == (SHOWN, 45)
        assert [hit.name for hit in result.hits[:2]] == ["Max Same000", "Max Same001"]


def test_shorter_than_two_letters_is_refused():
    assert [too_short(text) for text in ["", "a", " a ", "'a", "ab"]] == [True, True, True, True, False]
