"""Where a list goes on: the last name that was shown, wrapped so that it survives any client and any XML."""

import base64
import binascii

from azurine.model import errors


def make(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def read(marker: str) -> str:
    """ "" for none."""
    try:
        return base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise errors.Invalid("The marker is not one that a list has answered (NextMarker).", code="InvalidQueryParameterValue") from error
