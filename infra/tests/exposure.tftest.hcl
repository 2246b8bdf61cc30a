# Who reaches the service, and where it reaches.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Ephemeral resources cannot be mocked. This provider is real, but is asked nothing: the tests bring a token.
provider "aws" {
  alias                       = "ephemeral"
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  allowed_cidr    = "203.0.113.7/32"
  container_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  own_token       = true
  auth_token      = "token-token-token-token"
}

run "in_from_allowed_cidr_only" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.cidr_ipv4 == "203.0.113.7/32" && aws_vpc_security_group_ingress_rule.service.cidr_ipv6 == null
    error_message = "open to ${jsonencode(aws_vpc_security_group_ingress_rule.service)}"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.from_port == 3333 && aws_vpc_security_group_ingress_rule.service.to_port == 3333 && aws_vpc_security_group_ingress_rule.service.ip_protocol == "tcp"
    error_message = "more is open than the port"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.security_group_id == "sg-service" && aws_ecs_service.this.network_configuration[0].security_groups == toset(["sg-service"])
    error_message = "the tasks are in another security group than the rule"
  }
  assert {
    condition     = aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "no public address by default"
  }
}

run "out_over_https_only" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_egress_rule.https.from_port == 443 && aws_vpc_security_group_egress_rule.https.to_port == 443 && aws_vpc_security_group_egress_rule.https.ip_protocol == "tcp"
    error_message = "out: ${jsonencode(aws_vpc_security_group_egress_rule.https)}"
  }
}

run "a_range_of_ipv6" {
  command = plan
  variables { allowed_cidr = "2001:db8::/32" }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.cidr_ipv6 == "2001:db8::/32" && aws_vpc_security_group_ingress_rule.service.cidr_ipv4 == null
    error_message = "open to ${jsonencode(aws_vpc_security_group_ingress_rule.service)}"
  }
}

run "the_internet_is_refused" {
  command = plan
  variables { allowed_cidr = "0.0.0.0/0" }
  expect_failures = [var.allowed_cidr]
}

run "half_the_internet_is_refused" {
  command = plan
  variables { allowed_cidr = "128.0.0.0/1" }
  expect_failures = [var.allowed_cidr]
}

run "the_internet_of_ipv6_is_refused" {
  command = plan
  variables { allowed_cidr = "::/0" }
  expect_failures = [var.allowed_cidr]
}

run "the_internet_when_asked_for" {
  command = plan
  variables {
    allowed_cidr = "0.0.0.0/0"
    allow_public = true
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.cidr_ipv4 == "0.0.0.0/0"
    error_message = "open to ${jsonencode(aws_vpc_security_group_ingress_rule.service)}"
  }
  assert {
    condition     = local.container.secrets == [{ name = "MCP_AUTH_TOKEN", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/THE-TOKEN" }]
    error_message = "public without a token"
  }
}

run "the_internet_of_ipv6_when_asked_for" {
  command = plan
  variables {
    allowed_cidr = "::/0"
    allow_public = true
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.cidr_ipv6 == "::/0"
    error_message = "open to ${jsonencode(aws_vpc_security_group_ingress_rule.service)}"
  }
}

run "no_endpoint_unless_asked_for" {
  command = plan

  assert {
    condition     = length(aws_vpc_endpoint.dynamodb) == 0
    error_message = "there is an endpoint"
  }
}

run "endpoint" {
  command = plan
  variables { dynamodb_endpoint = true }

  assert {
    condition     = aws_vpc_endpoint.dynamodb[0].vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.dynamodb[0].service_name == "com.amazonaws.us-east-1.dynamodb" && aws_vpc_endpoint.dynamodb[0].route_table_ids == toset(["rtb-main"])
    error_message = "endpoint: ${jsonencode(aws_vpc_endpoint.dynamodb)}"
  }
  assert {
    condition = jsondecode(aws_vpc_endpoint.dynamodb[0].policy).Statement[0] == jsondecode(jsonencode({
      Sid       = "OurTasksToTheirTable"
      Effect    = "Allow"
      Principal = "*"
      Action    = ["dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
      Resource  = "arn:aws:dynamodb:us-east-1:123456789012:table/THE-TABLE"
      Condition = { ArnEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/TASK" } }
    }))
    error_message = "policy: ${aws_vpc_endpoint.dynamodb[0].policy}"
  }
  assert {
    condition     = length(local.endpoint_policy.Statement) == 2 && local.endpoint_policy.Statement[1].Condition == { ArnNotEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/TASK" } }
    error_message = "what is for others is for our tasks too: ${aws_vpc_endpoint.dynamodb[0].policy}"
  }
}
