# The network of every front, and front = "none": the VPC of an account, its private subnets, and the ranges of clients.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Terraform 1.11 cannot mock ephemeral resources, so this provider is real. It makes no request: the tests bring a
# token.
provider "aws" {
  alias                       = "ephemeral"
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

# Without a front

run "none_is_the_default_and_creates_no_front" {
  command = plan

  assert {
    condition     = length(aws_lb.front) + length(aws_apigatewayv2_api.front) + length(aws_cloudfront_distribution.front) + length(aws_security_group.front) + length(aws_acm_certificate.front) + length(aws_vpc_security_group_ingress_rule.clients) + length(aws_cloudwatch_metric_alarm.this) + length(aws_cloudwatch_dashboard.this) == 0
    error_message = "the default creates a part of a front"
  }
  assert {
    condition     = length([for name in keys(local.environment) : name if contains(["MCP_FRONT", "MCP_LAME_DUCK", "MCP_ALLOWED_CLIENTS", "MCP_ALLOWED_HOSTS"], name)]) == 0
    error_message = "environment: ${jsonencode(local.environment)}"
  }
  assert {
    condition     = aws_ecs_service.this.availability_zone_rebalancing == null && aws_ecs_service.this.health_check_grace_period_seconds == null
    error_message = "the service differs from one before fronts existed"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.referenced_security_group_id == null && output.allowed_ranges_enforced_by == "security group"
    error_message = "rule: ${jsonencode(aws_vpc_security_group_ingress_rule.service)}"
  }
  assert {
    condition     = output.url == null && output.target_group_arn == null && output.api_id == null && output.distribution_id == null && length(output.dns_records) == 0
    error_message = "an output names a front"
  }
}

run "further_ranges_open_the_port_to_the_tasks" {
  command = plan
  variables { allowed_cidrs = ["198.51.100.0/24", "2001:db8::/32", "203.0.113.7/32"] }

  assert {
    condition     = { for range, rule in aws_vpc_security_group_ingress_rule.clients : range => "${rule.security_group_id} ${rule.from_port}-${rule.to_port} ${coalesce(rule.cidr_ipv4, rule.cidr_ipv6)}" } == { "198.51.100.0/24" = "sg-service 3333-3333 198.51.100.0/24", "2001:db8::/32" = "sg-service 3333-3333 2001:db8::/32" }
    error_message = "rules: ${jsonencode(aws_vpc_security_group_ingress_rule.clients)}"
  }
  assert {
    condition     = output.allowed_ranges == tolist(["203.0.113.7/32", "198.51.100.0/24", "2001:db8::/32"])
    error_message = "ranges: ${jsonencode(output.allowed_ranges)}"
  }
}

run "too_many_ranges_for_a_security_group_fail_without_front" {
  command = plan
  variables { allowed_cidrs = ["openai"] }
  expect_failures = [aws_ecs_service.this]
}

# The account's network

run "default_vpc_is_used_without_vpc_id" {
  command = plan

  assert {
    condition     = data.aws_vpc.default.default && [for filter in data.aws_subnets.default.filter : filter.name if contains(["subnet-id", "default-for-az"], filter.name)] == ["default-for-az"]
    error_message = "filters: ${jsonencode(data.aws_subnets.default.filter)}"
  }
}

run "private_subnets_of_another_vpc_are_used" {
  command = plan
  variables {
    vpc_id           = "vpc-0123"
    task_subnet_ids  = ["subnet-a", "subnet-b"]
    assign_public_ip = false
  }
  override_data {
    target = data.aws_vpc.default
    values = { id = "vpc-0123" }
  }

  assert {
    condition     = { for filter in data.aws_subnets.default.filter : filter.name => filter.values if filter.name != "availability-zone-id" } == { "vpc-id" = toset(["vpc-0123"]), "subnet-id" = toset(["subnet-a", "subnet-b"]) }
    error_message = "filters: ${jsonencode(data.aws_subnets.default.filter)}"
  }
  assert {
    condition     = aws_security_group.service.vpc_id == "vpc-0123" && aws_ecs_service.this.network_configuration[0].subnets == toset(["subnet-a", "subnet-b"]) && !aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "network: ${jsonencode(aws_ecs_service.this.network_configuration)}"
  }
}

run "subnet_outside_of_the_vpc_is_rejected" {
  command = plan
  variables { task_subnet_ids = ["subnet-a", "subnet-elsewhere"] }
  expect_failures = [data.aws_subnets.default]
}

run "tasks_in_one_zone_are_rejected" {
  command = plan
  variables {
    task_subnet_ids = ["subnet-a", "subnet-b"]
    desired_count   = 2
  }
  override_data {
    target = data.aws_subnet.task["subnet-b"]
    values = { availability_zone_id = "use1-az1" }
  }
  expect_failures = [aws_ecs_service.this]
}

run "boundary_is_on_both_roles" {
  command = plan
  variables { permissions_boundary = "arn:aws:iam::123456789012:policy/team/boundary" }

  assert {
    condition     = alltrue([for role in [aws_iam_role.exec, aws_iam_role.task] : role.permissions_boundary == "arn:aws:iam::123456789012:policy/team/boundary"])
    error_message = "a role has no boundary"
  }
}

# Invalid values. Each variable in `expect_failures` has to fail by itself. Terraform does not check a variable against
# one that is invalid, so those that refer to others are in later runs.

run "first_invalid_fronts_are_rejected" {
  command = plan
  variables {
    # front by another name
    front = "nlb"
    # no requests at all
    front_rate_limit = 0
    # longer than ECS waits
    lame_duck = 91
    # subnet given twice
    task_subnet_ids = ["subnet-a", "subnet-a"]
    # boundary by name
    permissions_boundary = "boundary"
    # no task at all
    tasks_min = 0
    # part of a task
    running_tasks = 1.5
    # address without a domain
    alarm_email = "ops"
  }
  expect_failures = [var.front, var.front_rate_limit, var.lame_duck, var.task_subnet_ids, var.permissions_boundary, var.tasks_min, var.running_tasks, var.alarm_email]
}

run "second_invalid_fronts_are_rejected" {
  command = plan
  variables {
    front = "http-api"
    # domain in upper case
    domain = "MCP.example.com"
    # range without a prefix
    allowed_cidrs = ["203.0.113.7"]
    # vpc by name
    vpc_id          = "main"
    task_subnet_ids = ["subnet-a", "subnet-b"]
    # a single subnet
    front_subnet_ids = ["subnet-a"]
    # minimum above the maximum
    tasks_min = 4
    tasks_max = 2
  }
  expect_failures = [var.domain, var.allowed_cidrs, var.vpc_id, var.front_subnet_ids, var.tasks_max]
}

run "third_invalid_fronts_are_rejected" {
  command = plan
  variables {
    front  = "http-api"
    domain = "mcp.example.com"
    # zone by name
    route53_zone_id = "example.com"
    # certificate of another region
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222"
    # range too wide
    allowed_cidrs = ["0.0.0.0/1"]
  }
  expect_failures = [var.route53_zone_id, var.certificate_arn, var.allowed_cidrs]
}

run "values_without_their_counterparts_are_rejected" {
  command = plan
  variables {
    # domain without a front
    domain = "mcp.example.com"
    # vpc without subnets
    vpc_id = "vpc-0123"
    # subnets of no front
    front_subnet_ids = ["subnet-a", "subnet-b"]
    # a maximum alone
    tasks_max = 3
    # setting with a variable of its own
    settings = { front = "alb" }
  }
  expect_failures = [var.domain, var.vpc_id, var.front_subnet_ids, var.tasks_max, var.settings]
}

run "oauth_without_resource_needs_a_front" {
  command = plan
  variables {
    oauth = { issuer = "https://id.example.com" }
  }
  expect_failures = [aws_ecs_task_definition.service]
}

run "balancer_without_domain_or_public_subnets_is_rejected" {
  command = plan
  variables {
    front            = "alb"
    task_subnet_ids  = ["subnet-a", "subnet-b"]
    assign_public_ip = false
    allowed_cidrs    = ["2001:db8::/32"]
  }
  expect_failures = [var.domain, var.front_subnet_ids, var.allowed_cidrs]
}

run "certificate_of_cloudfront_is_in_us_east_1" {
  command = plan
  variables {
    front  = "cloudfront"
    region = "eu-central-1"
    domain = "mcp.example.com"
  }
  expect_failures = [var.certificate_arn]
}

run "named_lists_are_ranges_with_source_and_date" {
  command = plan

  assert {
    condition     = toset(keys(local.client_lists)) == toset(["anthropic", "openai"])
    error_message = "lists: ${jsonencode(keys(local.client_lists))}"
  }
  assert {
    condition     = alltrue([for range in flatten(values(local.client_lists)) : cidrsubnet(range, 0, 0) == range && tonumber(split("/", range)[1]) >= 16])
    error_message = "a range is misspelt or too wide"
  }
  assert {
    condition     = alltrue([for name in keys(local.client_lists) : can(regex("^https://", jsondecode(file("clients-${name}.json")).source)) && can(regex("^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", jsondecode(file("clients-${name}.json")).date))])
    error_message = "a list has no source or date"
  }
}
