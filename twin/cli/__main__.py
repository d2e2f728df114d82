"""Run the command line as ``python -m twin.cli``."""

from twin.cli import main

main()
