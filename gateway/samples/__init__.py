"""Invented records that break no rule, or one rule by name: for `sample`, the sandbox and the tests.

They are seeded, so that the same seed makes the same records on the same day. All names and numbers
are invented.
"""

from gateway.samples.activity import Sample, Wanted, activities
from gateway.samples.breaking import Breaks
from gateway.samples.completion import (
    KNOWN,
    SampleCompletion,
    completions,
    demo_activity,
    people,
    reportable_activity,
)
from gateway.samples.demo import (
    DemoCompletion,
    demo_activities,
    demo_completions,
    demo_legacy_activities,
    demo_people,
)

__all__ = [
    "KNOWN",
    "Breaks",
    "DemoCompletion",
    "Sample",
    "SampleCompletion",
    "Wanted",
    "activities",
    "completions",
    "demo_activities",
    "demo_activity",
    "demo_completions",
    "demo_legacy_activities",
    "demo_people",
    "people",
    "reportable_activity",
]
