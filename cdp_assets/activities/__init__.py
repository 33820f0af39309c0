"""Activities: rows of sources that are things which customers or accounts did, in one shape, each with its person."""
