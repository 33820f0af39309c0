"""One person, one profile: duplicates inside a source, unified profiles, and where each value comes from."""
