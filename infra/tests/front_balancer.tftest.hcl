# front = "alb" and front = "cloudfront": the load balancer, the certificate, the domain's records and the distribution.

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

# The load balancer of both

run "public_balancer_has_tls_1_2_and_the_certificate" {
  command = plan
  variables {
    front  = "alb"
    domain = "mcp.example.com"
  }
  override_resource {
    target = aws_acm_certificate_validation.front
    values = { certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/REQUESTED" }
  }

  assert {
    condition     = !aws_lb.front[0].internal && aws_lb.front[0].load_balancer_type == "application" && aws_lb.front[0].subnets == toset(["subnet-a", "subnet-b"]) && aws_lb.front[0].security_groups == toset(["sg-front"]) && aws_lb.front[0].ip_address_type == "ipv4"
    error_message = "load balancer: ${jsonencode(aws_lb.front[0])}"
  }
  assert {
    condition     = aws_lb_listener.https[0].port == 443 && aws_lb_listener.https[0].protocol == "HTTPS" && aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06" && aws_lb_listener.https[0].certificate_arn == "arn:aws:acm:us-east-1:123456789012:certificate/REQUESTED"
    error_message = "listener: ${jsonencode(aws_lb_listener.https[0])}"
  }
  assert {
    condition     = aws_lb_listener.https[0].default_action[0].type == "forward" && aws_lb_listener.https[0].default_action[0].target_group_arn == aws_lb_target_group.front[0].arn && length(aws_lb_listener.http) == 0
    error_message = "clients can connect without TLS, or reach no task"
  }
}

run "idle_connections_end_at_the_balancer_first" {
  command = plan
  variables {
    front  = "alb"
    domain = "mcp.example.com"
  }

  assert {
    # The service keeps an idle connection for 75 seconds (docs/settings.md).
    condition     = aws_lb.front[0].idle_timeout == 60 && aws_lb.front[0].idle_timeout < 75
    error_message = "the load balancer may send into a connection that the service closes"
  }
  assert {
    condition     = aws_lb.front[0].drop_invalid_header_fields && aws_lb.front[0].desync_mitigation_mode == "defensive" && aws_lb.front[0].xff_header_processing_mode == "append"
    error_message = "load balancer: ${jsonencode(aws_lb.front[0])}"
  }
}

run "targets_drain_and_survive_a_short_failure" {
  command = plan
  variables {
    front  = "alb"
    domain = "mcp.example.com"
  }

  assert {
    # A request takes 20 seconds at most.
    condition     = tonumber(aws_lb_target_group.front[0].deregistration_delay) == 25 && aws_lb_target_group.front[0].slow_start == 0 && aws_lb_target_group.front[0].load_balancing_algorithm_type == "least_outstanding_requests"
    error_message = "target group: ${jsonencode(aws_lb_target_group.front[0])}"
  }
  assert {
    condition     = aws_lb_target_group.front[0].target_type == "ip" && aws_lb_target_group.front[0].port == 3333 && aws_lb_target_group.front[0].protocol == "HTTP" && aws_lb_target_group.front[0].vpc_id == "vpc-default"
    error_message = "target group: ${jsonencode(aws_lb_target_group.front[0])}"
  }
  assert {
    condition     = { for name in ["path", "matcher", "interval", "timeout", "healthy_threshold", "unhealthy_threshold"] : name => tostring(aws_lb_target_group.front[0].health_check[0][name]) } == { path = "/readyz", matcher = "200", interval = "10", timeout = "5", healthy_threshold = "2", unhealthy_threshold = "10" }
    error_message = "health check: ${jsonencode(aws_lb_target_group.front[0].health_check)}"
  }
  assert {
    condition     = aws_ecs_service.this.health_check_grace_period_seconds == 30 && aws_ecs_service.this.availability_zone_rebalancing == "ENABLED" && [for target in aws_ecs_service.this.load_balancer : "${target.target_group_arn} ${target.container_name} ${target.container_port}"] == ["${aws_lb_target_group.front[0].arn} mcp-stateful 3333"]
    error_message = "service: ${jsonencode(aws_ecs_service.this.load_balancer)}"
  }
}

run "names_of_a_long_project_fit_and_change_with_their_front" {
  command = plan
  variables {
    project_name = "a2345678901234567890123456789012"
    front        = "cloudfront"
  }

  assert {
    condition     = length(aws_lb.front[0].name) == 32 && length(aws_lb_target_group.front[0].name) == 32 && aws_lb.front[0].name != aws_lb_target_group.front[0].name
    error_message = "names: ${aws_lb.front[0].name}, ${aws_lb_target_group.front[0].name}"
  }
  assert {
    # A target group belongs to one load balancer, and both exist while alb becomes cloudfront.
    condition     = aws_lb.front[0].name != "a2345678901234567890123-${substr(sha1("a2345678901234567890123456789012 alb vpc-default"), 0, 8)}"
    error_message = "the name is that of the public load balancer"
  }
}

run "reserved_name_of_a_balancer_is_rejected" {
  command = plan
  variables {
    project_name = "internal-notes"
    front        = "cloudfront"
  }
  expect_failures = [var.front]
}

run "tasks_in_zones_of_no_balancer_are_rejected" {
  command = plan
  variables {
    front            = "alb"
    domain           = "mcp.example.com"
    task_subnet_ids  = ["subnet-a", "subnet-b"]
    front_subnet_ids = ["subnet-a", "subnet-b"]
  }
  override_data {
    target = data.aws_subnet.task["subnet-b"]
    values = { availability_zone_id = "use1-az4" }
  }
  expect_failures = [aws_lb.front]
}

run "private_tasks_are_behind_a_public_balancer" {
  command = plan
  variables {
    front            = "alb"
    domain           = "mcp.example.com"
    vpc_id           = "vpc-0123"
    task_subnet_ids  = ["subnet-c", "subnet-d"]
    front_subnet_ids = ["subnet-a", "subnet-b"]
    assign_public_ip = false
  }
  override_data {
    target = data.aws_subnets.default
    values = { ids = ["subnet-c", "subnet-d"] }
  }
  override_data {
    target = data.aws_subnet.task["subnet-c"]
    values = { availability_zone_id = "use1-az1" }
  }
  override_data {
    target = data.aws_subnet.task["subnet-d"]
    values = { availability_zone_id = "use1-az2" }
  }

  assert {
    condition     = aws_lb.front[0].subnets == toset(["subnet-a", "subnet-b"]) && aws_ecs_service.this.network_configuration[0].subnets == toset(["subnet-c", "subnet-d"]) && !aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "subnets: ${jsonencode(aws_lb.front[0].subnets)} ${jsonencode(aws_ecs_service.this.network_configuration)}"
  }
}

# Clients of the public load balancer

run "security_group_of_the_balancer_limits_clients" {
  command = plan
  variables {
    front         = "alb"
    domain        = "mcp.example.com"
    allowed_cidrs = ["198.51.100.0/24"]
  }

  assert {
    condition     = { for range, rule in aws_vpc_security_group_ingress_rule.clients : range => "${rule.security_group_id} ${rule.from_port}-${rule.to_port} ${rule.cidr_ipv4}" } == { "203.0.113.7/32" = "sg-front 443-443 203.0.113.7/32", "198.51.100.0/24" = "sg-front 443-443 198.51.100.0/24" }
    error_message = "rules: ${jsonencode(aws_vpc_security_group_ingress_rule.clients)}"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.referenced_security_group_id == "sg-front" && aws_vpc_security_group_ingress_rule.service.cidr_ipv4 == null
    error_message = "tasks accept other connections than the load balancer's"
  }
  assert {
    condition     = local.environment["MCP_ALLOWED_CLIENTS"] == "203.0.113.7/32,198.51.100.0/24" && local.environment["MCP_ALLOWED_HOSTS"] == "mcp.example.com" && local.environment["MCP_LAME_DUCK"] == "15" && output.allowed_ranges_enforced_by == "security group"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "long_list_of_clients_is_left_to_the_service" {
  command = plan
  variables {
    front         = "alb"
    domain        = "mcp.example.com"
    allowed_cidrs = ["openai"]
  }

  assert {
    condition     = join(" ", keys(aws_vpc_security_group_ingress_rule.clients)) == "0.0.0.0/0" && output.allowed_ranges_enforced_by == "service" && length(split(",", local.environment["MCP_ALLOWED_CLIENTS"])) == 279
    error_message = "rules: ${jsonencode(keys(aws_vpc_security_group_ingress_rule.clients))}"
  }
}

# The domain

run "records_in_route53_are_created" {
  command = plan
  variables {
    front           = "alb"
    domain          = "mcp.example.com"
    route53_zone_id = "Z0123456789ABCDEFGHIJ"
  }

  assert {
    condition     = aws_acm_certificate.front[0].domain_name == "mcp.example.com" && aws_acm_certificate.front[0].validation_method == "DNS" && aws_route53_record.validation[0].name == "_proof.mcp.example.com." && aws_route53_record.validation[0].records == toset(["_value.acm-validations.aws."])
    error_message = "proof: ${jsonencode(aws_route53_record.validation)}"
  }
  assert {
    condition     = join(" ", keys(aws_route53_record.front)) == "A" && aws_route53_record.front["A"].name == "mcp.example.com" && aws_route53_record.front["A"].alias[0].name == "the-balancer.us-east-1.elb.amazonaws.com" && aws_route53_record.front["A"].zone_id == "Z0123456789ABCDEFGHIJ"
    error_message = "record: ${jsonencode(aws_route53_record.front)}"
  }
}

run "records_outside_of_route53_are_printed" {
  command = plan
  variables {
    front  = "alb"
    domain = "mcp.example.com"
  }

  assert {
    condition     = length(aws_route53_record.validation) + length(aws_route53_record.front) == 0 && length(aws_acm_certificate_validation.front) == 1
    error_message = "a record is created without a zone, or the certificate is not waited for"
  }
  assert {
    condition = jsonencode(output.dns_records) == jsonencode([
      { name = "_proof.mcp.example.com", type = "CNAME", value = "_value.acm-validations.aws" },
      { name = "mcp.example.com", type = "CNAME", value = "the-balancer.us-east-1.elb.amazonaws.com" },
    ])
    error_message = "records: ${jsonencode(output.dns_records)}"
  }
}

run "certificate_of_the_account_is_used" {
  command = plan
  variables {
    front           = "alb"
    domain          = "mcp.example.com"
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222"
  }

  assert {
    condition     = length(aws_acm_certificate.front) == 0 && aws_lb_listener.https[0].certificate_arn == "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222" && [for record in output.dns_records : record.name] == ["mcp.example.com"]
    error_message = "another certificate is requested"
  }
}

# CloudFront

run "distribution_passes_everything_and_caches_nothing" {
  command = plan
  variables { front = "cloudfront" }

  assert {
    condition     = one(aws_cloudfront_distribution.front[0].origin).domain_name == "the-balancer.us-east-1.elb.amazonaws.com" && one(one(aws_cloudfront_distribution.front[0].origin).vpc_origin_config).vpc_origin_id == "vo-tasks" && one(one(aws_cloudfront_distribution.front[0].origin).vpc_origin_config).origin_read_timeout == 60
    error_message = "origin: ${jsonencode(aws_cloudfront_distribution.front[0].origin)}"
  }
  assert {
    condition     = aws_cloudfront_distribution.front[0].default_cache_behavior[0].cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" && aws_cloudfront_distribution.front[0].default_cache_behavior[0].origin_request_policy_id == "216adef6-5c7f-47e4-b989-5492eafa07d3" && aws_cloudfront_distribution.front[0].default_cache_behavior[0].viewer_protocol_policy == "https-only" && contains(aws_cloudfront_distribution.front[0].default_cache_behavior[0].allowed_methods, "POST")
    error_message = "behavior: ${jsonencode(aws_cloudfront_distribution.front[0].default_cache_behavior)}"
  }
  assert {
    condition     = aws_cloudfront_distribution.front[0].viewer_certificate[0].cloudfront_default_certificate && length(aws_acm_certificate.front) == 0 && !aws_cloudfront_distribution.front[0].is_ipv6_enabled
    error_message = "certificate: ${jsonencode(aws_cloudfront_distribution.front[0].viewer_certificate)}"
  }
  assert {
    condition     = local.environment["MCP_ALLOWED_HOSTS"] == "d111111abcdef8.cloudfront.net" && output.distribution_id == "THE-DISTRIBUTION" && output.allowed_ranges_enforced_by == "service"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "balancer_of_cloudfront_is_internal" {
  command = plan
  variables { front = "cloudfront" }

  assert {
    condition     = aws_lb.front[0].internal && aws_lb_listener.http[0].port == 80 && aws_lb_listener.http[0].protocol == "HTTP" && length(aws_lb_listener.https) == 0
    error_message = "the load balancer is public"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.cloudfront[0].prefix_list_id == "pl-cloudfront" && aws_vpc_security_group_ingress_rule.cloudfront[0].security_group_id == "sg-front" && aws_vpc_security_group_ingress_rule.cloudfront[0].from_port == 80 && aws_vpc_security_group_ingress_rule.cloudfront[0].to_port == 80 && length(aws_vpc_security_group_ingress_rule.clients) == 0
    error_message = "rule: ${jsonencode(aws_vpc_security_group_ingress_rule.cloudfront)}"
  }
  assert {
    condition     = aws_cloudfront_vpc_origin.front[0].vpc_origin_endpoint_config[0].arn == aws_lb.front[0].arn && aws_cloudfront_vpc_origin.front[0].vpc_origin_endpoint_config[0].origin_protocol_policy == "http-only" && aws_cloudfront_vpc_origin.front[0].vpc_origin_endpoint_config[0].http_port == 80
    error_message = "origin: ${jsonencode(aws_cloudfront_vpc_origin.front)}"
  }
}

run "domain_of_cloudfront_has_tls_1_2" {
  command = plan
  variables {
    front           = "cloudfront"
    domain          = "mcp.example.com"
    route53_zone_id = "Z0123456789ABCDEFGHIJ"
    allowed_cidrs   = ["2001:db8::/32"]
  }

  assert {
    condition     = aws_cloudfront_distribution.front[0].aliases == toset(["mcp.example.com"]) && aws_cloudfront_distribution.front[0].viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" && aws_cloudfront_distribution.front[0].viewer_certificate[0].ssl_support_method == "sni-only" && !aws_cloudfront_distribution.front[0].viewer_certificate[0].cloudfront_default_certificate
    error_message = "certificate: ${jsonencode(aws_cloudfront_distribution.front[0].viewer_certificate)}"
  }
  assert {
    condition     = aws_cloudfront_distribution.front[0].is_ipv6_enabled && join(" ", keys(aws_route53_record.front)) == "A AAAA" && aws_route53_record.front["AAAA"].alias[0].zone_id == "Z2FDTNDATAQYW2"
    error_message = "records: ${jsonencode(aws_route53_record.front)}"
  }
  assert {
    condition     = output.url == "https://mcp.example.com" && local.environment["MCP_ALLOWED_HOSTS"] == "mcp.example.com"
    error_message = "url: ${output.url}"
  }
}
