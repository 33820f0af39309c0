"""What a run of an export says: its state and its message, in counts and names of cdp.yaml, never in values of the data."""

from collections.abc import Mapping, Sequence

from cdp_assets.config.connections import AnyConnection, FileConnection
from cdp_assets.config.exports import Export
from cdp_assets.exports import dynamics
from cdp_assets.exports.confirmation import Confirmation, how_to_confirm
from cdp_assets.exports.history import LastRun
from cdp_assets.exports.outcome import Counts, Decided

BAD = ("refused", "failed")


def never_ended(run: LastRun) -> str:
    """What is known of a run that was stopped between its first file and the end."""
    return (
        f"Run {run.run_id[:8]} of {run.export} started {run.started:%Y-%m-%d %H:%M} UTC and never ended: "
        "files may have been written, what became of its members is not known."
    )


def ended_late(delivered: int, selected: int) -> str:
    """Of a run that was tried again after its members were written down."""
    return (
        f"Stopped before its end and tried again: {delivered:,} of {selected:,} members had been written into files, "
        "nothing was sent again. The ledger has the state of each member."
    )


def removed(files: int, stuck: int) -> list[str]:
    """The files of earlier runs that this run removed, and those that it could not remove."""
    return [
        *([f"{_files(files)} of earlier runs {'was' if files == 1 else 'were'} removed."] if files else []),
        *([f"{_files(stuck)} of earlier runs could not be removed: remove what does not belong there by hand."] if stuck else []),
    ]


def still_there(files: int, folder: str) -> list[str]:
    """Where nothing was written: what the last run wrote was left alone."""
    return [f"{_files(files)} of the last run {'is' if files == 1 else 'are'} still in {folder}."] if files else []


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def state_of(segments: Sequence[str]) -> str:
    """The state of a run: that of its segments where all have the same, else what went well with errors beside it."""
    states = set(segments)
    if len(states) == 1:
        return segments[0]
    return "failed" if states <= set(BAD) else "done_with_errors"


def message(
    export: Export,
    connection: AnyConnection,
    contact_id: str | None,
    counts: Mapping[str, Counts],
    decided: Sequence[Decided],
    confirmed: Confirmation,
) -> str:
    """What happened and, where something is to be done, what."""
    if confirmed != "confirmed":
        return f"Refused: the connection {export.connection} ({connection.name}) is {confirmed}. {how_to_confirm(export.connection)}."
    unknown = [each.segment for each in decided if each.state == "refused" and each.whole is None]
    bad = [each for each in decided if each.state in BAD and each.segment not in unknown]
    going = {segment: each for segment, each in counts.items() if segment not in {each.segment for each in bad}}
    lines = _head(state_of([each.state for each in decided]), connection, going)
    if unknown:
        lines = [_no_contact(sum(counts[segment].no_contact for segment in unknown), contact_id)]
    lines += [f"Segment {each.segment} was {'not sent' if each.state == 'refused' else 'not written'}: {each.reason}." for each in bad]
    lines += [f"Segment {segment} has no members{_empty(connection)}." for segment, each in going.items() if not each.selected]
    lines += _left_out(export, contact_id, going, told=bool(unknown))
    if not isinstance(connection, FileConnection):
        lines += dynamics.advice(connection.kind, dict(counts))
    return " ".join(lines)


def _head(state: str, connection: AnyConnection, going: Mapping[str, Counts]) -> list[str]:
    if state in BAD:
        return ["Refused: nothing was sent." if state == "refused" else "Failed: no file was written."]
    head = ["Completed with errors."] if state == "done_with_errors" else []
    sent, selected = sum(each.deliverable for each in going.values()), sum(each.selected for each in going.values())
    if isinstance(connection, FileConnection):
        return [*head, f"{sent:,} of {selected:,} members are in files of {connection.name}."]
    return [*head, f"Dry run: {sent:,} of {selected:,} members would go to {connection.name}; {dynamics.LATER}."]


def _no_contact(members: int, contact_id: str | None) -> str:
    return (
        f"Refused before the first write: of none of the {members:,} members to send a contact is known ({contact_id}). "
        "Contacts must exist at the destination and be records of a source that is unified here; none is ever created."
    )


def _empty(connection: AnyConnection) -> str:
    return ": its file has only the header" if isinstance(connection, FileConnection) else ""


def _left_out(export: Export, contact_id: str | None, going: Mapping[str, Counts], *, told: bool) -> list[str]:
    suppressed = sum(each.suppressed for each in going.values())
    without = sum(each.no_contact for each in going.values())
    return [
        *([f"{suppressed:,} were left out because they have not consented to {export.consent}."] if suppressed else []),
        *([f"{without:,} were left out because no contact of them is known ({contact_id})."] if without and not told else []),
    ]
