"""Boards to practise on: real SOAP services with magic values."""
