# The front: common names, the service's view of it, its subnets and its security group. Each kind has a file of its
# own.
#
# Every resource that the service refers to is created before the one that it replaces is destroyed. Terraform otherwise
# destroys a target group or a registry before it updates the service that uses it.

locals {
  has_front    = var.front != "none"
  has_http_api = var.front == "http-api"
  has_balancer = contains(["alb", "cloudfront"], var.front)

  # A task serves on after its stop signal for as long as the front may send it requests. ECS stops a task at once when
  # it deregisters it from Cloud Map, whose instances an HTTP API caches. It waits for a load balancer's deregistration
  # delay in a deployment, but not after StopTask.
  lame_duck = coalesce(var.lame_duck, { none = 0, http-api = 45, alb = 15, cloudfront = 15 }[var.front])

  # Without a name of its own, the URL is the front's, which exists before the tasks.
  front_host = one(concat(
    var.domain == null ? [] : [var.domain],
    var.domain == null ? [for api in aws_apigatewayv2_api.front : trimprefix(api.api_endpoint, "https://")] : [],
    var.domain == null ? aws_cloudfront_distribution.front[*].domain_name : [],
  ))
  url = local.has_front ? "https://${local.front_host}" : null

  front_environment = local.has_front ? merge(
    {
      MCP_FRONT           = var.front
      MCP_LAME_DUCK       = tostring(local.lame_duck)
      MCP_ALLOWED_CLIENTS = join(",", local.client_ranges)
    },
    # An HTTP API replaces the Host header, so that it names no host to check.
    local.has_http_api ? {} : { MCP_ALLOWED_HOSTS = local.front_host },
  ) : {}

  # Names of load balancers and target groups are unique in a region and have at most 32 characters. A change that
  # replaces either changes its name, because both exist for a while.
  front_stem        = trimsuffix(substr(var.project_name, 0, 23), "-")
  balancer_name     = "${local.front_stem}-${substr(sha1("${var.project_name} ${var.front} ${data.aws_vpc.default.id}"), 0, 8)}"
  target_group_name = "${local.front_stem}-${substr(sha1("${var.project_name} ${var.front} ${data.aws_vpc.default.id} ${var.container_port}"), 0, 8)}"

  # The zones in which AWS places the front, or null where it serves all or publishes no list.
  front_zones = try(jsondecode(file("${path.module}/front-zones.json"))[var.front][var.region], null)
}

# The subnets that the front can be in: front_subnet_ids, else task_subnet_ids, else the default subnets.
data "aws_subnets" "front" {
  count = local.has_front ? 1 : 0

  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }

  filter {
    name   = length(concat(var.front_subnet_ids, var.task_subnet_ids)) > 0 ? "subnet-id" : "default-for-az"
    values = try(coalescelist(var.front_subnet_ids, var.task_subnet_ids), ["true"])
  }

  # A load balancer serves tasks in its own zones only, so Fargate has to serve them as well.
  dynamic "filter" {
    for_each = local.front_zone_filter == null ? [] : [local.front_zone_filter]

    content {
      name   = "availability-zone-id"
      values = filter.value
    }
  }

  lifecycle {
    postcondition {
      condition     = length(self.ids) >= max(2, length(var.front_subnet_ids))
      error_message = "front = \"${var.front}\" needs two or more subnets of ${data.aws_vpc.default.id} in different zones${local.front_zone_filter == null ? "" : " out of ${join(", ", local.front_zone_filter)}"}, and found ${length(self.ids) == 0 ? "none" : join(", ", self.ids)}: set front_subnet_ids."
    }
  }
}

locals {
  fargate_filter    = local.has_balancer ? local.fargate_zones : null
  front_zone_filter = local.front_zones == null ? local.fargate_filter : local.fargate_filter == null ? local.front_zones : sort(setintersection(local.front_zones, local.fargate_filter))

  # Two of them unless the operator chose: each subnet of a public load balancer is charged for an address.
  found_front_subnets = sort(flatten(data.aws_subnets.front[*].ids))
  front_subnets       = length(var.front_subnet_ids) > 0 ? local.found_front_subnets : slice(local.found_front_subnets, 0, min(2, length(local.found_front_subnets)))
}

# The front's end inside the VPC: the VPC link's or the load balancer's addresses. Only they reach the tasks.
resource "aws_security_group" "front" {
  count = local.has_front ? 1 : 0

  name        = "${var.project_name}-front-sg"
  description = "Front of ${var.project_name}"
  vpc_id      = data.aws_vpc.default.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "front" {
  count = local.has_front ? 1 : 0

  security_group_id            = aws_security_group.front[0].id
  description                  = "Tasks"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = aws_security_group.service.id
}
