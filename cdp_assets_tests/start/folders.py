"""What these tests share: a folder of files from text, and what is suggested for it."""

from collections.abc import Mapping
from pathlib import Path

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.start import Suggestion, config_text, suggest
from cdp_assets.start.kinds import Part
from cdp_assets.start.meanings import Meaning


def folder_of(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write the files into the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def suggested(folder: Path, files: Mapping[str, str | bytes]) -> tuple[Suggestion, ProjectConfig, str]:
    """The suggestion for these files, the configuration that it is, and its text."""
    suggestion = suggest(folder_of(folder, files))
    text = config_text(suggestion)
    return suggestion, parse_config(text), text


def said(text: str) -> str:
    """The text without the breaks of its comments."""
    return " ".join(word for word in text.split() if word != "#")


def part_of(suggestion: Suggestion, name: str) -> Part:
    """A source of the suggestion."""
    return next(part for part in suggestion.parts if part.name == name)


def meaning_of(folder: Path, column: str, values: list[str], name: str = "file.csv") -> Meaning:
    """What a column of these values means, beside a key."""
    text = f"row_id,{column}\n" + "".join(f'r{number},"{value}"\n' for number, value in enumerate(values))
    suggestion = suggest(folder_of(folder, {name: text}))
    return next(m for m in suggestion.parts[0].meanings if m.seen.column == column)


PEOPLE = "contact_id,full_name,email,birth_date,postcode\n" + "".join(
    f"C{n:03},Ann{'abcdefghij'[n % 10]} Lee{'abcdefghij'[n // 10]},ann{n}@x.example,{n % 12 + 1}/{n % 28 + 1}/1980,{10000 + n}\n"
    for n in range(100)
)
LOYALTY = "loyalty_no,name,mail\n" + "".join(
    f"L{n:03},Ann{'abcdefghij'[n % 10]} Lee{'abcdefghij'[n // 10]},ann{n}@x.example\n" for n in range(100)
)
ORDERS = "order_no,contact,ordered_at,total\n" + "".join(
    f"O{n:04},C{n % 100:03},{2023 + n // 200}-{n % 12 + 1:02}-{n % 28 + 1:02}T10:00:00Z,{n}.50\n" for n in range(400)
)
EVENTS = "event_id,visitor_id,user_id,event,ts\n" + "".join(
    f"E{n:04},v{n % 50}x,{f'C{n % 100:03}' if n % 3 else ''},page_view,2024-01-{n % 28 + 1:02}T10:00:00Z\n" for n in range(300)
)
CONSENTS = "mail,purpose,opt_in,at\n" + "".join(f"ann{n}@x.example,newsletter,{'yes' if n % 2 else 'no'},2024-01-01\n" for n in range(50))
