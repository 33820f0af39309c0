"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.config import parse_config
from cdp_assets.events import events, visitor_identities, visitor_links
from cdp_assets.lake import Stage

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {mail: identity.email}}
  web: {kind: events, files: web, visitor: cookie, time: at, known_as: {user_id: crm.id, mail: crm.mail}}
  app: {kind: events, files: app, visitor: device, time: at, known_as: {User Id: crm.id}}
"""


def examples() -> list[list[Stage]]:
    both = parse_config(CONFIG)
    return [events.stages(both), visitor_links.stages(), visitor_identities.stages()]
