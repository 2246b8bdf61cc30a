# The container: what it is told, and what is taken from it.

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

run "hardening" {
  command = plan

  assert {
    condition     = length(jsondecode(aws_ecs_task_definition.service.container_definitions)) == 1
    error_message = "one container"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].user == "65532:65532"
    error_message = "not the image's user"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].readonlyRootFilesystem == true
    error_message = "the root file system can be written"
  }
  assert {
    condition     = !contains(keys(jsondecode(aws_ecs_task_definition.service.container_definitions)[0]), "privileged")
    error_message = "privileged"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].linuxParameters == { capabilities = { drop = ["ALL"] }, initProcessEnabled = false }
    error_message = "capabilities or init"
  }
  assert {
    condition     = !aws_ecs_service.this.enable_execute_command
    error_message = "somebody may run commands in the task"
  }
}

run "environment" {
  command = plan
  variables {
    region         = "eu-central-1"
    container_port = 8080
  }

  assert {
    condition = { for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable.name => variable.value } == {
      AWS_REGION        = "eu-central-1"
      MCP_HOST          = "0.0.0.0"
      MCP_LOG_FORMAT    = "json"
      MCP_PORT          = "8080"
      MCP_REVISION      = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
      MCP_SESSION_TTL   = "2592000"
      MCP_STATE_BACKEND = "dynamodb"
      MCP_STATE_TABLE   = "mcp_state"
    }
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].portMappings == [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }] && aws_vpc_security_group_ingress_rule.service.from_port == 8080 && output.container_port == 8080
    error_message = "the port is not the same everywhere"
  }
}

run "health_stop_and_log" {
  command = plan

  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].healthCheck.command == ["CMD", "/mcp-stateful", "healthcheck"]
    error_message = "health check"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 30
    error_message = "time to stop"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].logConfiguration.options["awslogs-group"] == "/ecs/mcp-stateful" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].logConfiguration.options["awslogs-stream-prefix"] == "ecs"
    error_message = "log"
  }
}

run "architecture" {
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

run "table" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.state.hash_key == "pk" && aws_dynamodb_table.state.range_key == "sk" && aws_dynamodb_table.state.billing_mode == "PAY_PER_REQUEST"
    error_message = "keys or billing"
  }
  assert {
    condition     = alltrue([for ttl in aws_dynamodb_table.state.ttl : ttl.enabled && ttl.attribute_name == "expiresAt"]) && length(aws_dynamodb_table.state.ttl) == 1
    error_message = "TTL"
  }
  assert {
    condition     = aws_dynamodb_table.state.point_in_time_recovery[0].enabled && aws_dynamodb_table.state.server_side_encryption[0].enabled && !aws_dynamodb_table.state.deletion_protection_enabled
    error_message = "recovery, encryption or protection"
  }
}

run "table_kept" {
  command = plan
  variables {
    deletion_protection    = true
    point_in_time_recovery = false
  }

  assert {
    condition     = aws_dynamodb_table.state.deletion_protection_enabled && !aws_dynamodb_table.state.point_in_time_recovery[0].enabled
    error_message = "protection or recovery"
  }
}
