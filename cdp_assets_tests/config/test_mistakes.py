"""Each mistake is found at its line and field, says what is wrong and what would be right, and is reported once."""

import pytest

from cdp_assets.config import ConfigError, Problem, parse_config
from cdp_assets_tests.config.documents import VALID, changed


def problems(document: str | bytes) -> list[Problem]:
    """What is wrong with a document."""
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    return caught.value.problems


NAMES_AND_VALUES = r"""
version: 1 -> version: 2
    1: version: this program reads version 1 of the file. Use a newer cdp_assets that reads version 2
version: 1 -> version: true
    1: version: found true
version: 1\n -> (nothing)
    1: version: is missing
engine: -> engin:
    2: engin: unknown key. Did you mean "engine"? Allowed: version, engine, roles
kind: duckdb -> kind: duckdbb
    2: engine.kind: found "duckdbb". Did you mean "duckdb"?
2GiB -> lots
    2: engine.memory: is not a size, found "lots". Allowed: a number and a unit
2GiB -> 1MiB
    2: engine.memory: is too little to work with
threads: 2 -> threads: 0
    2: engine.threads: is too small, found 0. Allowed: at least 1
threads: 2 -> threads: two
    2: engine.threads: must be a whole number, found "two"
owner: [ann] -> owner: ann
    4: roles.owner: must be a list, found "ann"
owner: [ann] -> owner: [12]
    4: roles.owner[0]: must be text, found 12
owner: [ann] -> owner: [bob]
    3: roles: a user has one role, the highest is enough; named more than once: bob
viewer: -> viewers:
    5: roles.viewers: Did you mean "viewer"?
web:\n    kind -> Crm_2: {files: a, primary_key: id, fields: {}}\n  web:\n    kind
    23: sources.Crm_2: is not a name for a source
web:\n    kind -> unified_profiles: {files: a, primary_key: id, fields: {}}\n  web:\n    kind
    23: sources.unified_profiles: the name of one of the program's own tables
web:\n    kind -> measure_x: {files: a, primary_key: id, fields: {}}\n  web:\n    kind
    23: sources.measure_x: the name of one of the program's own tables
primary_key: con -> primary_keys: con
    9: sources.crm.primary_keys: unknown key. Did you mean "primary_key"?
    primary_key: contact_id\n -> (nothing)
    7: sources.crm.primary_key: is missing
y: account_no -> y: AccountNo
    17: sources.shop.primary_key: account_no: {type: text, column: "AccountNo"}
files: sources/crm*.csv -> files:
    8: sources.crm.files: must be text, found nothing
sources/crm*.csv -> /data/crm.csv
    8: sources.crm.files: must be relative to the folder of cdp.yaml
sources/crm*.csv -> s3://crm
    8: sources.crm.files: must be a path on this machine
sources/web/ -> web\n    format: xlsx
    26: sources.web.format: Allowed: csv, json_lines, parquet, delta
l: identity.email -> l: identity.mail
    12: sources.crm.fields.email: Did you mean "identity.email"?
points: integer -> points: int
    14: sources.crm.fields.points: unknown type, found "int". Did you mean "integer"?
points: integer -> points: 3
    14: sources.crm.fields.points: must be a type, or a mapping
points: integer -> Points: integer
    14: sources.crm.fields.Points: a name for a field, found "Points". Did you mean
points: integer -> score: integer
    14: sources.crm.fields.score: is a column that the program adds itself
points: integer -> points: {type: integer, format: '%Y'}
    14: sources.crm.fields.points.format: a format belongs to
"%m/%d/%Y" -> MM/DD/YYYY
    13: sources.crm.fields.born.format: is not a pattern of a date or time
"%m/%d/%Y" -> "%Q"
    13: sources.crm.fields.born.format: is not a pattern of a date or time
column: DateOfBirth -> colum: DateOfBirth
    13: sources.crm.fields.born.colum: Did you mean "column"?
kind: events -> kind: event
    24: sources.web.kind: found "event". Did you mean "events"? Allowed: records, events
time: ts -> time: ts\n    fields: {day: text}
    28: sources.web.fields: day: a column that the program adds itself
time: ts -> time: ts\n    fields: {user_id: text}
    28: sources.web.fields: user_id: is kept already, as a column of known_as; remove it here
user_id: crm -> Time: crm
    28: sources.web.known_as: Time: a column that the program adds itself
time: ts -> time: ts\n    first_day: soon
    28: sources.web.first_day: must be a date, such as 2020-01-31
time: ts -> time: ts\n    first_day: 1989-12-31
    28: sources.web.first_day: not a day on which web events can begin, found 1989-12-31. Allowed: a day from 1990-01-01 to 2100-01-01
time: ts -> time: ts\n    first_day: 9999-12-31
    28: sources.web.first_day: not a day on which web events can begin, found 9999-12-31
crm.contact_id -> contact_id
    28: sources.web.known_as.user_id: must be source.field
precision: high -> precision: hihg
    46: customers.match[1].all[0].precision: Did you mean "high"? Allowed: low
precision: high -> precision: 80
    46: customers.match[1].all[0].precision: a whole per cent from 0.01 to 1
as: name -> as: names
    46: customers.match[1].all[0].as: Did you mean "name"?
[lower] -> [lowr]
    41: customers.match[0].all[0].normalise[0]: Did you mean "lower"? Allowed: lower, whitespace
all: [{field: email, normalise: [lower]}] -> all: []
    41: customers.match[0].all: must have at least one entry
[crm, shop, web] -> []
    30: customers.match_order: must have at least one entry
keep: most_filled -> keep: fullest
    36: customers.dedupe.crm.keep: unknown value, found "fullest"
30 4 * * mon-fri -> 30 4 * *
    51: schedule.cron: must have five parts, found 4
30 4 * * mon-fri -> 30 24 * * *
    51: schedule.cron: the hour "24" cannot be used
30 4 * * mon-fri -> 5/10 4 * * *
    51: schedule.cron: the minute "5/10" cannot be used
Europe/Berlin -> Europe/Berln
    52: schedule.time_zone: Did you mean "Europe/Berlin"?
port: 8080 -> port: 80800
    54: web.port: is too large, found 80800. Allowed: at most 65535
port: 8080 -> port: '8080'
    54: web.port: must be a whole number, found "8080"
web:\n  port: 8080 -> web:
    53: web: must be a mapping (key: value), found nothing
"""

