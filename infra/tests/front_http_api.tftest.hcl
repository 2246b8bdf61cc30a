# front = "http-api": the API, its link into the VPC, and the registration of tasks in Cloud Map.

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

run "api_forwards_everything_to_registered_tasks" {
  command = plan
  variables { front = "http-api" }

  assert {
    condition     = aws_apigatewayv2_api.front[0].protocol_type == "HTTP" && aws_apigatewayv2_route.front[0].route_key == "$default" && aws_apigatewayv2_stage.front[0].name == "$default" && aws_apigatewayv2_stage.front[0].auto_deploy
    error_message = "a path or a stage is not forwarded as it is"
  }
  assert {
    condition     = aws_apigatewayv2_integration.front[0].integration_type == "HTTP_PROXY" && aws_apigatewayv2_integration.front[0].integration_method == "ANY" && aws_apigatewayv2_integration.front[0].integration_uri == "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-tasks"
    error_message = "integration: ${jsonencode(aws_apigatewayv2_integration.front[0])}"
  }
  assert {
    condition     = aws_apigatewayv2_integration.front[0].connection_type == "VPC_LINK" && aws_apigatewayv2_integration.front[0].connection_id == "the-link" && aws_apigatewayv2_integration.front[0].payload_format_version == "1.0" && aws_apigatewayv2_integration.front[0].timeout_milliseconds == 30000
    error_message = "integration: ${jsonencode(aws_apigatewayv2_integration.front[0])}"
  }
  assert {
    condition     = aws_apigatewayv2_route.front[0].target == "integrations/the-integration"
    error_message = "route: ${aws_apigatewayv2_route.front[0].target}"
  }
  assert {
    condition     = aws_apigatewayv2_stage.front[0].default_route_settings[0].throttling_rate_limit == 500 && aws_apigatewayv2_stage.front[0].default_route_settings[0].throttling_burst_limit == 1000
    error_message = "the bill has no bound"
  }
}

run "client_address_overwrites_what_a_client_sends" {
  command = plan
  variables { front = "http-api" }

  assert {
    condition     = aws_apigatewayv2_integration.front[0].request_parameters == tomap({ "overwrite:header.x-mcp-client-ip" = "$context.identity.sourceIp" })
    error_message = "mapping: ${jsonencode(aws_apigatewayv2_integration.front[0].request_parameters)}"
  }
}

