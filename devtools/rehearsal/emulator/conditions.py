"""Gap: on ministack every role is visible at once, every task starts and every task finds a place. On AWS it takes seconds until
ECS may pass a new role, a start fails in passing, quota or capacity can run out, and Fargate leaves out some zones: a task whose
subnets are all in such zones is never placed here.

`POST /_emu/conditions` replaces the conditions; `GET` returns them and how often each applied:

    {"new_roles_hidden_s": 5,
     "failing_starts": [{"service": <name>, "count": 1, "reason": <sentence of AWS>}],
     "no_place": {<service>: <reason in the service's event>},
     "fargate_vcpus": 0,
     "zone_id": <id of the zone that all subnets are in, such as use1-az3>,
     "placement_zone_id": <the same for the placement of tasks only, so that preflight and Terraform see nothing of it>}
"""

import json
import threading
from datetime import datetime, timezone
from pathlib import Path

from emulator import deployments
from ministack.core.responses import error_response_json, get_account_id, get_region, new_uuid, request_scope
from ministack.services import ec2, ecs, iam

_register_task_definition = ecs._register_task_definition
_start_task_worker = ecs._start_task_worker
_reconcile_service_tasks = ecs._reconcile_service_tasks

_RETRY_S = 2

# The zones that Fargate serves, by region and architecture. All zones of others are served.
_FARGATE_ZONES = json.loads((Path(__file__).parents[3] / "infra" / "fargate-zones.json").read_text())

# AWS documents no event for a zone without Fargate. This is the one of a zone without capacity, as quoted in
# https://github.com/sil-org/ecs-deploy/issues/277 and https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity.
_NO_CAPACITY = (
    "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different "
    "availability zone."
)

_conditions = {}
_applied = {}  # condition -> count since the conditions were set


def replace(conditions):
    _conditions.clear()
    _conditions.update(conditions)
    _applied.clear()
    _move_subnets(conditions.get("zone_id"))


def _move_subnets(zone_id):
    for subnet in ec2._subnets._data.values():
        original = subnet.setdefault("_zone_id", subnet["AvailabilityZoneId"])
        subnet["AvailabilityZoneId"] = zone_id or original


def report():
    return {"conditions": _conditions, "applied": _applied}


def value(condition, default):
    """Returns the value of a condition that is not one of this module."""
    if condition in _conditions:
        _count(condition)
    return _conditions.get(condition, default)


def _count(condition):
    _applied[condition] = _applied.get(condition, 0) + 1


def _register(data):
    hidden = _conditions.get("new_roles_hidden_s", 0)
    for key in ("executionRoleArn", "taskRoleArn"):
        role = iam._roles.get(str(data.get(key, "")).rsplit("/", 1)[-1])
        if hidden and role and _age_s(role["CreateDate"]) < hidden:
            _count("new_roles_hidden_s")
            text = (
                f"User: arn:aws:iam::{get_account_id()}:user/deployer is not authorized to perform: iam:PassRole on "
                f"resource: {data[key]} because no identity-based policy allows the iam:PassRole action"
            )
            return error_response_json("AccessDeniedException", text, 400)
    return _register_task_definition(data)


def _age_s(date):
    created = datetime.fromisoformat(str(date).replace("Z", "+00:00"))
    return (datetime.now(timezone.utc) - created).total_seconds()


def _start(task, td, overrides, docker_client):
    for failing in _conditions.get("failing_starts", []):
        if task.get("group") == f"service:{failing['service']}" and failing["count"] > 0:
            failing["count"] -= 1
            _count("failing_starts")
            if ecs._mark_task_pending(task["taskArn"], task):
                ecs._fail_task_start(task, docker_client, failing["reason"])
            return None
    return _start_task_worker(task, td, overrides, docker_client)


def _reconcile(cluster, key):
    service = ecs._services.get(key)
    if not service or not service.get("desiredCount"):
        return _reconcile_service_tasks(cluster, key)
    reason = _conditions.get("no_place", {}).get(service["serviceName"])
    condition = "no_place"
    if reason is None and _is_unserved(service):
        reason, condition = _NO_CAPACITY, "placement_zone_id" if "placement_zone_id" in _conditions else "zone_id"
    if reason is None:
        return _reconcile_service_tasks(cluster, key)
    _count(condition)
    message = f"(service {service['serviceName']}) {reason}"
    service["events"].insert(0, {"id": new_uuid(), "createdAt": ecs._iso(), "message": message})
    deployment = ecs._primary_deployment(service)
    if deployment["rolloutState"] != "IN_PROGRESS":
        return None
    deployment["failedTasks"] = deployment.get("failedTasks", 0) + 1
    if deployment["failedTasks"] >= ecs._circuit_breaker_threshold(service):
        deployment["rolloutState"] = "FAILED"
        deployment["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
        return None
    account, region = get_account_id(), get_region()
    again = threading.Timer(_RETRY_S, _again, (account, region, cluster, key))
    again.daemon = True
    again.start()
    return None


def _is_unserved(service):
    """Returns whether all subnets of a service are in zones that Fargate does not serve for its architecture."""
    definition = ecs._task_defs.get(ecs._resolve_td_key(service.get("taskDefinition", ""))) or {}
    architecture = (definition.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64")
    served = _FARGATE_ZONES.get(get_region(), {}).get(architecture)
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    zones = [_zone_of(subnet) for subnet in network.get("subnets", [])]
    return bool(served and zones) and not any(zone in served for zone in zones)


def _zone_of(subnet):
    return _conditions.get("placement_zone_id") or (ec2._subnets.get(subnet) or {}).get("AvailabilityZoneId")


def _again(account, region, cluster, key):
    with request_scope(account, region):
        ecs._reconcile_service_tasks(cluster, key)


ecs._register_task_definition = _register
deployments.rebind(_register_task_definition, _register)
ecs._start_task_worker = _start
ecs._reconcile_service_tasks = _reconcile
