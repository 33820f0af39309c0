"""The demo world: sources to try everything on, made of nobody's data, and their truth, which no pipeline reads."""

from cdp_assets.demo.truth import Quality, score
from cdp_assets.demo.world import DemoSummary, generate, generate_day_two

__all__ = ["DemoSummary", "Quality", "generate", "generate_day_two", "score"]
