"""Gap: tasks have no network interface, so the public address of a task cannot be found.

Here each task's attachment names an interface, and EC2 describes it. Its public address is the container's address on the
bridge, which this machine can reach. The interface is removed with the task.
"""

import secrets

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, ecs

_requested_subnet = ecs._requested_subnet
_record_task_ip = ecs._record_task_ip
_cleanup_task_resources = ecs._cleanup_task_resources
_eni_fields_xml = ec2._eni_fields_xml


class _Subnet(str):
    """A subnet, with `public` set if the task requested a public address in it."""

    public = False


def _subnet(data):
    name = _requested_subnet(data)
    if name is None:
        return None
    subnet = _Subnet(name)
    subnet.public = data["networkConfiguration"]["awsvpcConfiguration"].get("assignPublicIp") == "ENABLED"
    return subnet


def _record(task, container, net):
    _record_task_ip(task, container, net)
    for attachment in task.get("attachments") or []:
        details = {detail["name"]: detail["value"] for detail in attachment["details"]}
        if "networkInterfaceId" in details:
            continue
        name = "eni-" + secrets.token_hex(9)[:17]
        ec2._network_interfaces[name] = _interface(name, task, details["privateIPv4Address"])
        attachment["details"].append({"name": "networkInterfaceId", "value": name})


def _interface(name, task, address):
    subnet = task.get("_subnet") or ""
    return {
        "NetworkInterfaceId": name,
        "SubnetId": str(subnet),
        "VpcId": (ec2._subnets.get(str(subnet)) or {}).get("VpcId", ""),
        "AvailabilityZone": get_region() + "a",
        "Description": task["taskArn"],
        "OwnerId": get_account_id(),
        "Status": "in-use",
        "PrivateIpAddress": address,
        "InterfaceType": "interface",
        "SourceDestCheck": True,
        "MacAddress": "02:42:00:00:00:01",
        "Groups": [],
        "Attachment": None,
        "PublicIp": address if getattr(subnet, "public", False) else None,
    }


def _cleanup(task, *args, **kwargs):
    for attachment in task.get("attachments") or []:
        for detail in attachment["details"]:
            if detail["name"] == "networkInterfaceId":
                ec2._network_interfaces.pop(detail["value"], None)
    return _cleanup_task_resources(task, *args, **kwargs)


def _xml(interface, tag="item"):
    xml = _eni_fields_xml(interface, tag)
    address = interface.get("PublicIp")
    if not address:
        return xml
    association = f"<association><publicIp>{address}</publicIp><publicDnsName/><ipOwnerId>amazon</ipOwnerId></association>"
    return xml.replace("<groupSet>", f"{association}<groupSet>", 1)


ecs._requested_subnet = _subnet
ecs._record_task_ip = _record
ecs._cleanup_task_resources = _cleanup
ec2._eni_fields_xml = _xml
