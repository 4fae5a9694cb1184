"""The program: `hubtrace`, or `python -m hubtrace`. Only this file may be imported first."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C ends in a sentence, from the first import on."""
    try:
        from hubtrace.cli import main as run

        run()
    except KeyboardInterrupt:
        print("hubtrace: interrupted; run the same command again to continue", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
