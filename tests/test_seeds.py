"""What the source texts say of activities, in our own words, and the tests that hold the gateway to it.

The keys are those of docs/sources.md. What they say of learners and boards has tests of its own.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LIFE, SAVING, RULES = "test_lifecycle.py::", "test_saving.py::", "test_rules.py::"
MIGRATING, PROGRAM, COUNTING = "test_migrating.py::", "test_program.py::", "test_counting.py::"
REPEATING, COPYING, CLOSING = "test_repeating.py::", "test_copying.py::", "test_closing.py::"
CONVERSION, BROKEN = "property/test_conversion.py::", "test_broken.py::"
ACCOUNTS, PLAIN = "test_accounts.py::", "contract/test_plain_served.py::"

STATEMENTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # --- SEED0: the form before November 2021 ---
    (
        "SEED0",
        "the year comes first: records of 1.0 have one, from their reporting dates",
        (CONVERSION + "test_1_0_returns_what_it_was_given",),
    ),
    (
        "SEED0",
        "with all fields it is closed by itself, with some it stays open",
        (
            LIFE + "test_complete_record_of_then_is_closed",
            LIFE + "test_record_of_then_stays_open_for_each_gate",
        ),
    ),
    (
        "SEED0",
        "designed and evaluated changes are asked for",
        (LIFE + "test_record_of_then_stays_open_for_each_gate",),
    ),
    (
        "SEED0",
        "at least one competency is picked: read and kept, not asked for (decision 0006)",
        (CONVERSION + "test_1_0_returns_what_it_was_given",),
    ),
    (
        "SEED0",
        "physicians and other learners are counted",
        (LIFE + "test_record_of_then_is_told_nothing_else",),
    ),
    (
        "SEED0",
        "without support nothing more is asked, with support its source",
        (
            LIFE + "test_record_of_then_is_told_what_it_misses",
            RULES + "test_support_denied_names_each_source",
        ),
    ),
    (
        "SEED0",
        "several sources, money and kinds in kind",
        (CONVERSION + "test_1_0_returns_what_it_was_given",),
    ),
    ("SEED0", "MIPS, MOC and REMS may be left out", (LIFE + "test_gate_is_asked_only_where_it_applies",)),
    (
        "SEED0",
        "after saving a confirmation comes",
        (SAVING + "test_a_new_activity_gets_an_id_of_the_gateway",),
    ),
    # --- SEED1: the form since ---
    (
        "SEED1",
        "whoever is a contact of the provider may enter",
        (ACCOUNTS + "test_the_scopes_are_the_accounts",),
    ),
    (
        "SEED1",
        "before it takes place, and before it is advertised",
        (LIFE + "test_start_date_is_not_tested",),
    ),
    (
        "SEED1",
        "by form, by file, by web services: one truth",
        (PLAIN + "test_one_activity_whichever_way_it_comes", PLAIN + "test_every_door_tells_the_same_truth"),
    ),
    ("SEED1", "title and format first: little data is a Draft", (LIFE + "test_bare_draft_is_told_all",)),
    (
        "SEED1",
        "the format decides what is asked next: delivery, place, length",
        (LIFE + "test_gate_is_asked_only_where_it_applies", RULES + "test_length_is_counted_by_the_calendar"),
    ),
    ("SEED1", "in person asks for the place", (LIFE + "test_missing_gate_is_named_to_who_closes",)),
    (
        "SEED1",
        "the same content more than once: dates and places",
        (REPEATING + "test_each_date_and_place_becomes_an_activity",),
    ),
    ("SEED1", "credits, CME Passport or not, and a description", (LIFE + "test_bare_draft_is_told_all",)),
    (
        "SEED1",
        "registration and address only with Passport, MOC or REMS",
        (LIFE + "test_public_activity_says_how_to_register",),
    ),
    (
        "SEED1",
        "collaborations are picked from lists",
        (RULES + "test_board_is_taken_from_its_first_day", BROKEN + "test_every_rule_is_broken_or_cannot_be"),
    ),
    ("SEED1", "an internal id is optional", (SAVING + "test_a_new_activity_gets_an_id_of_the_gateway",)),
    ("SEED1", "several joint providers", (LIFE + "test_missing_gate_is_named_to_who_closes",)),
    (
        "SEED1",
        "support: none, or sources in money and in kind, several of each",
        (LIFE + "test_gate_is_asked_only_where_it_applies", RULES + "test_support_denied_names_each_source"),
    ),
    (
        "SEED1",
        "an amount for money alone; what was given in kind is not asked",
        (CONVERSION + "test_2_0_returns_what_it_was_given",),
    ),
    (
        "SEED1",
        "commendation criteria may be tagged, for the provider's own use",
        (CONVERSION + "test_2_0_returns_what_it_was_given",),
    ),
    (
        "SEED1",
        "saved with its end ahead it is Active, with its end past Ready to Close",
        (LIFE + "test_calendar_moves_active_to_ready",),
    ),
    (
        "SEED1",
        "what was added last comes first in the list",
        ("storage/test_finding.py::test_a_search_finds_all_that_fit_newest_first",),
    ),
    (
        "SEED1",
        "learners are counted apart, and must be to close",
        (COUNTING + "test_counts_are_kept_and_make_it_closable",),
    ),
    (
        "SEED1",
        "closing is a switch of its own on what is Ready to Close",
        (LIFE + "test_switch_closes", CLOSING + "test_a_complete_activity_is_closed"),
    ),
    (
        "SEED1",
        "invalid information is not saved, and told at its field",
        (
            BROKEN + "test_every_rule_is_broken_or_cannot_be",
            RULES + "test_finding_says_what_where_and_how_to_mend",
        ),
    ),
    ("SEED1", "why not active: what is missing is told", (LIFE + "test_status_falls_with_its_gate",)),
    (
        "SEED1",
        "why not closed: the end is past and everything is there, or each gate is told",
        (LIFE + "test_closing_lists_every_missing_gate", CLOSING + "test_closing_too_early_lists_every_gate"),
    ),
    (
        "SEED1",
        "why not deleted: closed, or learners are reported",
        (LIFE + "test_cell_refuses_as_it_says", SAVING + "test_a_closed_activity_is_not_deleted"),
    ),
    # --- SEED2 and SEED3: the overviews of 2024 and 2023 ---
    ("SEED2", "five steps a year, with a due day", (PROGRAM + "test_a_year_is_lived_through",)),
    ("SEED2", "a state society's provider may be due earlier", (PROGRAM + "test_a_year_is_due_in_the_next",)),
    (
        "SEED2",
        "activities that ended in the year are closed",
        (PROGRAM + "test_an_activity_keeps_steps_open",),
    ),
    (
        "SEED2",
        "enduring material: everybody so far, as of 31 December",
        (
            COUNTING + "test_each_year_has_a_figure_and_the_newest_is_the_count",
            PROGRAM + "test_enduring_material_is_counted_as_of_the_year",
        ),
    ),
    (
        "SEED2",
        "it stays open to its end, at most three years",
        (LIFE + "test_calendar_moves_active_to_ready", RULES + "test_length_is_counted_by_the_calendar"),
    ),
    (
        "SEED2",
        "reporting year, hours, competencies, kinds in kind are gone, and not lost",
        (CONVERSION + "test_update_by_2_0_loses_nothing_of_1_0", CONVERSION + "test_what_is_lost_is_listed"),
    ),
    ("SEED2", "formats have new names", (MIGRATING + "test_what_nobody_said_is_filled_in",)),
    (
        "SEED2",
        "repeats are entered once and become single activities",
        (
            REPEATING + "test_each_date_and_place_becomes_an_activity",
            REPEATING + "test_the_receipt_lists_the_instances",
        ),
    ),
    (
        "SEED2",
        "enduring material is reported once",
        (SAVING + "test_an_add_of_what_exists_with_other_content_updates_and_says_so",),
    ),
    ("SEED2", "each activity has an end date", (RULES + "test_bad_example_breaks_exactly_its_rule",)),
    ("SEED2", "each activity has a description", (LIFE + "test_missing_gate_is_named_to_who_closes",)),
    (
        "SEED2",
        "any activity, current or to come, may be listed in CME Passport",
        (LIFE + "test_public_activity_says_how_to_register",),
    ),
    ("SEED2", "outcomes in place of evaluation", (LIFE + "test_missing_gate_is_named_to_who_closes",)),
    ("SEED2", "an activity can be copied to a new one", (COPYING + "test_a_copy_is_a_draft_of_its_own",)),
    (
        "SEED2",
        "the old ways keep working",
        (
            "test_service.py::test_every_endpoint_takes_every_payload_version",
            CONVERSION + "test_update_by_1_0_loses_nothing_of_2_0",
        ),
    ),
    (
        "SEED2",
        "migrated: the title as description, new formats, end dates",
        (MIGRATING + "test_what_nobody_said_is_filled_in", MIGRATING + "test_what_was_said_stays"),
    ),
    ("SEED2", "migrated: evaluation answers", (MIGRATING + "test_evaluated_is_an_outcome",)),
    (
        "SEED2",
        "migrated: Passport for MOC, REMS, MIPS, and nothing else",
        (MIGRATING + "test_only_collaborations_are_listed",),
    ),
    (
        "SEED3",
        "counts are updated each year, the activity is not entered again",
        (COUNTING + "test_several_years_may_come_in_one_call",),
    ),
    # --- SEED4: what it says of activities ---
    ("SEED4", "registering for MOC is attesting, board by board", (LIFE + "test_registration_is_attested",)),
)


@cache
def _tests_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("seed", "says", "tests"), STATEMENTS)
def test_statement_is_held_by_tests(seed: str, says: str, tests: tuple[str, ...]) -> None:
    """Each statement is pointed at by tests that exist."""
    assert tests
    for test in tests:
        path, name = test.split("::")
        assert name in _tests_of(HERE / path), f"{seed}: {says}"


def test_statements_are_of_every_seed() -> None:
    """Each of the texts is read, and says nothing twice."""
    assert {"SEED0", "SEED1", "SEED2", "SEED3", "SEED4"} == {seed for seed, _, _ in STATEMENTS}
    assert len(STATEMENTS) == len({(seed, says) for seed, says, _ in STATEMENTS})
