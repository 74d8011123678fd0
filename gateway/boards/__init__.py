"""The certifying boards: one file each with the same face, one line each here."""