ONE_SECTION_AGAINST_ANOTHER = r"""
[crm, shop, web] -> [crm, shopp, web]
    30: customers.match_order[1]: unknown source, found "shopp". Did you mean "shop"?
[crm, shop, web] -> [crm, shop, web, crm]
    30: customers.match_order[3]: stands twice
crm.contact_id -> crn.contact_id
    28: sources.web.known_as.user_id: unknown source of records, found "crn". Did you
crm.contact_id -> crm.contact
    28: sources.web.known_as.user_id: unknown field of crm, found "contact". Did you mean
[crm, shop, web] -> [web, crm, shop]
    28: sources.web.known_as.user_id: crm must stand above web in match_order
    known_as: {user_id: crm.contact_id}\n -> (nothing)
    29: customers.match_order[2]: has no known_as
crm:\n      rules -> crn:\n      rules
    32: customers.dedupe.crn: unknown source, found "crn". Did you mean "crm"?
crm:\n      rules -> web: {}\n    crm:\n      rules
    32: customers.dedupe.web: only records have duplicates
email, normalise: [lower, w -> emial, normalise: [lower, w
    35: customers.dedupe.crm.rules[0].all[0].field: Did you mean "email"?
field: email, normalise: [lower, w -> field: {left: email, right: email}, normalise: [lower, w
    35: customers.dedupe.crm.rules[0].all[0].field: inside one source
right: shop\n      all: [{ -> right: shpo\n      all: [{
    40: customers.match[0].right: unknown source, found "shpo". Did you mean "shop"?
right: shop\n      all: [{ -> right: web\n      all: [{
    40: customers.match[0].right: matched by their known_as
right: shop\n      all: [{ -> right: crm\n      all: [{
    40: customers.match[0].right: write it under dedupe.crm instead
left: crm\n      right: shop -> left: shop\n      right: crm
    39: customers.match[0].left: must stand above crm in match_order; exchange
- name: name and birth date -> - name: same e-mail
    42: customers.match[1].name: is the name of an earlier rule
all: [{field: email, normalise: [lower]}] -> all: [{field: mail}]
    41: customers.match[0].all[0].field: unknown field of crm, found "mail". Did you mean "email"?
field: full_name, as: name -> field: {left: fullname, right: name}
    46: customers.match[1].all[0].field.left: Did you mean "full_name"?
field: full_name, as: name -> field: {left: full_name, right: nam}
    46: customers.match[1].all[0].field.right: Did you mean "name"?
{field: born} -> {field: points}
    47: customers.match[1].all[1].field: shop has no field of that name or type; write {left: points
other_mail: text -> other_mail: identity.email
    41: customers.match[0].all[0].field: shop has several fields of type identity.email
{field: born} -> {field: born, precision: high}
    47: customers.match[1].all[1].precision: only text is compared by precision, and born is date
{field: born} -> {field: born, normalise: [lower]}
    47: customers.match[1].all[1].normalise: only text is normalised
{field: born} -> {field: born, as: name}
    47: customers.match[1].all[1].as: only text is compared as a name
born: date -> born: text
    47: customers.match[1].all[1].field: stored differently (born: date, born: varchar)
email: {imp -> emial: {imp
    49: customers.merge.emial: unknown field, found "emial". Did you mean "email"?
[shop, crm] -> [shpo, crm]
    49: customers.merge.email.importance[0]: Did you mean "shop"?
email: {imp -> mail: {imp
    49: customers.merge.mail: goes into the profile under another name, found "mail". Did you mean "email"?
[shop, crm] -> [crm, crm]
    49: customers.merge.email.importance[1]: stands twice
email: {imp -> points: {imp
    49: customers.merge.points.importance[0]: shop has no field points, nor one of its type
"""

