"""One goal a module; see the package above for what such a module has."""
