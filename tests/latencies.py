"""When a weekly monitor of a running server looks at a week, so that none becomes due while a test counts what was."""

from datetime import UTC, datetime

SATURDAY = 6


def unhurried() -> int:
    """Hours: with this latency, no week becomes due within a day from now, whatever day it is. (Weeks end when Saturday does.)"""
    return 48 if datetime.now(UTC).isoweekday() == SATURDAY else 0
