"""`python -m tests.trust`: runs the goals."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parents[1]))  # after the project: tests/storage is not storage
    from trust.runner import main

    sys.exit(main())
