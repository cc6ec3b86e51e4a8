"""`python -m sdstudio` is the `sdstudio` command."""

import sys

from sdstudio.apps.main import main

if __name__ == "__main__":
    sys.exit(main())
