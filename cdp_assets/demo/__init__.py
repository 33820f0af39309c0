"""The demo world: sources to try everything on, made of nobody's data, and their truth, which no pipeline reads."""

from cdp_assets.demo.truth import Quality, score
from cdp_assets.demo.world import DemoSummary, generate

__all__ = ["DemoSummary", "Quality", "generate", "score"]
