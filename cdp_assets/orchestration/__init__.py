"""Everything that is Dagster's: how a step becomes an asset, partitions, jobs, schedules, sensors, the instance.

Stations declare steps and know nothing of this folder.
"""
