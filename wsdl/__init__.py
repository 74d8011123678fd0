"""The contracts of the service versions as WSDL files, read with importlib.resources."""
