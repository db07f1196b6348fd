"""Alerts of monitors: who is told of a drift, and how that goes.

drift_alerts  the kind: an alert, its deliveries, and when they are tried again
quiet         may it be told at all: silences, and when a monitor that goes on drifting is told of again
letters       what is said: the mail, the body of a webhook, the event
recipients    reading whom to tell: of an alert, of a monitor's configuration
"""
