"""The payload versions, oldest first of each payload: one file each, one line each here."""

from gateway.schemas import activity_v1_0, activity_v2_0, activity_v2_1, learner_v1_0, learner_v2_0
from gateway.version import PayloadVersion

VERSIONS: tuple[PayloadVersion, ...] = (
    activity_v1_0.VERSION,
    activity_v2_0.VERSION,
    activity_v2_1.VERSION,
    learner_v1_0.VERSION,
    learner_v2_0.VERSION,
)
