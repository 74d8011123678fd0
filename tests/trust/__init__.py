"""The trust goals as commands: `python -m tests.trust [--full] [--only R1,S3]`, or `make trust`.

Each goal is one module in `goals/`, found by its being there and called after the goal (`r1_kills.py`):

    GOAL = "R1"                                  # as docs/trust.md calls it

    def run(form: Form) -> Outcome: ...          # on the gateway as it is: has to be green

    CONTROLS = {"acknowledged before the commit": ack_first}
                                                 # the guard that is switched off, and a function like
                                                 # `run` on such a gateway: has to be red

`trust.face` holds `Form` (short or full, a folder to work in, a seed, a corpus), `Outcome` (what was
done, the figure, the bound, and every breach of it, those of a time or a rate in `late`) and `NotRun`, to be
raised where something is missing on this machine; a part that could not run stands in `Outcome.not_run` with
its reason. A breach is a text
for humans, which names the case and holds nothing personal. Modules are imported as `trust.…`, as the
other tests are without `tests.`; what they share:

- `trust.stage.staged(folder, sabotage=…, **settings)`: a real `cme-gateway serve` on a free port, with two
  providers, a register and courses to report for; `.start()`, `.kill_group()`, `.stop()`, `.url`, `.log`.
  `sabotage` is a function of the goal's module, called in the served process before it begins, which
  takes a guard away: the product itself has no such switch.
- `trust.messages`: bodies of calls, prebuilt as bytes.
- `trust.load`: client processes that journal what they intend before they send, and the receipt after.
- `trust.judge`: holds journals against a canonical dump of the database.

The runner prints a table, lists what did not run and why, and ends with 1 where a goal is red or a
control is green; with `--all-or-fail` also where anything did not run.
"""
