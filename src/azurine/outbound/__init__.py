"""Calls to other people's servers, and the secrets that are needed for them. No meaning here: who calls whom, and why, is said by the wings.

`calls` makes one HTTP request, within limits of time and size. `vault` finds secrets by name.
"""
