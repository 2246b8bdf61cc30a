"""Gap: ministack considers every running task healthy. Here the container's health check counts, as on ECS: a task with one is
stable once it is HEALTHY, and an UNHEALTHY task is stopped with the reason that the ECS scheduler gives.
"""

import time

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

_WORDS = {"healthy": "HEALTHY", "unhealthy": "UNHEALTHY"}

_maybe_mark_stopped = ecs._maybe_mark_stopped
_record_service_task_healthy = ecs._record_service_task_healthy
_start_task_worker = ecs._start_task_worker


def _start(task, td, *args):
    task["_has_hc"] = any(container.get("healthCheck") for container in td.get("containerDefinitions", []))
    return _start_task_worker(task, td, *args)


def _record_healthy(service_key, task):
    if task.get("_has_hc") and task.get("healthStatus") != "HEALTHY":
        return
    _record_service_task_healthy(service_key, task)


def _look(task, docker_client=None):
    _maybe_mark_stopped(task, docker_client)
    if task.get("lastStatus") != "RUNNING":
        return
    now = time.monotonic()
    if now - task.get("_hc_at", 0) < 1:
        return
    task["_hc_at"] = now
    docker = docker_client or ecs._get_docker()
    worst = _worst(task, docker)
    before, task["healthStatus"] = task.get("healthStatus"), worst or "UNKNOWN"
    if worst == "HEALTHY" and before != "HEALTHY" and task.get("group", "").startswith("service:"):
        cluster = ecs._cluster_name_from_arn(task["clusterArn"])
        service = f"{cluster}/{task['group'][8:]}"
        ecs._schedule_service_deployment_completion(
            cluster, service, get_account_id(), get_region(), healthy_task=task
        )
    if worst == "UNHEALTHY":
        reason = "Task failed container health checks"
        if ecs._mark_task_stopped(task["taskArn"], task, reason, "EssentialContainerExited", exit_code=None):
            ecs._cleanup_task_resources(task, docker)


def _worst(task, docker):
    """Returns the health of the least healthy container, and records the health of each."""
    worst = None
    for index, container in enumerate(list(task.get("_docker_ids") or [])):
        try:
            status = (docker.containers.get(container).attrs["State"].get("Health") or {}).get("Status")
        except Exception:  # the container is gone: ministack decides if that stops the task
            continue
        word = _WORDS.get(status, "UNKNOWN")
        if index < len(task["containers"]):
            task["containers"][index]["healthStatus"] = word
        worst = word if worst in (None, "HEALTHY") else worst
    return worst


ecs._start_task_worker = _start
ecs._record_service_task_healthy = _record_healthy
ecs._maybe_mark_stopped = _look
