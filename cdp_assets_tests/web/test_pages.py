"""What the pages show, and how they fail."""

import re
from datetime import date

import pytest

from cdp_assets.errors import UserError
from cdp_assets.web.app import templates
from cdp_assets_tests.publish.small_world import ANN, CARLA, GONE, OLD_ANN, UNKNOWN, published, world

HOSTILE = "<script>alert('x')</script>\"&{{ 7*7 }}"


def text_of(response):
    """The words of a page, without HTML."""
    inside = re.sub(r"<[^>]+>", " ", response.text.partition("<main")[2])
    return re.sub(r"\s+", " ", inside).replace("&#39;", "'")


def test_start_page_has_one_box_and_counts(client):
    page = client.get("/")
    assert page.status_code == 200
    assert '<label for="q">Find a customer</label>' in page.text
    assert "4 customers: 3 known, 1 not identified yet" in text_of(page)
    assert "Data as of 20 Nov 2026" in page.text


def test_search_lists_customers_with_links(client):
    page = client.get("/", params={"q": "ann"})
    assert f'<a href="/customers/{ANN}">' in page.text
    assert "1 customer found" in text_of(page)
    assert "ann@example.com Cork, Ireland" in text_of(page)


def test_nobody_found_says_what_to_try(client):
    assert "No customer found for “zzz”. Check the spelling" in text_of(client.get("/", params={"q": "zzz"}))


def test_one_letter_is_not_searched(client):
    assert "Type at least 2 letters or digits." in text_of(client.get("/", params={"q": "a"}))


def test_card_shows_fields_and_where_they_come_from(client):
    text = text_of(client.get(f"/customers/{ANN}"))
    assert "Birth date 3 Feb 1980" in text
    assert "Points 12.50" in text
    assert "Active Yes" in text
    assert "Email ann@example.com crm 17 2 other values File sources/crm.csv, line 18" in text
    assert "Not used ann@old.example; obrien@example.com In records loyalty A1 , shop S9" in text
    assert "Chosen as crm is the most important source that has a value" in text


def test_card_shows_known_and_unknown_ids_with_source_and_time(client):
    text = text_of(client.get(f"/customers/{ANN}"))
    assert "crm 2 records 17 sources/crm.csv, line 18 170 Duplicate sources/crm.csv, line 99" in text
    assert "cookie-1 Identified 1 May 2026, 10:05 Seen 1 May 2026, 10:00 to 1 May 2026, 11:00, 12 events" in text
    assert "Signed in as crm.contact_id 18 at 3 May 2026, 11:10, until 3 May 2026, 12:00" in text
    assert OLD_ANN in text


def test_card_of_unknown_visitor(client):
    text = text_of(client.get(f"/customers/{UNKNOWN}"))
    assert "Visitor, not identified yet" in text
    assert "Nothing known yet. Fields appear when this visitor signs in" in text
    assert "cookie-9 Unknown Seen 2 May 2026, 08:00" in text


def test_empty_fields_are_not_shown(client):
    assert "Birth date" not in client.get(f"/customers/{CARLA}").text


def test_old_id_says_so_and_links_to_the_survivor(client):
    page = client.get(f"/customers/{OLD_ANN}")
    assert page.status_code == 200
    assert "merged into another one" in page.text
    assert f'href="/customers/{ANN}"' in page.text


def test_id_whose_records_are_gone(client):
    page = client.get(f"/customers/{GONE}")
    assert page.status_code == 410
    assert "None of its records is in the sources any more" in page.text


@pytest.mark.parametrize("path", ["/customers/nobody", "/customers/" + "0" * 32, "/nothing", "/customers/", "/static/none.css"])
def test_not_found_is_a_page(client, path):
    page = client.get(path)
    assert page.status_code == 404
    assert "<main" in page.text


def test_nothing_published_is_a_page_that_says_what_to_do(client_of, tmp_path):
    client = client_of(tmp_path / "published")
    page = client.get("/")
    assert page.status_code == 503
    assert "No data published yet" in page.text
    assert client.get("/healthz").json() == {"status": "nothing published"}


