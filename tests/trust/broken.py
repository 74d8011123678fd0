"""The command with a guard taken away, for negative controls: `python -m trust.broken MODULE:FUNCTION …`.

The function is called first; the rest is what `cme-gateway` is told. The product has no such switch.
"""

from __future__ import annotations

import sys
from importlib import import_module

from gateway import cli

if __name__ == "__main__":
    module, _, function = sys.argv.pop(1).partition(":")
    getattr(import_module(module), function)()
    cli.main()
