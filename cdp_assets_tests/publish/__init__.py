"""Tests of the published snapshot."""