LATER_VERSIONS = r"""
kind: duckdb -> kind: spark
    2: engine.kind: spark is built by a later version; remove it until then
merge: ->   - {name: likely, kind: probabilistic, threshold: 0.95}\n  merge:
    48: customers.match[2].kind: probabilistic is built by a later version; remove it until then
- name: same e-mail\n      left -> - threshold: 0.9\n      name: same e-mail\n      left
    38: customers.match[0].threshold: is built by a later version; remove it until then
[lower] -> [email]
    41: customers.match[0].all[0].normalise[0]: email is built by a later version; remove it until then
{importance: [shop, crm]} -> most_filled
    49: customers.merge.email: most_filled is built by a later version; remove it until then
"""


def mistakes(table: str) -> list[tuple[str, ...]]:
    """The rows of a table: what is written instead of what, and below it the line, the field, a part of the message."""

    def written(change: str) -> str:
        return change.replace(r"\n", "\n").replace("(nothing)", "")

    lines = table.strip().splitlines()
    rows = zip(lines[::2], lines[1::2], strict=True)
    return [(*written(change).split(" -> "), *problem.strip().split(": ", 2)) for change, problem in rows]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    mistakes(NAMES_AND_VALUES) + mistakes(ONE_SECTION_AGAINST_ANOTHER) + mistakes(LATER_VERSIONS),
)
def test_mistake_is_found_at_its_place_and_once(old, new, line, field, message):
    found = problems(changed((old, new)))
    assert [f"{problem.line}: {problem.field}" for problem in found] == [f"{line}: {field}"], "\n".join(map(str, found))
    assert message in str(found[0])
    assert str(found[0]).startswith(f"cdp.yaml:{line}: {field}: ")


def test_section_of_a_later_version_is_refused():
    [problem] = problems(VALID + "privacy: {}\n")
    assert str(problem) == "cdp.yaml:55: privacy: is built by a later version; remove it until then."


def test_problem_names_what_was_found_what_is_allowed_and_the_nearest_name():
    [problem] = problems(changed(("kind: events", "kind: evnts")))
    assert problem == Problem("cdp.yaml", 24, "sources.web.kind", "unknown value", '"evnts"', "records, events, consents", "events")
    assert str(problem) == (
        'cdp.yaml:24: sources.web.kind: unknown value, found "evnts". Did you mean "events"? Allowed: records, events, consents.'
    )


def test_source_without_a_way_to_a_higher_one_asks_for_a_rule():
    document = changed(("    - name: same e-mail\n      left: crm\n      right: shop", "    - name: x\n      left: a\n      right: b"))
    document = document[: document.index("  match:")] + "schedule: {}\n"
    [problem] = problems(document)
    assert (problem.line, problem.field) == (30, "customers.match_order[1]")
    assert "shop has no rule to a source above it; add a rule to customers.match with right: shop" in str(problem)
    assert problem.allowed == "left: crm"


def test_source_without_a_rule_is_named_where_match_order_is_left_out():
    document = changed(("  match_order: [crm, shop, web]\n", ""))
    [problem] = problems(document[: document.index("  match:")])
    assert (problem.line, problem.field) == (15, "sources.shop")


def test_all_problems_come_at_once_in_the_order_of_the_lines():
    changes = [("8080", "no"), ("[crm, shop, web]", "[crm, shopp, web]"), ("[lower]", "[lowr]"), ("2GiB", "lots")]
    assert [problem.line for problem in problems(changed(*changes))] == [2, 30, 41, 54]


def test_message_has_one_line_a_problem():
    with pytest.raises(ConfigError) as caught:
        parse_config(changed(("2GiB", "lots"), ("8080", "no")))
    first, *rest = caught.value.message.splitlines()
    assert first == "The configuration cdp.yaml has 2 problems:"
    assert rest == [str(problem) for problem in caught.value.problems]


def test_entries_that_cannot_be_read_hide_none_of_the_same_list():
    document = """\
version: 1
sources: {crm: {files: a, primary_key: id, fields: {born: person.birth_date}}}
customers: {guards: {junk: {person.birth_date: [x, 12, 13, y, z]}}}
"""
    found = [problem.field.rpartition("[")[2] for problem in problems(document)]
    assert found == ["0]", "1]", "2]", "3]", "4]"]


