"""The sections connections and exports: what is right, and what is wrong at which place."""

import pytest

from cdp_assets.config import ConfigError, ProjectConfig, parse_config
from cdp_assets.config.exports import contact_id_of
from cdp_assets_tests.exports.stages_examples import CONTACTS
from cdp_assets_tests.exports.world import CONFIG

FILE = "{kind: file, name: Files, folder: exports, agree: true}"
SALES = "{kind: dynamics_sales, name: S, server: https://contoso.crm4.dynamics.com, contact_id: crm.id, agree: true}"
HEAD = CONFIG.partition("connections:")[0]


def config(connections: str, exports: str = "", head: str = HEAD) -> ProjectConfig:
    return parse_config(f"{head}connections: {{{connections}}}\nexports: {{{exports}}}\n")


def problems(connections: str, exports: str = "", head: str = HEAD) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config(connections, exports, head)
    return [str(problem) for problem in caught.value.problems]


def one(connections: str, exports: str = "", head: str = HEAD) -> str:
    [problem] = problems(connections, exports, head)
    return problem


# Brief row 27: name, address, contact-id mapping, "I agree"; administrators unless it is shared.
def test_a_connection_has_a_name_an_address_a_contact_id_and_agrees() -> None:
    made = parse_config(CONFIG).connections["sales"]
    assert (made.kind, made.name, made.server) == ("dynamics_sales", "Contoso Sales", "https://contoso.crm4.dynamics.com")
    assert (made.contact_id, made.share_with, made.agree) == ("crm.id", ("contributor",), True)


def test_a_connection_is_for_administrators_only_unless_it_is_shared() -> None:
    assert parse_config(CONFIG).connections["files"].share_with == ()
    assert "connections.x.share_with[0]" in one("x: {kind: file, name: F, folder: exports, agree: true, share_with: [viewer]}")


@pytest.mark.parametrize("agree", ["", ", agree: false"])
def test_without_i_agree_the_message_says_what_that_means(agree: str) -> None:
    said = one(f"x: {{kind: file, name: F, folder: exports{agree}}}")
    assert "connections.x.agree: must be true: over a connection data leave this product" in said
    assert "Write `agree: true` to say that you agree" in said


@pytest.mark.parametrize(
    "server",
    [
        "http://contoso.crm4.dynamics.com",
        "https://contoso.dynamics.com",
        "https://contoso.crm4.dynamics.com.evil.example",
        "https://evil.example/contoso.crm4.dynamics.com",
        "https://user@contoso.crm4.dynamics.com",
        "https://contoso.crm4.dynamics.com:8443",
        "https://contoso.crm4.dynamics.com/api",
        "https://contoso.crm4.dynamics.com?x=1",
        "https://contoso.crm4.dynamics.com#x",
        "https://10.0.0.1",
        "https://[::1]",
        "https://localhost",
        "https://-contoso.crm4.dynamics.com",
        "https://a.b.crm4.dynamics.com",
        "https://contoso.crm444.dynamics.com",
        "contoso.crm4.dynamics.com",
        "https://contos\u043e.crm4.dynamics.com",  # a Cyrillic letter
    ],
)
def test_a_server_that_is_not_one_of_dynamics_is_refused(server: str) -> None:
    said = one(f"x: {{kind: dynamics_sales, name: S, server: '{server}', contact_id: crm.id, agree: true}}")
    assert "connections.x.server: is not the address of a Dynamics 365 server" in said
    assert "Allowed: https://<organisation>.crm<number>.dynamics.com" in said


@pytest.mark.parametrize(
    "server", ["https://contoso.crm.dynamics.com", "https://con-toso.api.crm12.dynamics.com", "https://a.crm4.dynamics.com/"]
)
def test_servers_of_every_region_are_taken(server: str) -> None:
    made = config(f"x: {{kind: dynamics_marketing, name: S, server: '{server}', contact_id: crm.id, agree: true}}").connections["x"]
    assert made.server == server.removesuffix("/")


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("/tmp", "relative to cdp.yaml"),
        ("../out", "inside the project"),
        ("out/../../x", "inside the project"),
        (".", "inside the project"),
        (".cdp/out", "the store of the program"),
        (".CDP", "the store of the program"),
        ("./.cdp", "the store of the program"),
        ("sources/out", "inside sources"),
        ("C:/x", "relative to cdp.yaml"),
        ("s3://bucket/x", "relative to cdp.yaml"),
        ("~/x", "relative to cdp.yaml"),
    ],
)
def test_a_folder_outside_the_project_or_in_its_store_is_refused(folder: str, why: str) -> None:
    said = one(f"x: {{kind: file, name: F, folder: '{folder}', agree: true}}")
    assert "connections.x.folder" in said
    assert why in said


@pytest.mark.parametrize("files", ["in/crm.csv", "in/", "in/*.csv", "in/deep/er/*.csv", "in"])
def test_a_folder_from_which_a_source_reads_is_refused(files: str) -> None:
    said = one("x: {kind: file, name: F, folder: in, agree: true}", head=HEAD.replace("sources/crm.csv", files))
    assert "connections.x.folder: is a folder from which the source crm reads" in said


