"""Tests of the first configuration from files."""
