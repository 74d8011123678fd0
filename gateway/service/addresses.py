"""Where operations are found as plain XML: an address each, under one of two services.

The paths are those PARS's own services have, as far as they are known (docs/sources.md).
"""

from __future__ import annotations

ACTIVITIES = "/services/ACCMEActivityService.svc"
LEARNERS = "/services/ACCMELearnerService.svc"
SERVICES = (ACTIVITIES, LEARNERS)


def bare(name: str) -> str:
    """The operation a plain request is for: its element may bear the operation's name, or end in Request."""
    return name.removesuffix("Request")
