"""Tests of accounts, contacts and the links between them."""
