"""An HTTP request told as plain JSON, carried out: credentials put on, sent, and its answer told as plain JSON again.

    {"method", "url", "headers": {…}, "body": text, JSON or null, "seconds", "verify", "authentication": {"type", …}, "run"}
    → {"status", "reason", "headers", "body": text, "url", "seconds"}

Ways to sign in: Anonymous; Basic (username, password); ClientCertificate (pfx in base64, password); MSI and ServicePrincipal, for which a token
is asked of this server itself, whose identity it is.
"""

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azurine.model import errors
from azurine.model.resources import Json
from azurine.outbound import calls
from azurine.outbound.calls import Call

NO_ANSWER, TOO_LARGE, WRONG, NO_TOKEN = "2128", "2001", "2104", "2403"
Sign = Callable[[Json, str], str]
"""(the request, the resource that a token is wanted for) → a token. Raises errors.Denied when there is none for that address."""


def carry_out(wish: Json, sign: Sign, trust: Path | None) -> dict[str, Any]:
    """Raises errors.AzurineError with Data Factory's codes and words."""
    began = time.monotonic()
    try:
        answer = calls.call(_call(wish, sign), trust)
    except calls.NoAnswer as problem:
        message = (
            "No response from the endpoint. Possible causes: network connectivity, DNS failure, server certificate validation or timeout."
            f" {problem.message}"
        )
        if problem.code == "TimedOut":
            message = f"{message} The time-out is {float(wish['seconds']):g} seconds."
        raise errors.AzurineError(message, code=NO_ANSWER) from problem
    except errors.TooLarge as problem:
        message = f"The length of execution output is over limit (around {calls.MOST // 2**20}MB currently). {problem.message}"
        raise errors.AzurineError(message, code=TOO_LARGE) from problem
    except errors.Invalid as problem:
        raise errors.Invalid(problem.message, code=problem.code if problem.code.isdigit() else WRONG) from problem
    return {
        "status": answer.status,
        "reason": answer.reason,
        "headers": dict(answer.headers),
        "body": answer.text,
        "url": answer.url,
        "seconds": round(time.monotonic() - began, 3),
    }


def _call(wish: Json, sign: Sign) -> Call:
    headers = {str(name): str(value) for name, value in wish["headers"].items()}
    way: Mapping[str, Any] = wish.get("authentication") or {}
    certificate = b""
    match way.get("type") or "Anonymous":
        case "Anonymous":
            pass
        case "Basic":
            pair = f"{way.get('username') or ''}:{way.get('password') or ''}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        case "MSI" | "ServicePrincipal":
            headers["Authorization"] = f"Bearer {sign(wish, str(way.get('resource') or ''))}"
        case "ClientCertificate":
            certificate = _certificate(str(way.get("pfx") or ""), str(way.get("password") or ""))
        case other:
            raise errors.Invalid(f"The authentication type '{other}' is not known here.", code=WRONG)
    body = wish.get("body")
    text = body if body is None or isinstance(body, str) else json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Call(
        str(wish["method"]),
        str(wish["url"]),
        headers,
        None if text is None else text.encode(),
        float(wish["seconds"]),
        bool(wish.get("verify", True)),
        certificate,
    )


def _certificate(pfx: str, password: str) -> bytes:
    """A client's certificate with its key, as PEM."""
    # Imported here: few calls have certificates of their own.
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

    try:
        key, found, chain = pkcs12.load_key_and_certificates(base64.b64decode(pfx, validate=True), password.encode() or None)
    except (ValueError, TypeError) as problem:
        raise errors.Invalid(
            "The client certificate cannot be read; base64 of a PFX file, and its password, would be right.", code=WRONG
        ) from problem
    if key is None or found is None:
        raise errors.Invalid("The client certificate (pfx) has no certificate with a private key in it.", code=WRONG)
    public = [one.public_bytes(Encoding.PEM) for one in (found, *chain)]
    return b"".join([key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), *public])
