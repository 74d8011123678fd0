"""The SOAP door: SOAP 1.1 and 1.2 at the same address, told apart by the envelope.

`envelope` opens and closes both kinds, `faults` says in each what went wrong, `dispatch` has spyne
find the operation, `door` is the WSGI application around them.
"""

from gateway.soap.door import SoapDoor

__all__ = ["SoapDoor"]
