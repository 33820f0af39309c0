"""A valid file becomes typed, frozen models, with a default for everything that has a good one."""

from datetime import date

import pytest
from pydantic import ValidationError

from cdp_assets.config import (
    TYPES,
    EventsSource,
    ProjectConfig,
    RecordsSource,
    Role,
    Sides,
    json_schema,
    parse_config,
)
from cdp_assets_tests.config.documents import VALID, changed

SMALLEST = """\
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name}}
"""


@pytest.fixture(name="config", scope="module")
def _config() -> ProjectConfig:
    return parse_config(VALID)


def test_smallest_file_has_defaults_for_the_rest():
    config = parse_config(SMALLEST)
    assert config.engine.kind == "duckdb"
    assert config.engine.memory_bytes == 4 * 2**30
    assert config.engine.threads is None
    assert config.roles.role_of("ann") is None
    assert (config.schedule.cron, config.schedule.time_zone) == ("0 4 * * *", "UTC")
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8080)
    assert config.customers.match_order == ("crm",)


def test_match_order_is_the_order_of_the_file_where_none_is_stated():
    config = parse_config(changed(("  match_order: [crm, shop, web]\n", "")))
    assert config.customers.match_order == ("crm", "shop", "web")


def test_source_of_records(config):
    crm = config.sources["crm"]
    assert isinstance(crm, RecordsSource)
    assert (crm.kind, crm.files, crm.format, crm.include_all_records) == ("records", "sources/crm*.csv", None, True)


def test_primary_key_that_is_not_listed_is_a_text_field_of_that_column(config):
    key = config.sources["crm"].fields["contact_id"]
    assert (key.type, key.column, key.data_type) == ("text", None, "varchar")


def test_primary_key_that_is_listed_keeps_its_type():
    config = parse_config(changed(("fields:\n      full", "fields:\n      contact_id: integer\n      full")))
    assert config.sources["crm"].fields["contact_id"].data_type == "bigint"


def test_source_of_events(config):
    web = config.sources["web"]
    assert isinstance(web, EventsSource)
    assert (web.event_id, web.visitor, web.time, web.event) == ("event_id", "anonymous_id", "ts", "event")
    assert web.known_as == {"user_id": "crm.contact_id"}
    assert (web.include_all_records, web.first_day, web.time_format) == (False, date(2020, 1, 1), None)


def test_field_is_a_type_or_a_mapping(config):
    fields = config.sources["crm"].fields
    assert (fields["email"].type, fields["email"].column, fields["email"].format) == ("identity.email", None, None)
    born = fields["born"]
    assert (born.type, born.column, born.format) == ("person.birth_date", "DateOfBirth", "%m/%d/%Y")


@pytest.mark.parametrize(
    ("name", "data_type", "personal", "semantic"),
    [
        ("person.full_name", "varchar", True, True),
        ("person.birth_date", "date", True, True),
        ("identity.id", "varchar", True, True),
        ("organization.name", "varchar", False, True),
        ("text", "varchar", False, False),
        ("integer", "bigint", False, False),
        ("decimal", "decimal(18,2)", False, False),
        ("number", "double", False, False),
        ("boolean", "boolean", False, False),
        ("date", "date", False, False),
        ("timestamp", "timestamp", False, False),
    ],
)
def test_types_of_fields(name, data_type, personal, semantic):
    field = parse_config(changed(("points: integer", f"points: {name}"))).sources["crm"].fields["points"]
    assert (field.data_type, field.personal, field.semantic) == (data_type, personal, semantic)


def test_every_type_of_a_person_is_personal():
    assert all(its.personal for name, its in TYPES.items() if name.startswith(("person.", "identity.", "location.")))


@pytest.mark.parametrize(
    ("written", "precision"),
    [("low", 0.3), ("medium", 0.6), ("high", 0.8), ("exact", 1.0), ("0.75", 0.75), ("1", 1.0), ("0.01", 0.01)],
)
def test_precision_is_a_word_or_a_number(written, precision):
    config = parse_config(changed(("precision: high", f"precision: {written}")))
    assert config.customers.match[1].all[0].precision == precision


