"""`python -m cdp_assets_tests.bench.normalise`: values a processor second of each option, on one thread.

A million records of 300,000 distinct values, made here; the last line is JSON. Options: number of records.
"""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.identity.forms import Forms, forms_stages
from cdp_assets.identity.normalise import Form, companion_of
from cdp_assets.identity.normalise.given_names import FREQUENCY
from cdp_assets.lake import DuckDBEngine, Source, Stage, Table

OPTIONS = ("lower", "whitespace", "symbols", "unicode", "numerals", "phone", "name", "address", "organization")
ENDINGS = ("Ltd", "GmbH & Co. KG", "Inc.", "S.A. de C.V.", "")
STREETS = ("Street", "Avenue", "Northwest Road", "Strasse", "Boulevard")


def values(count: int) -> dict[str, list[str]]:
    """Distinct values of a name, a telephone number, an address and an organisation, some with other letters."""
    chance = random.Random(7)
    given = [name.title() for name in FREQUENCY]
    other = ("é", "Ł", "ß", "Ⅷ", "")
    made: dict[str, list[str]] = {"name": [], "phone": [], "address": [], "organization": []}
    for number in range(count):
        strange = chance.choice(other) if number % 10 == 0 else ""
        made["name"].append(f"{chance.choice(given)} {chance.choice(given)}son{strange}{number % 997}")
        made["phone"].append(f"+1 ({number % 800 + 200}) 555-{number:07}" + (" ext. 12" if number % 50 == 0 else ""))
        made["address"].append(f"{number} {chance.choice(given)}{strange} {chance.choice(STREETS)}, Apartment {number % 9}")
        made["organization"].append(f"{chance.choice(given)} {number}{strange} {chance.choice(ENDINGS)}")
    return made


def seconds(stages: list[Stage], file: Path) -> float:
    """Processor seconds of these stages over the records of a file."""
    table = Table("records", "a record", (), ())
    source = Source(table, f"select * from read_parquet('{file}')", 1)
    with tempfile.TemporaryDirectory() as folder:
        before = time.process_time()
        DuckDBEngine(threads=1).run(stages, {"records": source}, Path(folder) / "into", Path(folder) / "work")
        return time.process_time() - before


def main(records: int) -> None:
    """Print the rates."""
    distinct = values(max(1, records * 3 // 10))
    chance = random.Random(11)
    rates: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.parquet"
        columns = {name: chance.choices(its, k=records) for name, its in distinct.items()}
        pq.write_table(pa.table({"record_key": [f"k{n}" for n in range(records)], **columns}), file)
        bare = seconds(forms_stages({"records": Forms("forms", (Form("name", "varchar"),))}), file)
        forms = {option: [Form(option if option in distinct else "name", "varchar", frozenset([option]))] for option in OPTIONS}
        address = Form("address", "varchar", kind="address")
        forms["address with weights of words"] = [address, companion_of(address)]
        for title, its in forms.items():
            seconds(forms_stages({"records": Forms("forms", tuple(its))}), file)  # libraries and tables are loaded
            took = seconds(forms_stages({"records": Forms("forms", tuple(its))}), file)
            rates[title] = int(records / took)
            print(
                f"{title:<30} {took:6.2f} s for {records:,} records (reading and writing alone {bare:.2f} s): {rates[title]:>10,}/s",
                flush=True,
            )
    print(json.dumps(rates))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
