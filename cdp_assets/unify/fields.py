"""Which fields of the sources are one field of the profile: part of the configuration, whose checks need it too."""

from cdp_assets.config.unified import Member, UnifiedField, unified_fields

__all__ = ["Member", "UnifiedField", "unified_fields"]
