"""A Dagster project of somebody else, with ours among its own assets: `definitions.py` is what such a person writes."""
