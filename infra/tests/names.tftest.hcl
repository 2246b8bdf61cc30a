# Names, sizes and outputs: the defaults, and how they follow the project.

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

run "defaults" {
  command = plan

  assert {
    condition     = output.cluster_name == "mcp-stateful-cluster"
    error_message = "cluster: ${output.cluster_name}"
  }
  assert {
    condition     = output.service_name == "mcp-stateful-svc"
    error_message = "service: ${output.service_name}"
  }
  assert {
    condition     = output.task_definition_family == "mcp-stateful-task"
    error_message = "task definition: ${output.task_definition_family}"
  }
  assert {
    condition     = aws_security_group.service.name == "mcp-stateful-sg"
    error_message = "security group: ${aws_security_group.service.name}"
  }
  assert {
    condition     = aws_iam_role.exec.name == "mcp-stateful-exec-role" && aws_iam_role.task.name == "mcp-stateful-task-role"
    error_message = "roles: ${aws_iam_role.exec.name}, ${aws_iam_role.task.name}"
  }
  assert {
    condition     = output.log_group == "/ecs/mcp-stateful" && aws_cloudwatch_log_group.service.retention_in_days == 14
    error_message = "log: ${output.log_group}, ${aws_cloudwatch_log_group.service.retention_in_days} days"
  }
  assert {
    condition     = output.dynamodb_table == "mcp_state"
    error_message = "table: ${output.dynamodb_table}"
  }
  assert {
    condition     = output.token_parameter == "/mcp-stateful/auth-token"
    error_message = "token: ${output.token_parameter}"
  }
  assert {
    condition     = output.region == "us-east-1" && output.container_port == 3333 && output.container_name == "mcp-stateful"
    error_message = "region, port or container: ${output.region}, ${output.container_port}, ${output.container_name}"
  }
  assert {
    condition     = output.security_group_id == "sg-service" && toset(output.subnets) == toset(["subnet-a", "subnet-b"])
    error_message = "network: ${output.security_group_id}, ${join(" ", output.subnets)}"
  }
  assert {
    condition     = aws_ecs_task_definition.service.cpu == "256" && aws_ecs_task_definition.service.memory == "512"
    error_message = "size: ${aws_ecs_task_definition.service.cpu}, ${aws_ecs_task_definition.service.memory}"
  }
  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && aws_ecs_service.this.launch_type == "FARGATE"
    error_message = "one task on Fargate: ${aws_ecs_service.this.desired_count}, ${aws_ecs_service.this.launch_type}"
  }
}

run "another_project_shares_no_name" {
  command = plan
  variables { project_name = "other" }

  assert {
    condition     = output.dynamodb_table == "other-state"
    error_message = "table: ${output.dynamodb_table}"
  }
  assert {
    condition = alltrue([for name in [
      output.cluster_name, output.service_name, output.task_definition_family, output.dynamodb_table,
      aws_security_group.service.name, aws_iam_role.exec.name, aws_iam_role.task.name,
      trimprefix(output.log_group, "/ecs/"), trimprefix(output.token_parameter, "/"),
    ] : startswith(name, "other")])
    error_message = "a name does not begin with the project's"
  }
}

run "a_named_table" {
  command = plan
  variables { table_name = "notes.of-mine" }

  assert {
    condition     = output.dynamodb_table == "notes.of-mine"
    error_message = "table: ${output.dynamodb_table}"
  }
  assert {
    condition     = local.environment["MCP_STATE_TABLE"] == "notes.of-mine"
    error_message = "the service is told ${local.environment["MCP_STATE_TABLE"]}"
  }
}

run "no_default_subnets" {
  command = plan
  override_data {
    target = data.aws_subnets.default
    values = { ids = [] }
  }
  expect_failures = [data.aws_subnets.default]
}
