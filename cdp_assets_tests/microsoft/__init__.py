"""Tests of the clients of Microsoft's services."""
