"""Segments: for whom the rules of cdp.yaml hold today, and since when."""
