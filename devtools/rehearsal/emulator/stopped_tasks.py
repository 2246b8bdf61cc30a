"""Gap: ministack does not replace a service's task that is stopped by a StopTask call. Here it does, as on ECS."""

from emulator import deployments
from ministack.services import ecs

_stop_task = ecs._stop_task


def _stop(data):
    response = _stop_task(data)
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    task = ecs._resolve_task(data.get("task", ""), cluster) if cluster else None
    group = (task or {}).get("group", "")
    if response[0] == 200 and group.startswith("service:"):
        ecs._reconcile_service_tasks(cluster, f"{cluster}/{group[8:]}")
    return response


# Only the API call is wrapped: a task that ECS itself stops when scaling in is not replaced.
deployments.rebind(_stop_task, _stop)
