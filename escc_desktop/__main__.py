"""Start of the program: the window, or the command line."""

import sys

from escc_desktop.frozen import run_asked_part


def main() -> None:
    """Open the window where the arguments ask for it, else run the command line."""
    if run_asked_part():
        return
    arguments = sys.argv[1:]
    try:
        from escc_desktop.gui.arguments import opens_window

        if opens_window(arguments):
            from escc_desktop.gui.app import run as open_window

            open_window(arguments)
        from escc_desktop.cli.app import run

        run()
    except KeyboardInterrupt:  # before the command line is there to take it
        sys.exit(130)


if __name__ == "__main__":
    main()
