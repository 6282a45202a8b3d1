"""`python -m lazulite.cli` is `func`."""

import sys

from lazulite.cli import main

sys.exit(main())
