"""Gap: ministack never fails. Here faults can be injected by the operation's `x-amz-target` header.

A fault is {"target": <regular expression>, "status", "type", "message", "count", "delay_ms", "drop", "permille"}. The first
fault that matches and is not used up applies.
"""

import asyncio
import json
import re
import secrets
import zlib

_faults = []
_seen = {}  # target -> calls since the faults were set


def replace(faults):
    _faults[:] = faults
    _seen.clear()


def report():
    return {"faults": _faults, "seen": _seen}


async def inject(scope, send):
    """Applies the due fault. Returns True if that handled the request, with an error response or with none."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    target = headers.get(b"x-amz-target", b"").decode()
    if target:
        _seen[target] = _seen.get(target, 0) + 1
    fault = _due(target)
    if fault is None:
        return False
    fault["count"] = fault.get("count", 1) - 1
    if fault.get("delay_ms"):
        await asyncio.sleep(fault["delay_ms"] / 1000)
    if fault.get("drop"):
        return True
    if not fault.get("status"):
        return False
    # DynamoDB names the error with its namespace, the other services without.
    namespace = "com.amazonaws.dynamodb.v20120810#" if target.startswith("DynamoDB_") else ""
    error = {"__type": namespace + fault["type"], "message": fault.get("message", "injected")}
    await reply(send, fault["status"], error)
    return True


def _due(target):
    for fault in _faults:
        matches = re.fullmatch(fault.get("target", ""), target)
        if matches and fault.get("count", 1) > 0 and secrets.randbelow(1000) < fault.get("permille", 1000):
            return fault
    return None


async def reply(send, status, body):
    data = json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/x-amz-json-1.0"),
        (b"content-length", str(len(data)).encode()),
        (b"x-amzn-requestid", secrets.token_hex(16).encode()),
        (b"x-amz-crc32", str(zlib.crc32(data)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
