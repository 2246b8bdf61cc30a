# front = "http-api": an API Gateway HTTP API, which reaches the tasks through a VPC link and finds them in Cloud Map.
#
# It costs almost nothing while idle. It neither streams nor waits longer than 30 seconds, and has no list of allowed
# addresses of its own.

# API Gateway asks Cloud Map for the tasks and resolves no name. A namespace without DNS has no SRV records, which ECS
# needs to register the port.
resource "aws_service_discovery_private_dns_namespace" "front" {
  count = local.has_http_api ? 1 : 0

  name        = "${var.project_name}.internal"
  description = "Tasks of ${var.project_name}"
  vpc         = data.aws_vpc.default.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_service_discovery_service" "front" {
  count = local.has_http_api ? 1 : 0

  name         = "mcp"
  description  = "Tasks of ${var.project_name}"
  namespace_id = aws_service_discovery_private_dns_namespace.front[0].id

  # Tasks that ECS has not deregistered yet would keep a destroy from ending.
  force_destroy = true

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.front[0].id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "SRV"
      ttl  = 10
    }
  }

  # ECS reports the health of a task's container. Without this, unhealthy tasks get requests.
  health_check_custom_config {
    failure_threshold = 1
  }

  lifecycle {
    create_before_destroy = true
  }
}

# A link cannot be changed. One with other subnets or groups replaces it.
resource "aws_apigatewayv2_vpc_link" "front" {
  count = local.has_http_api ? 1 : 0

  name               = var.project_name
  subnet_ids         = local.front_subnets
  security_group_ids = [aws_security_group.front[0].id]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_api" "front" {
  count = local.has_http_api ? 1 : 0

  name          = var.project_name
  description   = "Front of ${var.project_name}"
  protocol_type = "HTTP"

  # A client that prefers IPv6 would be rejected while only IPv4 ranges are allowed.
  ip_address_type = local.client_ipv6 ? "dualstack" : "ipv4"

  # A single name, which is the one that OAuth's metadata has.
  disable_execute_api_endpoint = var.domain != null

  # No cors_configuration: the service answers CORS itself.
}

resource "aws_apigatewayv2_integration" "front" {
  count = local.has_http_api ? 1 : 0

  api_id                 = aws_apigatewayv2_api.front[0].id
  integration_type       = "HTTP_PROXY"
  integration_method     = "ANY"
  integration_uri        = aws_service_discovery_service.front[0].arn
  connection_type        = "VPC_LINK"
  connection_id          = aws_apigatewayv2_vpc_link.front[0].id
  payload_format_version = "1.0"

  # The longest that HTTP APIs permit. The service answers within 20 seconds.
  timeout_milliseconds = 30000

  # The client's address, from which the service decides. Overwriting leaves nothing of what a client sends in the
  # header.
  request_parameters = {
    "overwrite:header.x-mcp-client-ip" = "$context.identity.sourceIp"
  }
}

resource "aws_apigatewayv2_route" "front" {
  #checkov:skip=CKV_AWS_309:The service authorizes each request. An authorizer would replace its 401, from which OAuth clients start.
  count = local.has_http_api ? 1 : 0

  api_id    = aws_apigatewayv2_api.front[0].id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.front[0].id}"
}

resource "aws_apigatewayv2_stage" "front" {
  #checkov:skip=CKV_AWS_76:The service logs each request. The permission to deliver access logs reaches every log group of the account.
  count = local.has_http_api ? 1 : 0

  api_id = aws_apigatewayv2_api.front[0].id

  # Any other stage becomes a part of the path that a private integration receives.
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit  = var.front_rate_limit
    throttling_burst_limit = 2 * var.front_rate_limit
  }
}
