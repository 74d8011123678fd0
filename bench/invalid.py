"""What the worst invalid document costs beside the same document valid: goal P8.

    python -m bench.invalid [--calls N]

A call of a hundred completions is sent as it should be and broken in every record, by turns and in one
process. The valid one does all its work, its commit too; of a broken one nothing is done, but every error
is looked for and told. Seconds are those of the processor, the middle of all calls.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from bench import batches
from bench.stages import post
from bench.templates import template
from gateway import assembly

AIM = 1.5
PEOPLE = 20_000
CALLS, QUICK = 20, 4
VALID = "valid"

Break = Callable[[bytes], bytes]


def _with(pattern: bytes, text: bytes) -> Break:
    return lambda body: re.sub(pattern, text, body)


BREAKS: dict[str, Break] = {
    VALID: lambda body: body,
    "an unknown element": _with(b"<r:Status>", b"<r:Nonsense/><r:Status>"),
    "twenty unknown elements": _with(b"<r:Status>", b"<r:Nonsense/>" * 20 + b"<r:Status>"),
    "a day that is none": _with(b"(<r:CompletedDateTime>)[^<]*", rb"\1soon"),
    "no value as it should be": _with(
        b"(<(?:r:CompletedDateTime|r:Status|me:BirthDate|hx:numberOfCredits|hx:creditUnit"
        b"|lrn:LearnerRecordAction)>)[^<]*",
        rb"\1much",
    ),
    "elements in another order": _with(
        b"(<r:Status>.*?</r:Status>)(<r:CompletedDateTime>.*?</r:CompletedDateTime>)", rb"\2\1"
    ),
    "elements missing": _with(b"<r:Status>.*?</r:Status>|<r:CreditID>.*?</r:CreditID>", b""),
    "no number": _with(b"<hx:numberOfCredits>[^<]*</hx:numberOfCredits>", b"<hx:numberOfCredits/>"),
    "an activity nobody has": _with(b'moduleID="[^"]*"', b'moduleID="000000000"'),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds of a call, by what is wrong with it."""

    seconds: dict[str, float]

    @property
    def worst(self) -> str:
        """What is wrong with the one that costs most."""
        return max((name for name in self.seconds if name != VALID), key=self.seconds.__getitem__)

    def ratio(self, name: str) -> float:
        """How much it costs, beside the valid one."""
        return self.seconds[name] / self.seconds[VALID]

    @property
    def reached(self) -> bool:
        """Whether the aim is."""
        return self.ratio(self.worst) <= AIM


def measure(calls: int) -> Outcome:
    """One run."""
    made = template(PEOPLE)
    some = batches.all_of(made.people)
    taken: dict[str, list[float]] = {name: [] for name in BREAKS}
    with made.copied() as settings:
        application = assembly.application(settings)
        for batch in islice(some, calls + 1):
            for name, broken in BREAKS.items():
                body = broken(batches.call(batch)) if name != VALID else batches.call(batch)
                begun = time.process_time()
                answer = post(application, body)
                taken[name].append(time.process_time() - begun)
                assert (b">Added<" in answer) == (name == VALID), (name, answer[:1000])
        application.gateway.store.close()  # type: ignore[attr-defined]  # the one of the assembly has it
    return Outcome({name: statistics.median(seconds[1:]) for name, seconds in taken.items()})


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=CALLS, help="of each kind")
    outcome = measure(parser.parse_args(arguments).calls)
    for name, seconds in outcome.seconds.items():
        sys.stdout.write(f"P8 {name:28}{seconds * 1000:9.1f} ms {outcome.ratio(name):6.2f}\n")
    return 0 if outcome.reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
