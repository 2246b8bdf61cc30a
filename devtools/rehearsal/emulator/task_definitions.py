"""Gap: ministack stores a task definition as it was sent. ECS fills in defaults and does not keep the order of lists that are
sets, and Terraform compares with what is stored. So a deploy that changes nothing is proven here only with the same changes.

Seen in the output of DescribeTaskDefinition: empty lists in `capabilities` and in the container, the host port, the protocol,
the CPU units, the defaults of a health check.
"""

from emulator import deployments
from ministack.services import ecs

_register_task_definition = ecs._register_task_definition

_EMPTY_LISTS = ("environment", "mountPoints", "portMappings", "systemControls", "volumesFrom")
_HEALTH_CHECK = {"interval": 30, "timeout": 5, "retries": 3}


def _register(data):
    for container in data.get("containerDefinitions") or []:
        _normalize(container)
    return _register_task_definition(data)


def _normalize(container):
    for name in _EMPTY_LISTS:
        container.setdefault(name, [])
    for name in ("environment", "secrets"):
        if container.get(name):
            container[name].reverse()
    for port in container["portMappings"]:
        port.setdefault("hostPort", port["containerPort"])
        port.setdefault("protocol", "tcp")
    capabilities = (container.get("linuxParameters") or {}).get("capabilities")
    if capabilities is not None:
        capabilities.setdefault("add", [])
        capabilities.setdefault("drop", [])
    if container.get("healthCheck"):
        container["healthCheck"] = {**_HEALTH_CHECK, **container["healthCheck"]}


ecs._register_task_definition = _register
deployments.rebind(_register_task_definition, _register)
