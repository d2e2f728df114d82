"""Tables of the command line."""

import os
import pty
import subprocess
import sys

COLUMNS = ["source", "found", "new", "changed", "unchanged", "gone", "held", "skipped", "failed"]
DRAW = f"from twin.cli import output; output.table({COLUMNS}, [['files:essays', *'123456789'[1:]]])"


def test_the_table_of_ingest_fits_a_terminal_of_80_columns() -> None:
    leader, follower = pty.openpty()
    env = {**os.environ, "COLUMNS": "80", "TERM": "dumb"}
    subprocess.run([sys.executable, "-c", DRAW], stdout=follower, env=env, check=True)
    os.close(follower)
    shown = os.read(leader, 65_536).decode()
    os.close(leader)
    lines = [line.split() for line in shown.splitlines()]
    assert COLUMNS in lines
    assert ["files:essays", *"23456789"] in lines
