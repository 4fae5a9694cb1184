"""`python -m hubtrace`: the command line without its script."""

from hubtrace.cli import main

main()
