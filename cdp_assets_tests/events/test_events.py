"""Events of all sources in one shape."""

from datetime import date

from cdp_assets.config import parse_config
from cdp_assets.events import EVENTS, event_sources, events
from cdp_assets_tests.events.stages_examples import CONFIG
from cdp_assets_tests.support import rows, run_stages

WEB = """
    event_id | visitor_id | time                | day        | event | user_id | mail
"""
APP = """
    event_id | visitor_id | time                | day        | event | User Id
"""
TYPES = {"time": "timestamp", "day": "date"}


def _events(web: str = "", app: str = "") -> list[dict[str, object]]:
    tables = {"web": rows(WEB.rstrip() + "\n" + web, **TYPES), "app": rows(APP.rstrip() + "\n" + app, **TYPES)}
    return run_stages(events.stages(parse_config(CONFIG)), **tables)


def test_an_event_carries_the_known_ids_that_were_given_in_the_order_of_the_configuration():
    found = _events(
        web="""
        e1 | v | 2024-03-01 10:00:00 | 2024-03-01 | view |    |
        e2 | v | 2024-03-01 10:01:00 | 2024-03-01 | view | C7 | a@b
        e3 | v | 2024-03-01 10:02:00 | 2024-03-01 | view |    | a@b
        """
    )
    assert [(row["event_id"], row["known_sources"], row["known_fields"], row["known_values"]) for row in found] == [
        ("e1", [], [], []),
        ("e2", ["crm", "crm"], ["id", "mail"], ["C7", "a@b"]),
        ("e3", ["crm"], ["mail"], ["a@b"]),
    ]


def test_events_of_two_sources_keep_their_source_and_may_have_the_same_id():
    found = _events(
        web="e1 | v | 2024-03-01 10:00:00 | 2024-03-01 | view | |",
        app="e1 | v | 2024-03-01 11:00:00 | 2024-03-01 | open | C7",
    )
    assert [(row["source"], row["event_id"], row["event"], row["known_values"]) for row in found] == [
        ("app", "e1", "open", ["C7"]),
        ("web", "e1", "view", []),
    ]


def test_an_event_has_no_customer_id_because_who_a_visitor_is_is_a_join():
    assert not [column for column in EVENTS.column_names if "customer" in column]


def test_a_configuration_without_events_gives_no_events():
    config = parse_config("version: 1\nsources:\n  crm: {files: a.csv, primary_key: id, fields: {mail: identity.email}}\n")
    assert event_sources(config) == {}
    assert run_stages(events.stages(config)) == []


def test_days_are_those_of_the_source():
    found = _events(web="e1 | v | 2024-03-01 23:59:59 | 2024-03-01 | view | |\n e2 | v | 2024-03-02 00:00:00 | 2024-03-02 | view | |")
    assert [row["day"] for row in found] == [date(2024, 3, 1), date(2024, 3, 2)]
