# Network exposure, the roles' permissions, callers, and the places that must not contain the token.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Terraform 1.11 cannot mock ephemeral resources, so this provider is real. It makes no request: the tests bring a token.
provider "aws" {
  alias                       = "ephemeral"
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

# Network

run "inbound_is_allowed_cidr_only" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.cidr_ipv4 == "203.0.113.7/32" && aws_vpc_security_group_ingress_rule.service.cidr_ipv6 == null
    error_message = "open to ${jsonencode(aws_vpc_security_group_ingress_rule.service)}"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.from_port == 3333 && aws_vpc_security_group_ingress_rule.service.to_port == 3333 && aws_vpc_security_group_ingress_rule.service.ip_protocol == "tcp"
    error_message = "the rule opens more than the port"
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

run "outbound_is_https_only" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_egress_rule.https.from_port == 443 && aws_vpc_security_group_egress_rule.https.to_port == 443 && aws_vpc_security_group_egress_rule.https.ip_protocol == "tcp"
    error_message = "out: ${jsonencode(aws_vpc_security_group_egress_rule.https)}"
  }
}

run "ipv6_range_opens_ipv6_only" {
  command = plan
  variables { allowed_cidr = "2001:db8::/32" }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.service.cidr_ipv6 == "2001:db8::/32" && aws_vpc_security_group_ingress_rule.service.cidr_ipv4 == null
    error_message = "open to ${jsonencode(aws_vpc_security_group_ingress_rule.service)}"
  }
}

run "allow_public_opens_ipv4_with_a_token" {
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
    error_message = "the service is public without a token"
  }
}

run "allow_public_opens_ipv6" {
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

run "endpoint_is_off_by_default" {
  command = plan

  assert {
    condition     = length(aws_vpc_endpoint.dynamodb) == 0
    error_message = "an endpoint exists"
  }
}

run "endpoint_limits_the_tasks_to_their_table" {
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
    error_message = "the statement for other principals covers the tasks: ${aws_vpc_endpoint.dynamodb[0].policy}"
  }
}

# Roles

run "task_role_uses_the_table_only" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.task.policy) == jsondecode(jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid    = "UseTheTable"
        Effect = "Allow"
        Action = [
          "dynamodb:BatchWriteItem",
          "dynamodb:GetItem",
          "dynamodb:PutItem",
          "dynamodb:Query",
          "dynamodb:UpdateItem",
        ]
        Resource = "arn:aws:dynamodb:us-east-1:123456789012:table/THE-TABLE"
      }]
    }))
    error_message = "the task's policy: ${aws_iam_role_policy.task.policy}"
  }
  assert {
    condition     = aws_iam_role_policy.task.role == "mcp-stateful-task-role" && aws_iam_role_policy.exec.role == "mcp-stateful-exec-role"
    error_message = "a policy is attached to the wrong role"
  }
  assert {
    condition     = aws_ecs_task_definition.service.task_role_arn == "arn:aws:iam::123456789012:role/TASK" && aws_ecs_task_definition.service.execution_role_arn == "arn:aws:iam::123456789012:role/EXEC"
    error_message = "the task definition has its roles swapped"
  }
}

run "execution_role_starts_tasks_only" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.exec.policy) == jsondecode(jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "LogInToEcr"
          Effect   = "Allow"
          Action   = ["ecr:GetAuthorizationToken"]
          Resource = "*"
        },
        {
          Sid      = "PullTheImage"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = "arn:aws:ecr:us-east-1:123456789012:repository/mcp-dynamodb"
        },
        {
          Sid      = "WriteTheLog"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "arn:aws:logs:us-east-1:123456789012:log-group:THE-LOG:*"
        },
        {
          Sid      = "ReadTheToken"
          Effect   = "Allow"
          Action   = ["ssm:GetParameters"]
          Resource = ["arn:aws:ssm:us-east-1:123456789012:parameter/THE-TOKEN"]
        },
      ]
    }))
    error_message = "the execution role's policy: ${aws_iam_role_policy.exec.policy}"
  }
}

run "image_of_another_account_is_pulled_from_there" {
  command = plan
  variables {
    container_image = "999999999999.dkr.ecr.eu-west-1.amazonaws.com/team/mcp@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  }

  assert {
    condition     = one([for statement in local.exec_statements : statement.Resource if statement.Sid == "PullTheImage"]) == "arn:aws:ecr:eu-west-1:999999999999:repository/team/mcp"
    error_message = "statements: ${jsonencode(local.exec_statements)}"
  }
}

run "image_outside_ecr_needs_no_ecr_permission" {
  command = plan
  variables {
    container_image = "registry.example.com:5000/mcp@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  }

  assert {
    condition     = [for statement in local.exec_statements : statement.Sid] == ["WriteTheLog", "ReadTheToken"]
    error_message = "statements: ${jsonencode(local.exec_statements)}"
  }
}

run "roles_trust_ecs_of_this_account_only" {
  command = plan

  assert {
    condition = alltrue([for role in [aws_iam_role.exec, aws_iam_role.task] : jsondecode(role.assume_role_policy) == jsondecode(jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
      }]
    }))])
    error_message = "trust: ${aws_iam_role.exec.assume_role_policy} ${aws_iam_role.task.assume_role_policy}"
  }
}

# Container

run "container_is_hardened" {
  command = plan

  assert {
    condition     = length(jsondecode(aws_ecs_task_definition.service.container_definitions)) == 1
    error_message = "expected one container"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].user == "65532:65532"
    error_message = "expected the image's user"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].readonlyRootFilesystem == true
    error_message = "the root file system is writable"
  }
  assert {
    condition     = !contains(keys(jsondecode(aws_ecs_task_definition.service.container_definitions)[0]), "privileged")
    error_message = "the container is privileged"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].linuxParameters == { capabilities = { add = [], drop = ["ALL"] }, initProcessEnabled = false }
    error_message = "capabilities are kept, init is enabled, or `add` is missing, without which every plan replaces the task definition"
  }
  assert {
    condition     = !aws_ecs_service.this.enable_execute_command
    error_message = "ECS Exec is enabled"
  }
}

