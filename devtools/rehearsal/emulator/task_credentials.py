"""Gap: a task gets the emulator's unrestricted keys. Here it gets the credentials of its task role, as on Fargate.

The container receives a relative URI, as on Fargate, which SDKs request from 169.254.170.2. The response is a session of the
role, so that with AUTH=true the role's policies apply inside the container. The AWS endpoint has the same address because a
container reaches it through its bridge under any engine.
"""

import json
import os
import secrets
import time

from ministack.services import ecs, imds, sts

_ADDRESS = "169.254.170.2"
_PORT = os.environ.get("GATEWAY_PORT", "4566")
_LIFETIME = float(os.environ.get("EMU_TASK_CREDS_TTL", "3600"))

_roles = {}  # ID in the URI -> (role ARN, task ARN)

_register_metadata = ecs._register_metadata
_imds_request = imds.handle_request


def _register(task_arn, cluster_arn, td, cdef, launch_type, env, host_mode, net_ip):
    token = _register_metadata(task_arn, cluster_arn, td, cdef, launch_type, env, host_mode, net_ip)
    identifier = env.pop("AWS_CONTAINER_CREDENTIALS_FULL_URI").rsplit("/", 1)[1]
    env.pop("AWS_CONTAINER_AUTHORIZATION_TOKEN", None)
    env["AWS_ENDPOINT_URL"] = f"http://{_ADDRESS}:{_PORT}"
    if td.get("taskRoleArn"):
        _roles[identifier] = (td["taskRoleArn"], task_arn)
        env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = f"/v2/credentials/{identifier}"
    return token


async def _request(method, path, headers, body, query_params):
    if not path.startswith("/v2/credentials/"):
        return await _imds_request(method, path, headers, body, query_params)
    found = _roles.get(path.rsplit("/", 1)[1])
    if not found:
        return 404, {"Content-Type": "application/json"}, b'{"message":"no credentials for this id"}'
    return 200, {"Content-Type": "application/json"}, json.dumps(_session(*found)).encode()


def _session(role, task):
    account, name, session = role.split(":")[4], role.rsplit("/", 1)[-1], task.rsplit("/", 1)[-1]
    key, secret, token = "ASIA" + secrets.token_hex(8).upper(), secrets.token_hex(20), secrets.token_hex(48)
    expires = time.time() + _LIFETIME
    sts.register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
            "UserId": f"{name}:{session}",
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expires,
            "AccountId": account,
        },
    )
    return {
        "AccessKeyId": key,
        "SecretAccessKey": secret,
        "Token": token,
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires)),
        "RoleArn": role,
    }


ecs._register_metadata = _register
imds.handle_request = _request
