"""Gap: with AUTH=true ministack often checks policies on `*` where AWS requires a resource, and never checks iam:PassRole.

Here the calls of a deployment are checked on the resources that AWS's Service Authorization Reference lists. So a policy with a
correct scope passes and one with a wrong scope is denied. If a call needs several checks, all of them must pass.
"""

import contextvars
import json

from ministack.core import iam_actions, iam_evaluator
from ministack.services import ec2, tagging

_extract_resource_arn = iam_actions.extract_resource_arn
_request_tag_context = iam_actions.request_tag_context
_enforce = iam_evaluator.enforce

# Further checks of the current request: (action, resource, context).
_further = contextvars.ContextVar("further", default=())

_MAKES_RULES = {"AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"}
_ABOUT_TAGS = {"TagResource", "UntagResource", "ListTagsOfResource", "ListTagsForResource"}
_PREFIXES = {"sg": "security-group", "sgr": "security-group-rule", "vpce": "vpc-endpoint", "vpc": "vpc"}


def _resource(service, method, path, headers, body, query_params, region, account_id):
    _further.set(())
    scope = f"{region}:{account_id}"
    resource = None
    if service == "ecs":
        resource = _of_ecs(_operation(headers), _parse(body), f"arn:aws:ecs:{scope}:")
    elif service == "ec2":
        resource = _of_ec2(query_params, f"arn:aws:ec2:{scope}:")
    elif service in ("dynamodb", "ecr") and _operation(headers) in _ABOUT_TAGS:
        resource = _parse(body).get("ResourceArn") or _parse(body).get("resourceArn")
    elif service == "ecr" and _operation(headers) == "DescribeRepositories":
        names = _parse(body).get("repositoryNames") or ["*"]
        resource = _all([f"arn:aws:ecr:{scope}:repository/{name}" for name in names], "ecr:DescribeRepositories")
    if resource:
        return resource
    return _extract_resource_arn(service, method, path, headers, body, query_params, region, account_id)


def _operation(headers):
    return headers.get("x-amz-target", "").rsplit(".", 1)[-1]


def _parse(body):
    try:
        data = json.loads(body or b"{}")
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return data if isinstance(data, dict) else {}


def _of_ecs(operation, data, prefix):
    action = f"ecs:{operation}"
    cluster = _name(data.get("cluster") or data.get("clusterName") or "default")
    match operation:
        case _ if operation in _ABOUT_TAGS:
            return data.get("resourceArn")
        case "CreateService" | "UpdateService" | "DeleteService":
            return f"{prefix}service/{cluster}/{_name(data.get('serviceName') or data.get('service') or '')}"
        case "DescribeServices":
            return _all([f"{prefix}service/{cluster}/{_name(name)}" for name in data.get("services", [])], action)
        case "DescribeTasks":
            return _all([f"{prefix}task/{cluster}/{_name(task)}" for task in data.get("tasks", [])], action)
        case "StopTask":
            return f"{prefix}task/{cluster}/{_name(data.get('task', ''))}"
        case "DescribeClusters":
            return _all([f"{prefix}cluster/{_name(name)}" for name in data.get("clusters", [])], action)
        case "CreateCluster" | "UpdateCluster" | "UpdateClusterSettings" | "DeleteCluster":
            return f"{prefix}cluster/{cluster}"
        case "DeleteTaskDefinitions":
            return _all(data.get("taskDefinitions", []), action)
        case "RegisterTaskDefinition":
            roles = [data[key] for key in ("executionRoleArn", "taskRoleArn") if data.get(key)]
            to = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
            _further.set(tuple(("iam:PassRole", role, to) for role in roles))
            return f"{prefix}task-definition/{data.get('family')}:*"
        case "DescribeTaskDefinition" | "DeregisterTaskDefinition" | "ListTaskDefinitions" | "ListTasks":
            return "*"
    return None


def _all(resources, action):
    """Checks all resources. A denial names the first."""
    if not resources:
        return "*"
    _further.set(tuple((action, resource, {}) for resource in resources[1:]))
    return resources[0]


def _name(name_or_arn):
    return str(name_or_arn).rsplit("/", 1)[-1]


def _of_ec2(params, prefix):
    operation = iam_actions._query_param(params, "Action")
    # Creating a resource with tags also needs permission to tag on creation.
    tagged = any(name.startswith("TagSpecification.") for name in params)
    tags = _specified_tags(params)
    making = {"ec2:CreateAction": operation, **tags}
    if operation == "CreateSecurityGroup":
        group = f"{prefix}security-group/*"
        _further.set(((f"ec2:{operation}", group, tags), *((("ec2:CreateTags", group, making),) if tagged else ())))
        return f"{prefix}vpc/{iam_actions._query_param(params, 'VpcId')}"
    if operation == "ModifySecurityGroupRules":
        changed = iam_actions._query_param(params, "SecurityGroupRule.1.SecurityGroupRuleId")
        _further.set(((f"ec2:{operation}", f"{prefix}security-group-rule/{changed}", _tags_of(changed)),))
        return None
    if operation in _MAKES_RULES:
        rule = f"{prefix}security-group-rule/*"
        _further.set(((f"ec2:{operation}", rule, tags), *((("ec2:CreateTags", rule, making),) if tagged else ())))
        return None
    if operation in ("CreateTags", "DeleteTags"):
        named = iam_actions._query_param(params, "ResourceId.1")
        kind = _PREFIXES.get(named.split("-", 1)[0])
        return f"{prefix}{kind}/{named}" if kind else None
    if operation.startswith("Describe") and operation != "DescribeVpcAttribute":
        return "*"
    return None


def _specified_tags(params):
    """Returns the tags of a resource to be created, as condition keys."""
    found = {}
    for name in params:
        if name.startswith("TagSpecification.") and name.endswith(".Key"):
            key = iam_actions._query_param(params, name)
            found[f"aws:RequestTag/{key}"] = iam_actions._query_param(params, name.removesuffix("Key") + "Value")
    return found


def _tags_of(name):
    """Returns the tags of an existing resource, as condition keys."""
    return {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in ec2._tags.get(name) or []}


def _context(service, iam_action, body, params):
    context = _request_tag_context(service, iam_action, body, params)
    if service == "ecs":
        cluster = _parse(body).get("cluster", "")
        if cluster.startswith("arn:"):
            context["ecs:cluster"] = cluster
        elif cluster:
            from ministack.core.responses import get_account_id, get_region

            context["ecs:cluster"] = f"arn:aws:ecs:{get_region()}:{get_account_id()}:cluster/{cluster}"
    return context


def _check(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    further = _further.get()
    _further.set(())
    denied = _enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    for action, resource, context in further:
        denied = denied or _enforce(access_key_id, action, service, region, resource, context)
    return denied


def _tagged_ec2():
    from ministack.core.responses import get_account_id, get_region

    for name, tags in list(ec2._tags.items()):
        kind = _PREFIXES.get(name.split("-", 1)[0])
        if kind:
            yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{name}", tags


iam_actions.extract_resource_arn = _resource
iam_actions.request_tag_context = _context
iam_evaluator.enforce = _check
tagging._RESOURCE_TAG_COLLECTORS.setdefault("ec2", _tagged_ec2)
