"""Tests of the station `measures`."""