def test_health(client):
    assert client.get("/healthz").json() == {"status": "ok", "as_of": "2026-11-20", "customers": 4, "outdated": False}


def test_hostile_values_are_escaped(client_of, tmp_path):
    tables = world()
    for table, columns in {
        "unified_profiles": ["full_name", "email", "city"],
        "profile_lineage": ["source", "record_key", "source_file", "rule"],
        "alternate_keys": ["source", "record_key", "source_file"],
        "visitor_identities": ["known_source", "known_field", "known_value"],
    }.items():
        rows = [{**row, **dict.fromkeys(columns, HOSTILE)} for row in tables[table].to_pylist()[:1]]
        tables[table] = type(tables[table]).from_pylist(rows, tables[table].schema)
    published(tmp_path, tables)
    client = client_of(tmp_path / "published")
    for page in (client.get("/", params={"q": HOSTILE}), client.get(f"/customers/{ANN}"), client.get("/", params={"q": "alert"})):
        assert "<script" not in page.text
        assert "alert(" in page.text
        assert "{{ 7*7 }}" in page.text


def test_new_publication_is_seen_without_a_restart(client_of, tmp_path):
    published(tmp_path)
    client = client_of(tmp_path / "published")
    assert "4 customers" in client.get("/").text
    tables = world()
    published(tmp_path, {**tables, "unified_profiles": tables["unified_profiles"].slice(0, 1)}, run="run-2", version=1)
    assert "1 customer:" in client.get("/").text


def test_unreadable_publication_keeps_the_last_good_one(client_of, tmp_path):
    published(tmp_path)
    client = client_of(tmp_path / "published")
    client.get("/")
    broken = published(tmp_path, run="run-2", version=1).file
    broken.chmod(0o600)
    broken.write_bytes(b"not a database")
    page = client.get("/")
    assert "4 customers" in page.text
    assert "The newest publication cannot be read" in page.text
    assert client.get("/healthz").json()["outdated"]


def test_old_data_say_how_old_they_are(client_of, small_world):
    assert "2 days old" in client_of(small_world, today=date(2026, 11, 22)).get("/").text
    assert " old<" not in client_of(small_world, today=date(2026, 11, 21)).get("/").text


def test_who_is_no_viewer_sees_nothing(client_of, small_world):
    def refuse():
        raise UserError("bob has no role in this project.")

    client = client_of(small_world, authorise=refuse)
    for path in ("/", f"/customers/{ANN}", "/accounts", f"/accounts/{ANN}", "/value"):
        page = client.get(path)
        assert page.status_code == 403
        assert "bob has no role in this project." in page.text
        assert "Ann" not in page.text


def test_error_page_has_a_reference_and_no_trace(client_of, small_world, caplog):
    def fail():
        raise ValueError("ann@example.com")

    page = client_of(small_world, authorise=fail).get("/?q=ann%40example.com")
    assert page.status_code == 500
    reference = re.search(r"the reference ([0-9a-f]{8})", page.text)[1]
    assert "ann@example.com" not in page.text
    assert "Traceback" not in page.text
    assert f"error {reference}: ValueError at " in caplog.text
    assert "ann@example.com" not in caplog.text


@pytest.mark.parametrize("path", ["/", "/nothing", "/healthz", "/static/pages.css", f"/customers/{ANN}"])
def test_security_headers_are_on_every_answer(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:8080", 200), ("localhost", 200), ("[::1]:8080", 200), ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("", 421)],
)
def test_only_this_machines_names_are_answered(client, host, status):
    assert client.get("/", headers={"host": host}).status_code == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_pages_change_nothing(client, method):
    assert client.request(method, "/").status_code == 405


def test_pages_ask_for_nothing_outside(client):
    for path in ("/", f"/customers/{ANN}", "/static/pages.css", "/nothing"):
        assert not re.search(r"https?://", client.get(path).text)


def test_first_load_is_small(client):
    size = sum(len(client.get(path).content) for path in ("/", "/static/pages.css", "/static/icon.svg"))
    assert size <= 60_000


def test_all_templates_compile():
    environment = templates()
    names = environment.list_templates()
    assert "card.html" in names
    for each in names:
        environment.get_template(each)