run "service_rejects_other_clients_behind_the_api" {
  command = plan
  variables {
    front         = "http-api"
    allowed_cidrs = ["anthropic"]
  }

  assert {
    condition     = local.environment["MCP_ALLOWED_CLIENTS"] == join(",", concat(["203.0.113.7/32"], local.client_lists.anthropic)) && output.allowed_ranges_enforced_by == "service"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
  assert {
    condition     = !contains(keys(local.environment), "MCP_ALLOWED_HOSTS") && local.environment["MCP_LAME_DUCK"] == "45"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "ecs_registers_address_and_port" {
  command = plan
  variables { front = "http-api" }

  assert {
    condition     = jsonencode([aws_ecs_service.this.service_registries[0].registry_arn, aws_ecs_service.this.service_registries[0].container_name, aws_ecs_service.this.service_registries[0].container_port]) == jsonencode(["arn:aws:servicediscovery:us-east-1:123456789012:service/srv-tasks", "mcp-stateful", 3333])
    error_message = "registries: ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = aws_service_discovery_service.front[0].dns_config[0].dns_records[0].type == "SRV" && aws_service_discovery_service.front[0].dns_config[0].dns_records[0].ttl == 10 && aws_service_discovery_service.front[0].dns_config[0].routing_policy == "MULTIVALUE" && aws_service_discovery_service.front[0].health_check_custom_config[0].failure_threshold == 1
    error_message = "an HTTP API needs an SRV record, and unhealthy tasks must get no requests"
  }
  assert {
    condition     = aws_service_discovery_service.front[0].force_destroy && aws_service_discovery_private_dns_namespace.front[0].name == "mcp-stateful.internal" && aws_service_discovery_private_dns_namespace.front[0].vpc == "vpc-default"
    error_message = "the registry cannot be destroyed, or has another name"
  }
  assert {
    condition     = aws_ecs_service.this.health_check_grace_period_seconds == null
    error_message = "ECS rejects a grace period without a load balancer"
  }
}

run "tasks_accept_the_link_alone" {
  command = plan
  variables { front = "http-api" }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.referenced_security_group_id == "sg-front" && aws_vpc_security_group_ingress_rule.service.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.service.cidr_ipv6 == null && length(aws_vpc_security_group_ingress_rule.clients) == 0
    error_message = "rule: ${jsonencode(aws_vpc_security_group_ingress_rule.service)}"
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.front[0].security_group_id == "sg-front" && aws_vpc_security_group_egress_rule.front[0].referenced_security_group_id == "sg-service" && aws_vpc_security_group_egress_rule.front[0].from_port == 3333 && aws_vpc_security_group_egress_rule.front[0].to_port == 3333
    error_message = "rule: ${jsonencode(aws_vpc_security_group_egress_rule.front[0])}"
  }
  assert {
    condition     = aws_apigatewayv2_vpc_link.front[0].security_group_ids == toset(["sg-front"]) && aws_apigatewayv2_vpc_link.front[0].subnet_ids == toset(["subnet-a", "subnet-b"])
    error_message = "link: ${jsonencode(aws_apigatewayv2_vpc_link.front[0])}"
  }
}

run "link_avoids_zones_without_links" {
  command = plan
  variables { front = "http-api" }

  assert {
    condition     = one([for filter in data.aws_subnets.front[0].filter : filter.values if filter.name == "availability-zone-id"]) == toset(["use1-az1", "use1-az2", "use1-az4", "use1-az5", "use1-az6"])
    error_message = "filters: ${jsonencode(data.aws_subnets.front[0].filter)}"
  }
}

run "ipv6_is_off_while_only_ipv4_is_allowed" {
  command = plan
  variables { front = "http-api" }

  assert {
    condition     = aws_apigatewayv2_api.front[0].ip_address_type == "ipv4" && !aws_apigatewayv2_api.front[0].disable_execute_api_endpoint
    error_message = "api: ${jsonencode(aws_apigatewayv2_api.front[0])}"
  }
}

run "ipv6_range_turns_ipv6_on" {
  command = plan
  variables {
    front         = "http-api"
    allowed_cidrs = ["2001:db8::/32"]
  }

  assert {
    condition     = aws_apigatewayv2_api.front[0].ip_address_type == "dualstack"
    error_message = "an allowed IPv6 client cannot connect"
  }
}

run "private_tasks_need_no_public_subnets" {
  command = plan
  variables {
    front            = "http-api"
    vpc_id           = "vpc-0123"
    task_subnet_ids  = ["subnet-a", "subnet-b"]
    assign_public_ip = false
  }

  assert {
    condition     = aws_apigatewayv2_vpc_link.front[0].subnet_ids == toset(["subnet-a", "subnet-b"]) && one([for filter in data.aws_subnets.front[0].filter : filter.values if filter.name == "subnet-id"]) == toset(["subnet-a", "subnet-b"])
    error_message = "link: ${jsonencode(aws_apigatewayv2_vpc_link.front[0])}"
  }
}

run "link_in_one_subnet_is_rejected" {
  command = plan
  variables { front = "http-api" }
  override_data {
    target = data.aws_subnets.front
    values = { ids = ["subnet-a"] }
  }
  expect_failures = [data.aws_subnets.front]
}

run "domain_has_a_regional_certificate_and_tls_1_2" {
  command = plan
  variables {
    front           = "http-api"
    domain          = "mcp.example.com"
    route53_zone_id = "Z0123456789ABCDEFGHIJ"
  }

  assert {
    condition     = aws_apigatewayv2_domain_name.front[0].domain_name == "mcp.example.com" && aws_apigatewayv2_domain_name.front[0].domain_name_configuration[0].security_policy == "TLS_1_2" && aws_apigatewayv2_domain_name.front[0].domain_name_configuration[0].endpoint_type == "REGIONAL" && aws_apigatewayv2_domain_name.front[0].domain_name_configuration[0].ip_address_type == "ipv4"
    error_message = "domain: ${jsonencode(aws_apigatewayv2_domain_name.front[0])}"
  }
  assert {
    condition     = aws_apigatewayv2_api.front[0].disable_execute_api_endpoint && output.url == "https://mcp.example.com" && join(" ", keys(aws_route53_record.front)) == "A"
    error_message = "the API answers under a second name, or the url is ${output.url}"
  }
  assert {
    condition     = aws_apigatewayv2_api_mapping.front[0].stage == "$default" && aws_apigatewayv2_api_mapping.front[0].api_id == "the-api"
    error_message = "mapping: ${jsonencode(aws_apigatewayv2_api_mapping.front[0])}"
  }
}
