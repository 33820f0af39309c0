"""Lifetime value: what customers will spend, how far that can be trusted, and what the input lacks."""
