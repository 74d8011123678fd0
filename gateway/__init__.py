"""A SOAP/XML gateway for reporting continuing medical education (CME)."""

__version__ = "0.1.0"
