"""Moments to a tenth of a microsecond, read and written as .NET does, and time zones by Windows' names."""
