"""An open-source customer data platform as a Dagster project."""