# Callers

run "only_the_token_is_configured_by_default" {
  command = plan

  assert {
    condition     = length([for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable if startswith(variable.name, "MCP_AUTH") || startswith(variable.name, "MCP_OAUTH")]) == 0
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

run "named_tokens_and_oauth_reach_the_task" {
  command = plan
  variables {
    auth_tokens = {
      alice             = "1111111111111111111111111111111111111111111111111111111111111111"
      "bob@example.org" = "2222222222222222222222222222222222222222222222222222222222222222"
    }
    oauth = {
      issuer   = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
      resource = "https://mcp.example.com/mcp"
    }
  }

  assert {
    condition = { for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable.name => variable.value if startswith(variable.name, "MCP_AUTH") || startswith(variable.name, "MCP_OAUTH") } == {
      MCP_AUTH_TOKENS       = "alice=1111111111111111111111111111111111111111111111111111111111111111,bob@example.org=2222222222222222222222222222222222222222222222222222222222222222"
      MCP_OAUTH_ISSUER      = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
      MCP_OAUTH_RESOURCE    = "https://mcp.example.com/mcp"
      MCP_OAUTH_ALGORITHMS  = "RS256,ES256"
      MCP_OAUTH_READ_SCOPE  = "notes:read"
      MCP_OAUTH_WRITE_SCOPE = "notes:write"
    }
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

run "every_oauth_setting_reaches_the_task" {
  command = plan
  variables {
    oauth = {
      issuer      = "https://id.example.com/"
      resource    = "https://mcp.example.com/mcp"
      audience    = ["one", "two"]
      client_ids  = ["the-app"]
      jwks_url    = "https://id.example.com/keys"
      algorithms  = ["EdDSA"]
      read_scope  = "https://mcp.example.com/read"
      write_scope = "write"
    }
  }

  assert {
    condition = { for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable.name => variable.value if startswith(variable.name, "MCP_OAUTH") } == {
      MCP_OAUTH_ISSUER      = "https://id.example.com/"
      MCP_OAUTH_RESOURCE    = "https://mcp.example.com/mcp"
      MCP_OAUTH_AUDIENCE    = "one,two"
      MCP_OAUTH_CLIENT_IDS  = "the-app"
      MCP_OAUTH_JWKS_URL    = "https://id.example.com/keys"
      MCP_OAUTH_ALGORITHMS  = "EdDSA"
      MCP_OAUTH_READ_SCOPE  = "https://mcp.example.com/read"
      MCP_OAUTH_WRITE_SCOPE = "write"
    }
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

# Token. service.tftest.hcl looks for it in the state.

run "task_definition_lacks_the_token" {
  command = plan

  assert {
    condition     = !strcontains(aws_ecs_task_definition.service.container_definitions, "token-token-token-token")
    error_message = "the task definition contains the token"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].secrets == [{ name = "MCP_AUTH_TOKEN", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/THE-TOKEN" }]
    error_message = "secrets: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

run "outputs_lack_the_token" {
  command = plan

  assert {
    condition = !strcontains(jsonencode([
      output.region, output.cluster_name, output.service_name, output.task_definition_arn, output.task_definition_family,
      output.container_name, output.container_port, output.image_digest, output.log_group, output.dynamodb_table,
      output.token_parameter, output.security_group_id, output.subnets,
    ]), "token-token-token-token")
    error_message = "an output contains the token"
  }
}

run "new_token_version_replaces_the_tasks" {
  command = plan
  variables { token_version = 2 }

  assert {
    condition     = aws_ssm_parameter.token[0].value_wo_version == 2 && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].dockerLabels == { "token-version" = "2" }
    error_message = "the tasks keep the old token"
  }
}

run "existing_token_parameter_is_used" {
  command = plan

  variables {
    token_parameter_arn = "arn:aws:ssm:us-east-1:123456789012:parameter/team/token" # checkov:skip=CKV_SECRET_6:The ARN of a parameter, not a secret.
  }

  assert {
    condition     = output.token_parameter == var.token_parameter_arn
    error_message = "token: ${output.token_parameter}"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].secrets == [{ name = "MCP_AUTH_TOKEN", valueFrom = var.token_parameter_arn }]
    error_message = "secrets: ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    # The generated parameter stays readable for a rollback.
    condition     = [for statement in jsondecode(aws_iam_role_policy.exec.policy).Statement : statement.Resource if statement.Sid == "ReadTheToken"] == [[aws_ssm_parameter.token[0].arn, var.token_parameter_arn]]
    error_message = "exec role: ${aws_iam_role_policy.exec.policy}"
  }
}

run "adopted_token_is_neither_created_nor_read" {
  command = plan
  variables { token_adopted = true }

  assert {
    condition     = length(aws_ssm_parameter.token) == 0
    error_message = "Terraform manages the parameter that it was to leave alone"
  }
  assert {
    condition     = output.token_parameter == "/mcp-stateful/auth-token"
    error_message = "token: ${output.token_parameter}"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].secrets == [{ name = "MCP_AUTH_TOKEN", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/mcp-stateful/auth-token" }]
    error_message = "the tasks read another token"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.exec.policy).Statement : statement.Resource if statement.Sid == "ReadTheToken"] == [["arn:aws:ssm:us-east-1:123456789012:parameter/mcp-stateful/auth-token"]]
    error_message = "the execution role may read another parameter, or not this one"
  }
}
