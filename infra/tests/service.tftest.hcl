# Names, sizes and outputs, the container, the table, the rollout and the state.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# For runs that apply. With override_during a mocked provider returns other values in the apply than in the plan.
mock_provider "aws" {
  alias  = "applied"
  source = "./tests/mocks"
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

# Names and sizes

run "defaults_name_and_size_everything" {
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
    error_message = "region, port and container: ${output.region}, ${output.container_port}, ${output.container_name}"
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
    error_message = "desired count and launch type: ${aws_ecs_service.this.desired_count}, ${aws_ecs_service.this.launch_type}"
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
    error_message = "a name lacks the project's prefix"
  }
}

run "table_name_reaches_the_service" {
  command = plan
  variables { table_name = "notes.of-mine" }

  assert {
    condition     = output.dynamodb_table == "notes.of-mine"
    error_message = "table: ${output.dynamodb_table}"
  }
  assert {
    condition     = local.environment["MCP_STATE_TABLE"] == "notes.of-mine"
    error_message = "MCP_STATE_TABLE is ${local.environment["MCP_STATE_TABLE"]}"
  }
}

# Fargate does not serve every zone of a region.

run "all_zones_are_used_where_fargate_serves_all" {
  command = plan

  assert {
    condition     = [for filter in data.aws_subnets.default.filter : filter.name if filter.name == "availability-zone-id"] == []
    error_message = "subnets are selected by zone"
  }
}

run "zones_without_arm64_are_left_out" {
  command = plan
  variables { cpu_architecture = "ARM64" }

  assert {
    condition     = one([for filter in data.aws_subnets.default.filter : !contains(filter.values, "use1-az3") && length(filter.values) == 5 if filter.name == "availability-zone-id"])
    error_message = "a subnet in use1-az3 is used"
  }
}

run "zones_without_fargate_are_left_out" {
  command = plan
  variables { region = "us-west-1" }

  assert {
    condition     = one([for filter in data.aws_subnets.default.filter : toset(filter.values) == toset(["usw1-az1", "usw1-az3"]) if filter.name == "availability-zone-id"])
    error_message = "another subnet than those of usw1-az1 and usw1-az3 is used"
  }
}

run "missing_default_subnets_fail_the_plan" {
  command = plan
  override_data {
    target = data.aws_subnets.default
    values = { ids = [] }
  }
  expect_failures = [data.aws_subnets.default]
}

run "largest_task_is_accepted" {
  command = plan
  variables {
    fargate_cpu    = 16384
    fargate_memory = 122880
  }

  assert {
    condition     = aws_ecs_task_definition.service.cpu == "16384" && aws_ecs_task_definition.service.memory == "122880"
    error_message = "size: ${aws_ecs_task_definition.service.cpu}, ${aws_ecs_task_definition.service.memory}"
  }
}

# Container

run "environment_follows_the_variables" {
  command = plan
  variables {
    region         = "eu-central-1"
    container_port = 8080
    settings       = { max_concurrency = "8", log_format = "human" }
  }

  assert {
    condition = { for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable.name => variable.value } == {
      AWS_REGION          = "eu-central-1"
      MCP_HOST            = "0.0.0.0"
      MCP_LOG_FORMAT      = "human"
      MCP_MAX_CONCURRENCY = "8"
      MCP_MAX_CONNECTIONS = "4096"
      MCP_PORT            = "8080"
      MCP_RATE_LIMIT      = "100/s,burst=500"
      MCP_REVISION        = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
      MCP_SESSION_TTL     = "2592000"
      MCP_STATE_BACKEND   = "dynamodb"
      MCP_STATE_TABLE     = "mcp_state"
    }
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].portMappings == [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }] && aws_vpc_security_group_ingress_rule.service.from_port == 8080 && output.container_port == 8080
    error_message = "container, security group and output disagree on the port"
  }
}

run "rate_limit_is_a_setting" {
  command = plan
  variables { settings = { rate_limit = "30/min,burst=5" } }

  assert {
    condition     = local.environment["MCP_RATE_LIMIT"] == "30/min,burst=5"
    error_message = "MCP_RATE_LIMIT is ${local.environment["MCP_RATE_LIMIT"]}"
  }
}

run "connections_follow_the_memory" {
  command = plan
  variables {
    fargate_cpu    = 1024
    fargate_memory = 4096
  }

  assert {
    condition     = local.environment["MCP_MAX_CONNECTIONS"] == "32768"
    error_message = "MCP_MAX_CONNECTIONS is ${local.environment["MCP_MAX_CONNECTIONS"]}"
  }
}

run "connections_stay_below_the_file_descriptors" {
  command = plan
  variables {
    fargate_cpu    = 4096
    fargate_memory = 16384
  }

  assert {
    condition     = local.environment["MCP_MAX_CONNECTIONS"] == "65000"
    error_message = "MCP_MAX_CONNECTIONS is ${local.environment["MCP_MAX_CONNECTIONS"]}"
  }
}

