"""Gap: ministack completes a first deployment before its task runs, keeps failed deployments in the list, and loses
`availabilityZoneRebalancing`, which Terraform reports as a change in every plan. Here all three behave as on ECS.
"""

from ministack.services import ecs

_create_service = ecs._create_service
_make_deployment = ecs._make_deployment
_complete_service_deployment = ecs._complete_service_deployment


def _create(data):
    response = _create_service(data)
    if response[0] == 200:
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        service = ecs._services.get(f"{cluster}/{data['serviceName']}")
        service["availabilityZoneRebalancing"] = data.get("availabilityZoneRebalancing", "DISABLED")
    return response


def _make(td, desired, status="PRIMARY"):
    deployment = _make_deployment(td, desired, status)
    if desired and ecs._get_docker():
        deployment["rolloutState"], deployment["rolloutStateReason"] = "IN_PROGRESS", ""
    return deployment


def _complete(cluster, key, expected_deployment_id=None):
    _complete_service_deployment(cluster, key, expected_deployment_id)
    service = ecs._services.get(key)
    primary = ecs._primary_deployment(service) if service else None
    if primary and primary.get("rolloutState") == "COMPLETED":
        service["deployments"] = [
            deployment
            for deployment in service["deployments"]
            if deployment is primary or deployment.get("runningCount") or deployment.get("pendingCount")
        ]


def rebind(original, replacement):
    """Replaces a function in ministack's dispatch tables, which refer to the original since import."""
    for table in list(vars(ecs).values()):
        if isinstance(table, dict):
            for name, function in list(table.items()):
                if function is original:
                    table[name] = replacement


ecs._make_deployment = _make
ecs._create_service = _create
rebind(_create_service, _create)
ecs._complete_service_deployment = _complete
