"""Sources: files of records, events and consents become typed rows with file and line; what cannot be read is in quarantine.

A source that is broken as a whole raises SourceError before anything of it is committed.
"""

from cdp_assets.sources.files import SourceError, SourceFile, find_files, fingerprint, stamp
from cdp_assets.sources.step import read_source
from cdp_assets.sources.tables import QUARANTINE, table_of

__all__ = ["QUARANTINE", "SourceError", "SourceFile", "find_files", "fingerprint", "read_source", "stamp", "table_of"]
