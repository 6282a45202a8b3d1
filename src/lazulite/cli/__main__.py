"""`python -m lazulite.cli` is `func`."""

import os
import sys

# `-m` puts the current folder first, where an app's `queue` or `http` would hide Python's own
if sys.path and sys.path[0] == os.getcwd():
    del sys.path[0]

from lazulite.cli import main

sys.exit(main())
