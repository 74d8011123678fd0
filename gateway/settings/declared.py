"""The settings themselves: a field each, with its name, its default, its limits and what it means."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway import accounts, intake

PAYLOAD = r"^(activity|learner):\d+\.\d+$"

_CALL, _CALLERS = intake.Limits(), accounts.Limits()
"""What bounds a call, and its callers, where nobody says otherwise: the numbers stand there alone."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an operator can set.

    A description stands alone and holds the unit; bounds are said where numbers are bounded and nowhere
    else, and told after its first part, which a semicolon ends.
    """

    database: Annotated[str, Meta(min_length=1, description="SQLAlchemy URL of the database")] = (
        "sqlite:///cme-gateway.db"
    )
    key_file: Annotated[str, Meta(min_length=1, description="file of the key that seals secrets")] = (
        "cme-gateway.key"
    )
    zone: Annotated[str, Meta(description="IANA time zone that decides which day it is")] = "America/Chicago"
    bind: Annotated[
        str,
        Meta(
            pattern=r".:\d{1,5}$",
            description="HOST:PORT to take calls at; an IPv6 address stands in brackets",
        ),
    ] = "127.0.0.1:8080"
    server: Annotated[
        Literal["gunicorn", "granian"], Meta(description="what serves: gunicorn, or granian where installed")
    ] = "gunicorn"
    workers: Annotated[int, Meta(ge=1, le=256, description="worker processes")] = 2
    at_once: Annotated[
        int, Meta(ge=0, le=64, description="calls a worker works on at a time; 0 is 1 with SQLite, else 2")
    ] = 0
    queue: Annotated[
        int, Meta(ge=0, le=1000, description="calls that may wait in a worker; more are refused")
    ] = 32
    trusted_hosts: Annotated[
        tuple[str, ...],
        Meta(description="hosts, without ports, that may stand in the address of a served WSDL, by commas"),
    ] = ("localhost", "127.0.0.1", "[::1]")
    forwarded_allow_ips: Annotated[
        str, Meta(description="proxies whose X-Forwarded headers count: addresses or networks, by commas")
    ] = "127.0.0.1,::1"
    tls_certificate: Annotated[
        str, Meta(description="PEM file of our own certificate, for TLS without a proxy, with granian")
    ] = ""
    tls_key: Annotated[
        str,
        Meta(description="PEM file of the key of our own certificate, for TLS without a proxy, with granian"),
    ] = ""
    max_call_bytes: Annotated[int, Meta(ge=1024, description="bytes a call may have")] = _CALL.max_call_bytes
    max_records: Annotated[int, Meta(ge=1, description="records a call may have")] = _CALL.max_records
    max_elements: Annotated[int, Meta(ge=1, description="elements a call may have")] = _CALL.max_elements
    max_record_elements: Annotated[int, Meta(ge=1, description="elements a record may have")] = (
        _CALL.max_record_elements
    )
    max_depth: Annotated[int, Meta(ge=8, le=250, description="levels elements may nest")] = _CALL.max_depth
    max_attributes: Annotated[int, Meta(ge=8, le=1000, description="attributes an element may have")] = (
        _CALL.max_attributes
    )
    max_namespaces: Annotated[int, Meta(ge=8, le=256, description="namespaces an element may declare")] = (
        _CALL.max_namespaces
    )
    max_name: Annotated[int, Meta(ge=64, le=1000, description="characters a name of an element may have")] = (
        _CALL.max_name
    )
    max_text: Annotated[
        int, Meta(ge=2**16, le=2**22, description="characters a text may have; a field's own limit is less")
    ] = _CALL.max_text
    request_timeout: Annotated[int, Meta(ge=1, description="seconds a call may take")] = 60
    header_seconds: Annotated[
        int, Meta(ge=1, le=60, description="seconds to send the head of a request in")
    ] = 10
    body_seconds: Annotated[
        int, Meta(ge=1, description="seconds to send a body in, or to take an answer")
    ] = 30
    body_rate: Annotated[
        int, Meta(ge=1, description="bytes a second that a large body or answer has to come or go with")
    ] = 1024
    aliases: Annotated[
        dict[Annotated[str, Meta(min_length=1)], Annotated[str, Meta(pattern=PAYLOAD)]],
        Meta(
            description="foreign namespaces read as ours, each once: NAMESPACE=activity:2.0,…; `none` is no "
            "namespace"
        ),
    ] = {}
    key_months: Annotated[int, Meta(ge=1, description="months a SubmissionKey is kept")] = 13
    duplicate_hours: Annotated[
        int, Meta(ge=0, description="hours in which the same content without a key gets a warning")
    ] = 24
    match_lookups: Annotated[int, Meta(ge=1, description="learners a provider may look up in an hour")] = (
        20_000
    )
    match_misses: Annotated[
        int,
        Meta(
            ge=1,
            description="learners a provider looks up in an hour who may turn out not to be one known person",
        ),
    ] = 200
    boards: Annotated[
        dict[str, Annotated[str, Meta(pattern="^https?://.")]],
        Meta(
            description="addresses of the boards, each once: ACRONYM=URL,…; a board without one is not "
            "connected"
        ),
    ] = {}
    board_connect_seconds: Annotated[
        float, Meta(gt=0, le=60, description="seconds to connect to a board in")
    ] = 5.0
    board_read_seconds: Annotated[
        float, Meta(gt=0, le=600, description="seconds a board may stay silent")
    ] = 20.0
    board_total_seconds: Annotated[
        float, Meta(gt=0, le=3600, description="seconds an answer of a board may take")
    ] = 60.0
    board_answer_bytes: Annotated[int, Meta(ge=1024, description="bytes an answer of a board may have")] = (
        4 * 2**20
    )
    board_chunk: Annotated[
        int, Meta(ge=1, le=1000, description="credits in a question to a board; fewer where it takes no more")
    ] = 100
    board_calls: Annotated[
        int, Meta(ge=1, le=64, description="calls to one board at a time by each worker")
    ] = 4
    board_rate: Annotated[
        int, Meta(ge=0, description="calls to one board in a second by all workers; 0 is no limit")
    ] = 0
    board_retry_seconds: Annotated[
        float,
        Meta(gt=0, description="most seconds before a board is asked again; they double with each attempt"),
    ] = 2.0
    board_retry_most: Annotated[
        float, Meta(gt=0, description="most seconds before any further attempt to ask a board")
    ] = 900.0
    board_poll_seconds: Annotated[
        float, Meta(gt=0, description="seconds before a board is asked what became of a ticket")
    ] = 5.0
    board_failures: Annotated[
        int, Meta(ge=1, description="failures in a row after which a board is left alone")
    ] = 5
    board_rest_seconds: Annotated[
        float, Meta(gt=0, description="seconds a failing board is left alone before it is tried again")
    ] = 30.0
    board_patience_hours: Annotated[
        float,
        Meta(
            gt=0,
            description="hours after which a question to a board counts as unanswered; it is still asked",
        ),
    ] = 24.0
    worker_look_seconds: Annotated[
        float, Meta(ge=0.02, le=10, description="seconds between looks for work")
    ] = 0.25
    worker_beat_seconds: Annotated[float, Meta(gt=0, description="seconds between a worker's heartbeats")] = (
        2.0
    )
    worker_silence_seconds: Annotated[
        float, Meta(gt=0, description="seconds without a heartbeat after which a worker's work is taken over")
    ] = 15.0
    worker_stop_seconds: Annotated[
        float, Meta(ge=1, description="seconds a stopping worker waits for answers")
    ] = 60.0
    worker_keep_hours: Annotated[
        float, Meta(ge=0, description="hours that ended attempts are kept to be looked at")
    ] = 24.0
    log_format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="how log lines look: json, console, or auto: console on a terminal, else json"),
    ] = "auto"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="what is logged: debug, info (each call), warning or error, and all above"),
    ] = "info"
    metrics_folder: Annotated[
        str,
        Meta(
            description="folder in which the processes make one of their own to count together in; "
            "empty: the one of temporary files"
        ),
    ] = ""
    disk_free_bytes: Annotated[
        int, Meta(ge=0, description="bytes that have to be free beside a SQLite database to be ready")
    ] = 64 * 2**20
    audit_heads: Annotated[
        str, Meta(description="file that notes the end of the audit chain; empty: one beside the key file")
    ] = ""
    audit_head_minutes: Annotated[
        int,
        Meta(
            ge=1,
            le=1440,
            description="minutes between two lines in the file that notes the end of the audit chain",
        ),
    ] = 60
    audit_months: Annotated[int, Meta(ge=1, description="months an audit row is kept")] = 84
    payload_days: Annotated[
        int, Meta(ge=1, description="days what was received is kept sealed, as a proof")
    ] = 30
    receipt_months: Annotated[
        int, Meta(ge=1, description="months a receipt is kept; never less than its SubmissionKey")
    ] = 84
    question_days: Annotated[int, Meta(ge=1, description="days an answered question to a board is kept")] = 90
    credential_seconds: Annotated[
        int, Meta(ge=0, le=3600, description="seconds a verified credential is remembered")
    ] = 60
    calls_per_minute: Annotated[
        int, Meta(ge=1, description="calls a provider may make in a minute on one machine")
    ] = _CALLERS.calls.a_minute
    calls_burst: Annotated[
        int, Meta(ge=1, description="calls a provider may make at once on one machine")
    ] = _CALLERS.calls.burst
    failures_per_minute: Annotated[
        int, Meta(ge=1, description="wrong credentials looked at in a minute from one address")
    ] = _CALLERS.failures.a_minute
    lock_failures: Annotated[
        int,
        Meta(ge=1, description="failures after which an account is locked for the address they come from"),
    ] = _CALLERS.lockout.failures
    lock_minutes: Annotated[
        int,
        Meta(
            ge=1,
            le=1440,
            description="minutes in which failures of an account add up, and for which it is locked",
        ),
    ] = _CALLERS.lockout.minutes
    alarm_failures: Annotated[
        int, Meta(ge=1, description="failures of an account from anywhere after which the operator is told")
    ] = _CALLERS.lockout.alarm
    plain_passwords: Annotated[
        bool, Meta(description="take passwords over plain HTTP from other machines: true or false")
    ] = False
