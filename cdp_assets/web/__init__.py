"""The pages for people: search and a customer's card, read from the published snapshot. Knows no lake and no Dagster."""

from cdp_assets.web.app import create_app
from cdp_assets.web.server import serve

__all__ = ["create_app", "serve"]
