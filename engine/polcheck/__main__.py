"""`python -m polcheck`."""

from polcheck.cli import main

if __name__ == "__main__":
    main()
