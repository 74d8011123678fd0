"""The rim every outside byte passes: size, encoding, DOCTYPE, depth; credentials leave here.

Limits are settings. A document that passes is one tree in UTF-8 without comments, processing
instructions or entities, whose credentials nobody behind this line ever sees.
"""

from gateway.intake.body import Media, read_body, read_media
from gateway.intake.credentials import take_credentials
from gateway.intake.document import RELATIVE, Document, parse
from gateway.intake.encoding import ENCODINGS
from gateway.intake.limits import Limits

__all__ = [
    "ENCODINGS",
    "RELATIVE",
    "Document",
    "Limits",
    "Media",
    "parse",
    "read_body",
    "read_media",
    "take_credentials",
]
