"""Start of the program."""


def main() -> None:
    """Run the command line."""
    from escc_desktop.cli.app import run

    run()


if __name__ == "__main__":
    main()
