"""Durable callouts: what is put to a board is asked until it is answered.

A question goes from attempt to attempt (`asking`), at a pace that spares a board in trouble (`pace`,
`breaker`), by any number of workers of which each may die at any moment (`worker`).
"""

from gateway.callouts.asking import Asking
from gateway.callouts.breaker import Breaker
from gateway.callouts.pace import Pace
from gateway.callouts.worker import Rhythm, Worker

__all__ = ["Asking", "Breaker", "Pace", "Rhythm", "Worker"]
