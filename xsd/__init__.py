"""The shapes of payloads and services as XSD files, read with importlib.resources."""