def test_an_unknown_kind_of_connection_names_the_kinds() -> None:
    said = one(f"x: {SALES.replace('dynamics_sales', 'dynamics_sale')}")
    assert 'connections.x.kind: unknown value, found "dynamics_sale". Did you mean "dynamics_sales"?' in said
    assert "Allowed: file, dynamics_sales, dynamics_marketing." in said
    assert "Allowed: file, dynamics_sales, dynamics_marketing." in one("x: {name: F, agree: true}")
    assert "connections.x.kind: is missing" in one("x: {name: F, agree: true}")


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("crm.idd", 'unknown field of crm, found "idd". Did you mean "id"?'),
        ("cmr.id", 'unknown source of records in customers.match_order, found "cmr". Did you mean "crm"?'),
        ("news.mail", 'unknown source of records in customers.match_order, found "news"'),
        ("id", "must be source.field"),
    ],
)
def test_the_contact_id_is_a_field_of_unified_records(reference: str, why: str) -> None:
    written = SALES.replace("crm.id", reference)
    assert why in one(f"x: {written}")
    assert f"exports.e.contact_id: {why}" in one(f"x: {SALES}", f"e: {{connection: x, segments: [nobody], contact_id: {reference}}}")


# Brief row 28: an export has a connection, a name, a contact id and segments.
def test_an_export_has_a_connection_a_contact_id_and_segments() -> None:
    made = parse_config(CONFIG)
    export = made.exports["sales"]
    assert (export.connection, export.segments, export.consent, export.schedule) == ("sales", ("high_value",), "newsletter", "0 6 * * 1")
    assert contact_id_of(made, export) == "crm.id"
    assert contact_id_of(made, made.exports["field"]) == "crm.crm_id"
    assert contact_id_of(made, made.exports["agency"]) is None
    assert made.exports["agency"].consent == "newsletter"  # written with a capital letter
    assert made.exports["agency"].schedule is None


def test_an_export_without_its_connection_lists_connections_and_says_how_to_add_one() -> None:
    said = one(f"files: {FILE}", "e: {connection: file, segments: [nobody]}")
    assert (
        "exports.e.connection: unknown connection: an export needs one. An administrator adds it under `connections:`, as in `file: {"
        in said
    )
    assert 'found "file". Did you mean "files"? Allowed: files.' in said
    assert "`cdp connection confirm`" in said
    assert "exports.e.connection: is missing" in one(f"files: {FILE}", "e: {segments: [nobody]}")


def test_unknown_segments_are_named_with_the_nearest() -> None:
    said = one(f"files: {FILE}", "e: {connection: files, segments: [high_valu]}")
    assert 'exports.e.segments[0]: unknown segment, found "high_valu". Did you mean "high_value"? Allowed: high_value, nobody.' in said


def test_the_same_segment_twice_in_one_export_is_refused() -> None:
    assert "name each once; stands twice: nobody" in one(f"files: {FILE}", "e: {connection: files, segments: [nobody, nobody]}")


def test_an_export_without_segments_is_refused() -> None:
    assert "exports.e.segments: must have at least one entry" in one(f"files: {FILE}", "e: {connection: files, segments: []}")


def test_fields_are_fields_of_the_profile_and_of_files_only() -> None:
    said = one(f"files: {FILE}", "e: {connection: files, segments: [nobody], fields: [e_mail]}")
    assert 'exports.e.fields[0]: unknown field of the profile, found "e_mail". Did you mean "email"?' in said
    assert "are for exports to files" in one(f"x: {SALES}", "e: {connection: x, segments: [nobody], fields: [email]}")
    assert "is for exports to Dynamics" in one(f"files: {FILE}", "e: {connection: files, segments: [nobody], contact_id: crm.id}")


def test_a_consent_needs_a_source_of_consents() -> None:
    head = "\n".join(line for line in HEAD.splitlines() if "consents" not in line) + "\n"
    said = one(f"files: {FILE}", "e: {connection: files, segments: [nobody], consent: post}", head)
    assert "exports.e.consent: asks for a consent, and no source holds any" in said


@pytest.mark.parametrize("name", ["runs", "ledger"])
def test_an_export_may_not_take_the_name_of_a_table_of_all_exports(name: str) -> None:
    assert "is taken: the program has a table of that name" in one(f"files: {FILE}", f"{name}: {{connection: files, segments: [nobody]}}")


@pytest.mark.parametrize("schedule", ["weekly", "0 6 * *", "61 * * * *"])
def test_a_schedule_is_a_time_of_five_parts(schedule: str) -> None:
    assert "exports.e.schedule" in one(f"files: {FILE}", f"e: {{connection: files, segments: [nobody], schedule: '{schedule}'}}")


BUSINESS = CONTACTS.partition("connections:")[0].replace("segments: {", "segments: {people: {all: [{profile.mail: x}]}, ")


def test_segments_must_be_of_what_the_contact_id_is_of() -> None:
    staff = SALES.replace("crm.id", "staff.contact_no")
    said = one(f"x: {staff}", "e: {connection: x, segments: [people]}", BUSINESS)
    assert (
        "exports.e.segments[0]: is a segment of customers, and the contact id staff.contact_no is one of contacts; "
        'choose only segments of contacts, found "people". Allowed: here.'
    ) in said
    assert "choose only segments of customers" in one(
        f"x: {SALES.replace('crm.id', 'crm.id')}", "e: {connection: x, segments: [here]}", BUSINESS
    )
    assert config(f"x: {staff}", "e: {connection: x, segments: [here]}", BUSINESS).exports["e"].segments == ("here",)


def test_a_file_holds_members_of_one_kind() -> None:
    said = one(f"files: {FILE}", "e: {connection: files, segments: [people, here]}", BUSINESS)
    assert "exports.e.segments[1]: is a segment of contacts" in said
    made = config(f"files: {FILE}", "e: {connection: files, segments: [here], fields: [city]}", BUSINESS)
    assert made.exports["e"].fields == ("city",)
    assert "unknown attribute of contacts" in one(f"files: {FILE}", "e: {connection: files, segments: [here], fields: [email]}", BUSINESS)
