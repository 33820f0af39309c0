"""Tests of the station `events`."""
