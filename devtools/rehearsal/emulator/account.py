"""Gap: the default VPC of ministack has no route to its Internet gateway, and ministack has no Service Quotas. Here both are as in
a new account of AWS. The condition `fargate_vcpus` (conditions.py) sets the quota of Fargate.
"""

from emulator import conditions, faults
from ministack.services import ec2

_FARGATE_VCPUS = 6
_QUOTA = b"ServiceQuotasV20190624.GetServiceQuota"

_init_defaults = ec2._init_defaults


def _init():
    _init_defaults()
    for table in ec2._route_tables.values():
        if table["VpcId"] == ec2._DEFAULT_VPC_ID and len(table["Routes"]) == 1:
            table["Routes"].append(
                {
                    "DestinationCidrBlock": "0.0.0.0/0",
                    "GatewayId": ec2._DEFAULT_IGW_ID,
                    "State": "active",
                    "Origin": "CreateRoute",
                }
            )


async def answer_quota(scope, send):
    """Answers a question for the quota of Fargate. Returns False for other requests."""
    if (b"x-amz-target", _QUOTA) not in [(name.lower(), value) for name, value in scope["headers"]]:
        return False
    value = conditions.value("fargate_vcpus", _FARGATE_VCPUS)
    await faults.reply(send, 200, {"Quota": {"ServiceCode": "fargate", "QuotaCode": "L-3032A538", "Value": float(value)}})
    return True


ec2._init_defaults = _init
_init()
