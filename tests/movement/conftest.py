"""Tests on PostgreSQL are collected where its programs are found; `tests/contracts/test_log.py` says so when they are not."""

from postgresql import programs

collect_ignore = [] if programs() else ["test_postgresql.py"]
