"""``python -m zhengwen``."""

import sys

from zhengwen.cli import main

if __name__ == "__main__":
    sys.exit(main())
