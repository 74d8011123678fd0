"""The payload versions, oldest first: one file each, one line each here."""

from gateway.schemas import activity_v1_0, activity_v2_0

VERSIONS = (activity_v1_0.VERSION, activity_v2_0.VERSION)
