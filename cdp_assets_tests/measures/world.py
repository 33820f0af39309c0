"""Measures over the activities of a small project."""

from cdp_assets.config import ProjectConfig
from cdp_assets_tests.activities.world import ACTIVITIES
from cdp_assets_tests.activities.world import config as project

MEASURES = """
measures:
  spend: {function: sum, field: amount, activities: [purchases]}
  average_order: {function: average, field: amount, activities: [purchases]}
  orders: {function: count, activities: [purchases]}
  orders_with_money: {function: count, field: amount, activities: [purchases]}
  largest: {function: max, field: amount, activities: [purchases]}
  smallest: {function: min, field: amount, activities: [purchases]}
  first_amount: {function: first, field: amount, activities: [purchases]}
  last_amount: {function: last, field: amount, activities: [purchases]}
  first_seen_at: {function: first, field: time, activities: [purchases, visits]}
  last_seen_at: {function: max, field: time, activities: [purchases, visits]}
"""


def config() -> ProjectConfig:
    """The project with one measure of each function."""
    return project(ACTIVITIES + MEASURES)