def test_condition_is_exact_where_it_says_nothing(config):
    condition = config.customers.match[1].all[1]
    assert (condition.precision, condition.as_, condition.normalise) == (1.0, None, ())


def test_condition_of_one_name_means_that_field_on_both_sides(config):
    born = config.customers.match[1].all[1]
    assert born.sides(config, "crm", "shop") == ("born", "born")


def test_condition_of_one_name_means_the_field_of_the_same_semantic_type_on_the_right(config):
    name = config.customers.match[1].all[0]
    assert name.sides(config, "crm", "shop") == ("full_name", "name")


def test_condition_names_both_sides():
    config = parse_config(changed(("{field: born}", "{field: {left: email, right: other_mail}}")))
    condition = config.customers.match[1].all[1]
    assert condition.field == Sides(left="email", right="other_mail")
    assert condition.sides(config, "crm", "shop") == ("email", "other_mail")


def test_dedupe_and_merge(config):
    dedupe = config.customers.dedupe["crm"]
    assert dedupe.keep == "most_filled"
    assert [rule.name for rule in dedupe.rules] == ["same e-mail"]
    assert dedupe.rules[0].all[0].normalise == ("lower", "whitespace")
    assert config.customers.merge["email"].importance == ("shop", "crm")


def test_role_of_a_user(config):
    assert config.roles.role_of("ann") is Role.owner
    assert config.roles.role_of("eve") is Role.viewer
    assert config.roles.role_of("Ann") is None


def test_roles_are_ordered():
    assert Role.viewer < Role.contributor < Role.administrator < Role.owner


@pytest.mark.parametrize(("memory", "size"), [("512MiB", 512 * 2**20), ("1.5 GiB", 3 * 2**29), ("4GB", 4 * 10**9), ("1TiB", 2**40)])
def test_memory_in_bytes(memory, size):
    assert parse_config(changed(("memory: 2GiB", f"memory: {memory}"))).engine.memory_bytes == size


@pytest.mark.parametrize("cron", ["0 4 * * *", "*/15 0-6,22 1 jan,jul *", "0 0 * * 7", "0 9-17/2 * * MON-FRI"])
def test_cron_expressions(cron):
    assert parse_config(changed(("30 4 * * mon-fri", cron))).schedule.cron == cron


def test_no_schedule():
    assert parse_config(changed(('"30 4 * * mon-fri"', "null"))).schedule.cron is None


def test_visitors_alone_are_enough():
    config = parse_config("version: 1\nsources:\n  web: {kind: events, files: web, visitor: v, time: t, include_all_records: true}\n")
    assert config.customers.match_order == ("web",)


def test_source_may_stay_out_of_match_order():
    config = parse_config(changed(("[crm, shop, web]", "[crm, shop]")))
    assert config.customers.match_order == ("crm", "shop")


def test_anchors_may_be_used():
    config = parse_config(changed(("engine: {kind", "engine: &here {kind"), ("[ann]", "[&user ann]"), ("bob", "*user"), ("*user", "bob")))
    assert config == parse_config(VALID)


def test_models_are_frozen(config):
    with pytest.raises(ValidationError):
        config.web.port = 1


def test_json_schema_describes_every_key():
    schema = json_schema()
    assert list(schema["properties"]) == list(ProjectConfig.model_fields)
    sections = schema["$defs"]
    field = next(form for form in sections["Field"]["anyOf"] if form["type"] == "object")
    assert set(field["properties"]) == {"type", "column", "format"}
    keys = [key for section in [*sections.values(), field] for key in section.get("properties", {}).values()]
    assert all("description" in key for key in keys)
    assert "as" in sections["Condition"]["properties"]
    assert sections["Condition"]["additionalProperties"] is False
