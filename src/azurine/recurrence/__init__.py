"""When is the next time? Recurrences as triggers and schedules write them, cron, and windows that follow each other.

Times are seconds since 1970 (UTC); a zone is a `ZoneInfo`. Nothing here looks at a clock.

    calendar   a local time in a zone becomes an instant, whatever daylight saving does to it
    rules      frequency, interval and the slots within: the first time after a moment
    reading    a recurrence as JSON → a rule, every fault with its path
    crons      five fields of cron
    windows    windows without gaps between them, by number
"""
