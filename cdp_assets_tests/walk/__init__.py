"""The walk from files to exports, compared with the truth that the demo leaves beside its files."""
