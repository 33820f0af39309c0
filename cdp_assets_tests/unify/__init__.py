"""Tests of the station `unify`."""
