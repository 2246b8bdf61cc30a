# Every combination of front, number of tasks and authorization: each plan succeeds, registers the tasks with its front
# alone, and passes a consistent environment to them.

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

# none

run "none_stopped_with_token" {
  command = plan
  variables {
    front         = "none"
    desired_count = 0
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "none" && output.url == null && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 30
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == null && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "none_stopped_with_oauth" {
  command = plan
  variables {
    front         = "none"
    desired_count = 0
    oauth         = { issuer = "https://id.example.com", resource = "https://mcp.example.com/mcp" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "none" && output.url == null && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 30
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == null && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://mcp.example.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "none_single_with_token" {
  command = plan
  variables {
    front = "none"
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "none" && output.url == null && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 30
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == null && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "none_single_with_oauth" {
  command = plan
  variables {
    front = "none"
    oauth = { issuer = "https://id.example.com", resource = "https://mcp.example.com/mcp" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "none" && output.url == null && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 30
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == null && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://mcp.example.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "none_scaled_with_token" {
  command = plan
  variables {
    front         = "none"
    tasks_min     = 2
    tasks_max     = 4
    running_tasks = 3
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 3 && length(aws_appautoscaling_target.tasks) == 1 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "none" && output.url == null && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 30
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == null && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "none_scaled_with_oauth" {
  command = plan
  variables {
    front         = "none"
    tasks_min     = 2
    tasks_max     = 4
    running_tasks = 3
    oauth         = { issuer = "https://id.example.com", resource = "https://mcp.example.com/mcp" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 3 && length(aws_appautoscaling_target.tasks) == 1 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "none" && output.url == null && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 30
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == null && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://mcp.example.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

# http-api

run "http_api_stopped_with_token" {
  command = plan
  variables {
    front         = "http-api"
    desired_count = 0
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 1
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "http-api" && output.url == "https://the-api.execute-api.us-east-1.amazonaws.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 75
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "http-api" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "http_api_stopped_with_oauth" {
  command = plan
  variables {
    front         = "http-api"
    desired_count = 0
    oauth         = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 1
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "http-api" && output.url == "https://the-api.execute-api.us-east-1.amazonaws.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 75
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "http-api" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://the-api.execute-api.us-east-1.amazonaws.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "http_api_single_with_token" {
  command = plan
  variables {
    front = "http-api"
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 1
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "http-api" && output.url == "https://the-api.execute-api.us-east-1.amazonaws.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 75
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "http-api" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "http_api_single_with_oauth" {
  command = plan
  variables {
    front = "http-api"
    oauth = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 1
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "http-api" && output.url == "https://the-api.execute-api.us-east-1.amazonaws.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 75
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "http-api" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://the-api.execute-api.us-east-1.amazonaws.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "http_api_scaled_with_token" {
  command = plan
  variables {
    front         = "http-api"
    tasks_min     = 2
    tasks_max     = 4
    running_tasks = 3
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 3 && length(aws_appautoscaling_target.tasks) == 1 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 1
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "http-api" && output.url == "https://the-api.execute-api.us-east-1.amazonaws.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 75
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "http-api" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "http_api_scaled_with_oauth" {
  command = plan
  variables {
    front         = "http-api"
    tasks_min     = 2
    tasks_max     = 4
    running_tasks = 3
    oauth         = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 3 && length(aws_appautoscaling_target.tasks) == 1 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 0 && length(aws_ecs_service.this.service_registries) == 1
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "http-api" && output.url == "https://the-api.execute-api.us-east-1.amazonaws.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 75
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "http-api" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://the-api.execute-api.us-east-1.amazonaws.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

# alb

run "alb_stopped_with_token" {
  command = plan
  variables {
    front         = "alb"
    domain        = "mcp.example.com"
    desired_count = 0
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "alb" && output.url == "https://mcp.example.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "alb" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "alb_stopped_with_oauth" {
  command = plan
  variables {
    front         = "alb"
    domain        = "mcp.example.com"
    desired_count = 0
    oauth         = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "alb" && output.url == "https://mcp.example.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "alb" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://mcp.example.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "alb_single_with_token" {
  command = plan
  variables {
    front  = "alb"
    domain = "mcp.example.com"
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "alb" && output.url == "https://mcp.example.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "alb" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "alb_single_with_oauth" {
  command = plan
  variables {
    front  = "alb"
    domain = "mcp.example.com"
    oauth  = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "alb" && output.url == "https://mcp.example.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "alb" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://mcp.example.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "alb_scaled_with_token" {
  command = plan
  variables {
    front         = "alb"
    domain        = "mcp.example.com"
    tasks_min     = 2
    tasks_max     = 4
    running_tasks = 3
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 3 && length(aws_appautoscaling_target.tasks) == 1 && length(aws_appautoscaling_policy.requests) == 1
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "alb" && output.url == "https://mcp.example.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "alb" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "alb_scaled_with_oauth" {
  command = plan
  variables {
    front         = "alb"
    domain        = "mcp.example.com"
    tasks_min     = 2
    tasks_max     = 4
    running_tasks = 3
    oauth         = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 3 && length(aws_appautoscaling_target.tasks) == 1 && length(aws_appautoscaling_policy.requests) == 1
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "alb" && output.url == "https://mcp.example.com" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "alb" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://mcp.example.com/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

# cloudfront

run "cloudfront_stopped_with_token" {
  command = plan
  variables {
    front         = "cloudfront"
    desired_count = 0
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "cloudfront" && output.url == "https://d111111abcdef8.cloudfront.net" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "cloudfront" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "cloudfront_stopped_with_oauth" {
  command = plan
  variables {
    front         = "cloudfront"
    desired_count = 0
    oauth         = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "cloudfront" && output.url == "https://d111111abcdef8.cloudfront.net" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "cloudfront" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://d111111abcdef8.cloudfront.net/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "cloudfront_single_with_token" {
  command = plan
  variables {
    front = "cloudfront"
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "cloudfront" && output.url == "https://d111111abcdef8.cloudfront.net" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "cloudfront" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "cloudfront_single_with_oauth" {
  command = plan
  variables {
    front = "cloudfront"
    oauth = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 1 && length(aws_appautoscaling_target.tasks) == 0 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "cloudfront" && output.url == "https://d111111abcdef8.cloudfront.net" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "cloudfront" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://d111111abcdef8.cloudfront.net/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "cloudfront_scaled_with_token" {
  command = plan
  variables {
    front         = "cloudfront"
    tasks_min     = 2
    tasks_max     = 4
    running_tasks = 3
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 3 && length(aws_appautoscaling_target.tasks) == 1 && length(aws_appautoscaling_policy.requests) == 1
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "cloudfront" && output.url == "https://d111111abcdef8.cloudfront.net" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "cloudfront" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == null && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}

run "cloudfront_scaled_with_oauth" {
  command = plan
  variables {
    front         = "cloudfront"
    tasks_min     = 2
    tasks_max     = 4
    running_tasks = 3
    oauth         = { issuer = "https://id.example.com" }
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 3 && length(aws_appautoscaling_target.tasks) == 1 && length(aws_appautoscaling_policy.requests) == 1
    error_message = "tasks: ${aws_ecs_service.this.desired_count}, or autoscaling differs"
  }
  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1 && length(aws_ecs_service.this.service_registries) == 0
    error_message = "tasks register with another front: ${jsonencode(aws_ecs_service.this.load_balancer)} ${jsonencode(aws_ecs_service.this.service_registries)}"
  }
  assert {
    condition     = output.front == "cloudfront" && output.url == "https://d111111abcdef8.cloudfront.net" && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout == 45
    error_message = "url ${jsonencode(output.url)}, container ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = lookup(local.environment, "MCP_FRONT", null) == "cloudfront" && lookup(local.environment, "MCP_OAUTH_RESOURCE", null) == "https://d111111abcdef8.cloudfront.net/mcp" && local.container.secrets[0].name == "MCP_AUTH_TOKEN"
    error_message = "environment: ${jsonencode(local.environment)}"
  }
}
