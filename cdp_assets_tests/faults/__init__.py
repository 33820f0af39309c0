"""Faults: a refresh that is killed, a disk that is full, files that are broken. Each time the next run ends as if nothing had been.

`world.py` is the small project, `points.py` where a child process may die, `harness.py` runs, kills and compares;
`python -m cdp_assets_tests.faults` (`make faults`) is the long form of what the tests here do shortly.
"""
