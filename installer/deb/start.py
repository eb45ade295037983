"""Where the packed program begins."""

from escc_desktop.__main__ import main

if __name__ == "__main__":
    main()
