"""Tests of the station `sources`."""
