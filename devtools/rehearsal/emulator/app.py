"""The application of the web server: ministack's own behind fault injection, and four endpoints for the rehearsal.

`POST /_emu/faults` sets faults and `GET /_emu/faults` counts calls (faults.py). `/_emu/conditions` does the same for conditions
under which AWS is less kind (conditions.py). `GET /_emu/state` lists all resources
(state.py). `GET /_emu/uploads` lists all blobs pushed to the registry (registry.py).
"""

import json

import ministack.app as ministack

from emulator import (  # noqa: F401  imported for their patches
    account,
    authorization,
    conditions,
    containers,
    deployments,
    faults,
    health,
    network_interfaces,
    registry,
    state,
    stopped_tasks,
    task_definitions,
    task_credentials,
)


async def app(scope, receive, send):
    if scope["type"] != "http":
        return await ministack.app(scope, receive, send)
    match scope["path"]:
        case "/_emu/faults":
            body = await _read(receive)
            if scope["method"] == "POST":
                faults.replace(json.loads(body or b"[]"))
            return await faults.reply(send, 200, faults.report())
        case "/_emu/conditions":
            body = await _read(receive)
            if scope["method"] == "POST":
                conditions.replace(json.loads(body or b"{}"))
            return await faults.reply(send, 200, conditions.report())
        case "/_emu/state":
            return await faults.reply(send, 200, state.everything())
        case "/_emu/uploads":
            return await faults.reply(send, 200, registry.uploads())
    if await faults.inject(scope, send) or await account.answer_quota(scope, send):
        return None
    return await ministack.app(scope, receive, send)


async def _read(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
