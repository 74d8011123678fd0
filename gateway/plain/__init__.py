"""The door for plain XML over HTTP: an operation's element by POST, its response element as the answer.

`request` finds out which operation is asked for, `faults` says what went wrong, `door` is the WSGI
application around them. Whatever SOAP answers, this answers without the envelope.
"""

from gateway.plain.door import PlainDoor

__all__ = ["PlainDoor"]