def test_mistake_in_a_source_does_not_hide_the_mistakes_of_its_rules():
    found = problems(changed(("points: integer", "points: intgr"), ("field: full_name", "field: fullname")))
    assert [problem.line for problem in found] == [14, 46]


@pytest.mark.parametrize("key", ["password", "client_secret", "access_token", "api_key", "key"])
def test_value_of_a_key_that_looks_like_a_secret_is_never_shown(key):
    for value in ("[hunter2]", "hunter2", "!x hunter2", "2020-99-99", "{a: hunter2}"):
        text = "\n".join(map(str, problems(changed(("points: integer", f"{key}: {value}")))))
        assert key in text
        assert "hunter2" not in text
        assert "2020-99-99" not in text


def test_password_in_an_address_is_not_shown():
    [problem] = problems(changed(("sources/crm*.csv", "https://ann:hunter2@host/x")))
    assert problem.found == '"https://(hidden)@host/x"'


def test_long_value_is_cut_and_kept_on_one_line():
    [problem] = problems(changed(("2GiB", '"' + "x\\n" * 100 + '"')))
    assert len(str(problem)) < 200
    assert "\n" not in str(problem)


@pytest.mark.parametrize(
    ("document", "line", "message"),
    [
        ("", 0, "the file is empty"),
        ("# only a comment\n", 0, "the file is empty"),
        ("- a\n- b\n", 1, "must be a mapping that begins with version: 1, found a list"),
        ("only text", 1, "must be a mapping"),
        ("null", 1, "must be a mapping"),
        (VALID + "web: {port: 1}\n", 55, "web: is written twice, first on line 53"),
        (VALID + "a: [1\n", 56, "is not valid YAML"),
        (VALID + "a: 'x\n", 56, "is not valid YAML"),
        (VALID + "\tport: 1\n", 55, "is not valid YAML"),
        (VALID + "---\nversion: 1\n", 55, "is not valid YAML"),
        (VALID + "a: *nobody\n", 55, "is not valid YAML: found undefined alias 'nobody'"),
        ("version: 1\n\x01", 2, "a control character"),
        (b"version: 1\nroles: {owner: [J\xfcrgen]}\n", 2, "is not text in UTF-8"),
        ("[" * 5000, 0, "is nested too deeply"),
    ],
)
def test_file_of_the_wrong_form(document, line, message):
    [problem] = problems(document)
    assert problem.line == line
    assert message in str(problem)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("threads: !int 2", "a tag (!) has no meaning here"),
        ("1: 2", 'a key must be text; write it as "1"'),
        ("{a: b}: 2", "a key must be text"),
        (r'threads: "\ud800"', "holds half a character"),
        (r'"\ud800": 2', "holds half a character"),
        ("threads: &me [*me]", "holds itself"),
        ("threads: 2020-13-45", "is not a date, such as 2026-01-31; put text in quotes"),
    ],
)
def test_yaml_that_has_no_meaning_here(text, message):
    assert message in "\n".join(map(str, problems(changed(("threads: 2", text)))))


def test_file_that_unfolds_without_end_is_refused():
    levels = "\n".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(8))
    [problem] = problems(f"a0: &a0 [x]\n{levels}\n")
    assert "holds more than 100000 values" in str(problem)


def test_byte_order_mark_is_accepted():
    assert parse_config(b"\xef\xbb\xbf" + VALID.encode()) == parse_config(VALID)


def test_source_that_is_removed_while_it_is_used_is_one_problem_that_names_all_its_users():
    start, end = VALID.index("  shop:\n"), VALID.index("  web:\n")
    [problem] = problems(VALID[:start] + VALID[end:])
    assert (problem.line, problem.field, problem.found) == (22, "customers.match_order[1]", '"shop"')
    assert problem.message == (
        "unknown source, which is used in 4 places: customers.match_order[1] (line 22), customers.match[0].right (line 32), "
        "customers.match[1].right (line 36), customers.merge.email.importance[0] (line 41). "
        "Add it under sources, or remove it from all of them"
    )


def test_source_that_web_events_refer_to_is_not_removed():
    start, end = VALID.index("  crm:\n"), VALID.index("  shop:\n")
    text = "\n".join(map(str, problems(VALID[:start] + VALID[end:])))
    assert "sources.web.known_as.user_id (line " in text


def test_section_roles_that_names_nobody_is_no_way_to_let_everybody_in() -> None:
    start, end = VALID.index("roles:\n"), VALID.index("sources:\n")
    found = problems(VALID[:start] + "roles: {owner: []}\n" + VALID[end:])
    assert [(problem.field, problem.line) for problem in found] == [("roles", 3)]
    assert "names nobody" in found[0].message
