# The addresses that reach the service: allowed_cidr, the ranges of allowed_cidrs, and the lists of clients-*.json.
#
# Where clients connect to a task or a load balancer, a security group enforces them. An HTTP API and CloudFront have no
# such group, so the service itself rejects other clients there (MCP_ALLOWED_CLIENTS). It does so behind the load
# balancer as well.

locals {
  # The named lists. Each file has its source and date, because the vendors change their ranges.
  client_lists = {
    for file in fileset(path.module, "clients-*.json") :
    trimsuffix(trimprefix(file, "clients-"), ".json") => jsondecode(file("${path.module}/${file}")).ranges
  }

  client_ranges = distinct(concat([var.allowed_cidr], flatten([for item in var.allowed_cidrs : try(local.client_lists[item], [item])])))
  client_ipv6   = anytrue([for range in local.client_ranges : strcontains(range, ":")])

  # The quota of rules in a security group is 60. A longer list leaves the load balancer open, and the service rejects
  # the others.
  fits_security_group = length(local.client_ranges) <= 55
  enforced_by         = local.fits_security_group && contains(["none", "alb"], var.front) ? "security group" : "service"

  # The ranges of the rules beside aws_vpc_security_group_ingress_rule.service.
  client_rules = {
    none       = slice(local.client_ranges, 1, length(local.client_ranges))
    http-api   = []
    alb        = local.fits_security_group ? local.client_ranges : ["0.0.0.0/0"]
    cloudfront = []
  }[var.front]
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = toset(local.client_rules)

  security_group_id = one(concat(aws_security_group.front[*].id, local.has_front ? [] : [aws_security_group.service.id]))
  description       = local.has_front ? "Clients" : "MCP and REST"
  ip_protocol       = "tcp"
  from_port         = local.has_front ? 443 : var.container_port
  to_port           = local.has_front ? 443 : var.container_port
  cidr_ipv4         = strcontains(each.value, ":") ? null : each.value
  cidr_ipv6         = strcontains(each.value, ":") ? each.value : null
}
