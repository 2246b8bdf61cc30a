"""Gap: when somebody stops a task of a service, none takes its place. Here one does, as on ECS."""

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


# What ECS stops by itself, when there are too many, is not replaced: only the call is another.
deployments.rebind(_stop_task, _stop)
