"""A valid cdp.yaml that uses every section; tests change one line of it at a time, so its line numbers are stated."""

VALID = """\
version: 1
engine: {kind: duckdb, memory: 2GiB, threads: 2}
roles:
  owner: [ann]
  viewer: [bob, eve]
sources:
  crm:
    files: sources/crm*.csv
    primary_key: contact_id
    fields:
      full_name: person.full_name
      email: identity.email
      born: {type: person.birth_date, column: DateOfBirth, format: "%m/%d/%Y"}
      points: integer
  shop:
    files: sources/shop.parquet
    primary_key: account_no
    fields:
      name: person.full_name
      mail: identity.email
      born: date
      other_mail: text
  web:
    kind: events
    files: sources/web/
    visitor: anonymous_id
    time: ts
    known_as: {user_id: crm.contact_id}
customers:
  match_order: [crm, shop, web]
  dedupe:
    crm:
      rules:
        - name: same e-mail
          all: [{field: email, normalise: [lower, whitespace]}]
      keep: most_filled
  match:
    - name: same e-mail
      left: crm
      right: shop
      all: [{field: email, normalise: [lower]}]
    - name: name and birth date
      left: crm
      right: shop
      all:
        - {field: full_name, as: name, precision: high}
        - {field: born}
  merge:
    email: {importance: [shop, crm]}
schedule:
  cron: "30 4 * * mon-fri"
  time_zone: Europe/Berlin
web:
  port: 8080
"""


def changed(*changes: tuple[str, str]) -> str:
    """The valid document with each text replaced once; the text must be there."""
    document = VALID
    for old, new in changes:
        assert old in document, old
        document = document.replace(old, new, 1)
    return document
