"""Measures: figures of each customer, computed from activities."""
