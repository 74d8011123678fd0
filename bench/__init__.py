"""How fast the gateway is, measured beside what a good engineer writes in an afternoon."""
