"""Tests of the demo world and of the measuring against its truth."""
