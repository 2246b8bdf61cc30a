# The VPC with the subnets of the tasks, and their security group.

# The default VPC, or the one of vpc_id.
data "aws_vpc" "default" {
  id      = var.vpc_id
  default = var.vpc_id == null ? true : null
}

locals {
  # The ids of the zones that Fargate serves, or null where it serves all. ECS does not avoid the others by itself. The
  # deployer's preflight reads the same file.
  fargate_zones = try(jsondecode(file("${path.module}/fargate-zones.json"))[var.region][var.cpu_architecture], null)
}

# The default subnets, one in each zone. They are public, which other subnets of the VPC may not be. Or those of
# task_subnet_ids.
data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }

  filter {
    name   = length(var.task_subnet_ids) > 0 ? "subnet-id" : "default-for-az"
    values = length(var.task_subnet_ids) > 0 ? var.task_subnet_ids : ["true"]
  }

  dynamic "filter" {
    for_each = local.fargate_zones == null ? [] : [local.fargate_zones]

    content {
      name   = "availability-zone-id"
      values = filter.value
    }
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) > 0 || length(var.task_subnet_ids) > 0
      error_message = "the default VPC in ${var.region} has no default subnets in ${local.fargate_zones == null ? "any zone" : join(", ", local.fargate_zones)}: create one with `aws ec2 create-default-subnet --availability-zone <zone>`."
    }

    postcondition {
      condition     = length(setsubtract(var.task_subnet_ids, self.ids)) == 0
      error_message = "invalid task_subnet_ids: ${join(", ", setsubtract(var.task_subnet_ids, self.ids))} is not in ${data.aws_vpc.default.id}, or not in a zone that Fargate serves (${local.fargate_zones == null ? "any" : join(", ", local.fargate_zones)})."
    }
  }
}

locals {
  # A load balancer serves tasks in its own zones only, so they share its subnets unless the operator chose others.
  task_subnets = local.has_balancer && length(var.task_subnet_ids) == 0 ? local.front_subnets : data.aws_subnets.default.ids

  # The subnets whose zones are checked. Default subnets are in different zones.
  checks_zones = local.has_balancer || (local.most_tasks > 1 && length(var.task_subnet_ids) > 0)

  task_subnet_zones  = { for id, subnet in data.aws_subnet.task : id => subnet.availability_zone_id }
  front_subnet_zones = { for id, subnet in data.aws_subnet.front : id => subnet.availability_zone_id }
}

data "aws_subnet" "task" {
  for_each = toset(local.checks_zones ? local.task_subnets : [])
  id       = each.value
}

data "aws_subnet" "front" {
  for_each = toset(local.has_balancer ? local.front_subnets : [])
  id       = each.value
}

resource "aws_security_group" "service" {
  name        = "${var.project_name}-sg"
  description = "Tasks of ${var.project_name}"
  vpc_id      = data.aws_vpc.default.id
}

# Inbound: the service's port, from allowed_cidr, or from the front alone. client_ranges.tf has the rules of further
# ranges. The metrics port listens on the task's loopback only.
resource "aws_vpc_security_group_ingress_rule" "service" {
  security_group_id = aws_security_group.service.id
  description       = "MCP and REST"
  ip_protocol       = "tcp"
  from_port         = var.container_port
  to_port           = var.container_port
  cidr_ipv4         = local.has_front || strcontains(var.allowed_cidr, ":") ? null : var.allowed_cidr
  cidr_ipv6         = !local.has_front && strcontains(var.allowed_cidr, ":") ? var.allowed_cidr : null

  referenced_security_group_id = one(aws_security_group.front[*].id)
}

# Outbound: HTTPS for the image, the token, the log and the table. The range is open because AWS's addresses change. DNS
# needs no rule because security groups do not filter the VPC's own resolver.
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.service.id
  description       = "AWS APIs and the image registry"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

# Outbound: what the tools connect to, by the variable egress. A rule is identified by its content, so that a new one
# leaves the others as they are. The deployer finds the rules of a lost state by the same keys (xtask/src/adopt/egress.rs).
resource "aws_vpc_security_group_egress_rule" "tools" {
  for_each = merge([for rule in var.egress : { for cidr in rule.cidrs : "${rule.protocol} ${rule.ports} ${cidr}" => merge(rule, { cidr = cidr }) }]...)

  security_group_id = aws_security_group.service.id
  description       = "Tools"
  ip_protocol       = each.value.protocol
  from_port         = split("-", each.value.ports)[0]
  to_port           = reverse(split("-", each.value.ports))[0]
  cidr_ipv4         = strcontains(each.value.cidr, ":") ? null : each.value.cidr
  cidr_ipv6         = strcontains(each.value.cidr, ":") ? each.value.cidr : null
}
