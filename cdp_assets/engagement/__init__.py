"""Mail and meetings between one's own people and the contacts of accounts: counts by day, and a score by account."""

from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT, INTERACTIONS

__all__ = ["ACCOUNT_ENGAGEMENT", "INTERACTIONS"]
