"""The one client of all boards: zeep with both timeouts, safe and strict parsing, a cap and no redirects."""
