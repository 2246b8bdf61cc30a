# What is refused of a task's size and shape.

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

run "fargate_cpu_that_fargate_has_not" {
  command = plan
  variables { fargate_cpu = 300 }
  expect_failures = [var.fargate_cpu]
}

run "fargate_memory_too_much_for_the_cpu" {
  command = plan
  variables { fargate_memory = 4096 }
  expect_failures = [var.fargate_memory]
}

run "fargate_memory_too_little_for_the_cpu" {
  command = plan
  variables { fargate_cpu = 1024 }
  expect_failures = [var.fargate_memory]
}

run "cpu_architecture_by_another_name" {
  command = plan
  variables { cpu_architecture = "arm64" }
  expect_failures = [var.cpu_architecture]
}

run "desired_count_below_none" {
  command = plan
  variables { desired_count = -1 }
  expect_failures = [var.desired_count]
}

run "desired_count_and_a_half" {
  command = plan
  variables { desired_count = 1.5 }
  expect_failures = [var.desired_count]
}

run "container_port_that_takes_a_capability" {
  command = plan
  variables { container_port = 443 }
  expect_failures = [var.container_port]
}

run "container_port_beyond_the_last" {
  command = plan
  variables { container_port = 65536 }
  expect_failures = [var.container_port]
}

run "container_port_of_the_metrics" {
  command = plan
  variables { container_port = 9464 }
  expect_failures = [var.container_port]
}

run "log_retention_days_that_cloudwatch_has_not" {
  command = plan
  variables { log_retention_days = 15 }
  expect_failures = [var.log_retention_days]
}

run "container_insights_by_another_name" {
  command = plan
  variables { container_insights = "on" }
  expect_failures = [var.container_insights]
}

# And what is not: the largest task there is.
run "the_largest_task" {
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
