"""Gap: ministack ignores half of a container definition. Here health check, user, read-only root, entry point, dropped
capabilities, tmpfs, memory and CPU reach the container engine, so that a task is confined as on Fargate.
"""

from ministack.services import ecs

_SECOND = 1_000_000_000  # the engine expects nanoseconds

_run_kwargs = ecs._build_run_kwargs


def _build(cdef, td, *args, **kwargs):
    settings = _run_kwargs(cdef, td, *args, **kwargs)
    check = cdef.get("healthCheck")
    if check:
        settings["healthcheck"] = {
            "test": check["command"],
            "interval": check.get("interval", 30) * _SECOND,
            "timeout": check.get("timeout", 5) * _SECOND,
            "retries": check.get("retries", 3),
            "start_period": check.get("startPeriod", 0) * _SECOND,
        }
    if cdef.get("user"):
        settings["user"] = cdef["user"]
    if cdef.get("readonlyRootFilesystem"):
        settings["read_only"] = True
    if cdef.get("entryPoint"):
        settings["entrypoint"] = cdef["entryPoint"]
    linux = cdef.get("linuxParameters") or {}
    drop = (linux.get("capabilities") or {}).get("drop")
    if drop:
        settings["cap_drop"] = drop
    if linux.get("tmpfs"):
        settings["tmpfs"] = {
            mount["containerPath"]: ",".join([f"size={mount['size']}m", *mount.get("mountOptions", [])])
            for mount in linux["tmpfs"]
        }
    if td.get("memory"):
        settings["mem_limit"] = f"{td['memory']}m"
    if td.get("cpu"):
        settings["nano_cpus"] = int(int(td["cpu"]) / 1024 * 1e9)
    return settings


ecs._build_run_kwargs = _build
