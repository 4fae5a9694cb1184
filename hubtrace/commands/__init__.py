"""One module per command. Heavy imports wait until a command runs, so that `--help` is quick."""
