"""Tests of the station `activities`."""
