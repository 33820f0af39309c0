"""Accounts, the contacts who work for them, and which account each contact belongs to."""
