"""Tests of the station `engagement`."""
