"""Events: web events by day, and who their visitors are. An event is never rewritten; who a visitor is, is a join."""

from cdp_assets.events.events import event_sources
from cdp_assets.events.tables import EVENTS, VISITOR_IDENTITIES, VISITOR_LINKS

__all__ = ["EVENTS", "VISITOR_IDENTITIES", "VISITOR_LINKS", "event_sources"]
