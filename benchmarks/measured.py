"""The measured process: `python -m benchmarks.measured MODULE:FUNCTION ARGUMENTS`.

Calls one function with the JSON object `ARGUMENTS` and prints what it took as a line of JSON.
"""

import importlib
import json
import sys

from benchmarks.measuring import Taken, peak_mb


def main() -> None:
    """Measure what the command line names."""
    name, arguments = sys.argv[1:]
    module, _, function = name.partition(":")
    taken: Taken = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    print(json.dumps({"seconds": taken.seconds, "facts": taken.facts, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
