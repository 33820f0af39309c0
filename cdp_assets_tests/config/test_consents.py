"""A source of consents in cdp.yaml: what it needs, what it defaults to, whom its statements can name."""

import pytest

from cdp_assets.config import ConfigError, ConsentsSource, parse_config

PEOPLE = "crm: {files: a, primary_key: id, fields: {mail: identity.email, name: person.full_name}}"


def config(newsletter: str, customers: str = "{}") -> str:
    return f"version: 1\nsources:\n  {PEOPLE}\n  newsletter: {newsletter}\ncustomers: {customers}\n"


def problem(document: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    assert len(caught.value.problems) == 1, caught.value.problems
    return str(caught.value.problems[0])


def test_the_columns_have_names_by_default() -> None:
    source = parse_config(config("{kind: consents, files: c, person: {mail: identity.email}}")).sources["newsletter"]
    assert isinstance(source, ConsentsSource)
    assert (source.purpose, source.given, source.at, source.at_format) == ("purpose", "given", "at", None)


def test_a_source_of_consents_is_left_out_of_the_default_order() -> None:
    assert parse_config(config("{kind: consents, files: c, person: {mail: identity.email}}")).customers.match_order == ("crm",)


def test_a_source_of_consents_in_match_order_is_refused() -> None:
    text = problem(config("{kind: consents, files: c, person: {mail: identity.email}}", "{match_order: [crm, newsletter]}"))
    assert "customers.match_order[1]: has consents, which are found by their `person` and are never matched; take it out" in text


@pytest.mark.parametrize(
    ("person", "message"),
    [
        ("{}", "sources.newsletter.person: must have at least one entry"),
        ("{n: person.full_name}", "sources.newsletter.person.n: does not say who somebody is"),
        ("{n: location.city}", "does not say who somebody is"),
        ("{n: mail}", "must be source.field"),
        ("{n: crm.email}", 'unknown field of crm, found "email"'),
        ("{n: crm.mial}", 'found "mial". Did you mean "mail"?'),
        ("{n: crn.mail}", 'unknown source of records in match_order, found "crn". Did you mean "crm"?'),
        ("{n: newsletter.mail}", "unknown source of records in match_order"),
        ("{n: identity.phone}", 'no source in match_order has a field of that type, found "identity.phone"'),
        ("{given: identity.email}", "given: a column that the program adds itself"),
        ("{Mail: identity.email, mail: crm.id}", "Mail, mail: capital letters do not make two columns"),
    ],
)
def test_whose_a_statement_is_must_be_an_identifier_that_records_have(person: str, message: str) -> None:
    assert message in problem(config(f"{{kind: consents, files: c, person: {person}}}"))


def test_a_key_that_no_source_of_consents_has_is_refused() -> None:
    text = problem(config("{kind: consents, files: c, person: {mail: identity.email}, givn: opt_in}"))
    assert 'sources.newsletter.givn: unknown key. Did you mean "given"?' in text
