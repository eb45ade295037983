"""Start of the program."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from escc_desktop.cli.app import run

        run()
    except KeyboardInterrupt:  # before the command line is there to take it
        sys.exit(130)


if __name__ == "__main__":
    main()
