"""Reading whom to tell and when to be quiet: of an alert, and of a monitor's `alertConfiguration`, which name them a little differently."""

import re
from urllib.parse import urlsplit

from azurine.ml.reading import Reader, clipped

ALWAYS, ON_WORSE, AFTER_SILENCE = "Always", "OnWorse", "AfterSilence"
RULES = (ALWAYS, ON_WORSE, AFTER_SILENCE)
MOST = 50
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_TOPIC = re.compile(r"/?subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/Microsoft\.EventGrid/topics/[^/\s]+", re.I)


def check_configuration(given: Reader) -> None:
    """A monitor's: {"emailAddresses", "webhooks", "topic", "silence", "reAlert"}, each of which may be left out."""
    check(given, "emailAddresses")
    check_manner(given)


def check(given: Reader, emails: str) -> None:
    """emails: what the list of mail addresses is called here."""
    for key, fits, right in ((emails, _ADDRESS.fullmatch, "an e-mail address such as ops@example.org"), ("webhooks", _is_web, "an https:// address")):
        listed = given.items(key)
        if len(listed) > MOST:
            given.fault(key, f"{len(listed)} of them are more than {MOST}")
        for place, one in enumerate(listed):
            if not isinstance(one, str) or not fits(one):
                given.fault(f"{key}[{place}]", f"{clipped(one)} is not {right}")
    topic = given.text("topic")
    if topic and not _TOPIC.fullmatch(topic):
        right = "/subscriptions/S/resourceGroups/G/providers/Microsoft.EventGrid/topics/T"
        given.fault("topic", f"{clipped(topic)} is not the id of a topic, such as {right}")


def check_manner(given: Reader) -> None:
    given.seconds("silence")
    given.choice("reAlert", RULES)


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and text.isprintable() and " " not in text
    except ValueError:
        return False
