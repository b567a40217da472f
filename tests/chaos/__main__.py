"""`python -m tests.chaos --database sqlite|postgresql --visits 2000 --minutes 10 --seed 1`: one run and its report.

Exits with 1 if a fault was found.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.databases import own_server, postgresql_database, sqlite_database
from tests.chaos.oracle import judge
from tests.chaos.owed import missing
from tests.chaos.report import report
from tests.chaos.run import run


def main() -> int:
    """Run, print, say whether anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--visits", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=10.0, help="real time of the three days of storm")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=1.0, help="mean seconds between two blows to a process")
    parser.add_argument(
        "--keep", type=Path, help="a folder for what the run leaves: the processes' log, the SQLite file"
    )
    wish = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if wish.database == "sqlite":
            database = stack.enter_context(sqlite_database(folder))
        else:
            server = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(own_server())
            database = stack.enter_context(postgresql_database(server))
        began = time.monotonic()
        evidence = run(
            database, folder, visits=wish.visits, seconds=wish.minutes * 60, seed=wish.seed, every=wish.every
        )
        faults = judge(evidence) + missing(evidence)
        if wish.keep:
            shutil.copytree(folder, wish.keep, dirs_exist_ok=True)
    print(f"{wish.database}, {wish.visits} visits, seed {wish.seed}, {time.monotonic() - began:.0f} s in all\n")
    print(report(evidence, faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
