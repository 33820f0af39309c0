"""Tests of the station `identity`."""