run "health_stop_and_log_are_set" {
  command = plan

  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].healthCheck.command == ["CMD", "/mcp-stateful", "healthcheck"]
    error_message = "wrong health check"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 30
    error_message = "wrong stop timeout"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].logConfiguration.options["awslogs-group"] == "/ecs/mcp-stateful" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].logConfiguration.options["awslogs-stream-prefix"] == "ecs"
    error_message = "wrong log configuration"
  }
}

run "architecture_defaults_to_x86_64" {
  command = plan

  assert {
    condition     = aws_ecs_task_definition.service.runtime_platform[0].cpu_architecture == "X86_64" && aws_ecs_task_definition.service.runtime_platform[0].operating_system_family == "LINUX"
    error_message = "platform: ${jsonencode(aws_ecs_task_definition.service.runtime_platform)}"
  }
}

run "architecture_follows_the_variable" {
  command = plan
  variables { cpu_architecture = "ARM64" }

  assert {
    condition     = aws_ecs_task_definition.service.runtime_platform[0].cpu_architecture == "ARM64"
    error_message = "platform: ${jsonencode(aws_ecs_task_definition.service.runtime_platform)}"
  }
}

# Table

run "table_is_encrypted_and_restorable" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.state.hash_key == "pk" && aws_dynamodb_table.state.range_key == "sk" && aws_dynamodb_table.state.billing_mode == "PAY_PER_REQUEST"
    error_message = "wrong keys or billing"
  }
  assert {
    condition     = alltrue([for ttl in aws_dynamodb_table.state.ttl : ttl.enabled && ttl.attribute_name == "expiresAt"]) && length(aws_dynamodb_table.state.ttl) == 1
    error_message = "wrong TTL"
  }
  assert {
    condition     = aws_dynamodb_table.state.point_in_time_recovery[0].enabled && !aws_dynamodb_table.state.deletion_protection_enabled
    error_message = "wrong recovery or deletion protection"
  }
}

run "table_protection_follows_the_variables" {
  command = plan
  variables {
    deletion_protection    = true
    point_in_time_recovery = false
  }

  assert {
    condition     = aws_dynamodb_table.state.deletion_protection_enabled && !aws_dynamodb_table.state.point_in_time_recovery[0].enabled
    error_message = "wrong deletion protection or recovery"
  }
}

# Rollout

run "failed_rollout_returns_to_the_old_version" {
  command = plan

  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "the circuit breaker does not roll back"
  }
  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_maximum_percent == 200
    error_message = "the old task stops before the new one is healthy"
  }
  assert {
    condition     = !aws_ecs_service.this.wait_for_steady_state && aws_ecs_service.this.propagate_tags == "TASK_DEFINITION"
    error_message = "the apply waits, or tasks stay untagged"
  }
}

run "desired_count_zero_stops_the_service" {
  command = plan
  variables { desired_count = 0 }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0
    error_message = "desired: ${aws_ecs_service.this.desired_count}"
  }
}

# Applied runs: the token in the state, and a rollout from one revision to the next

run "state_lacks_the_token" {
  providers = {
    aws           = aws.applied
    aws.ephemeral = aws.ephemeral
  }

  assert {
    condition     = aws_ssm_parameter.token[0].type == "SecureString" && aws_ssm_parameter.token[0].value_wo_version == 1
    error_message = "the parameter is not written as a secret"
  }
  assert {
    # The write-only argument, and every other attribute that could contain the value.
    condition     = aws_ssm_parameter.token[0].value_wo == null && !strcontains(nonsensitive(jsonencode(aws_ssm_parameter.token[0])), "token-token-token-token")
    error_message = "the state contains the token"
  }
}

run "first_revision_runs_the_image" {
  providers = {
    aws           = aws.applied
    aws.ephemeral = aws.ephemeral
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].image == var.container_image
    error_message = "image: ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = aws_ecs_service.this.task_definition == output.task_definition_arn
    error_message = "the service runs another revision: ${aws_ecs_service.this.task_definition}"
  }
  assert {
    condition     = aws_ecs_task_definition.service.skip_destroy
    error_message = "the previous revision would be deregistered"
  }
}

run "another_digest_is_another_revision" {
  providers = {
    aws           = aws.applied
    aws.ephemeral = aws.ephemeral
  }

  variables {
    container_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb@sha256:2222222222222222222222222222222222222222222222222222222222222222"
    revision        = "0a1b2c3-dirty"
  }

  assert {
    # The mocked provider updates in place. The real one registers a new revision for each change of the containers.
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].image == var.container_image
    error_message = "the change is ignored: ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = aws_ecs_service.this.task_definition == output.task_definition_arn
    error_message = "the service runs another revision: ${aws_ecs_service.this.task_definition}"
  }
  assert {
    condition     = output.image_digest == "sha256:2222222222222222222222222222222222222222222222222222222222222222" && local.environment["MCP_REVISION"] == output.image_digest
    error_message = "the service would report ${local.environment["MCP_REVISION"]}"
  }
  assert {
    condition     = aws_ecs_task_definition.service.tags["Revision"] == "0a1b2c3-dirty"
    error_message = "revision: ${jsonencode(aws_ecs_task_definition.service.tags)}"
  }
}
