# A new digest reaches the task definition and the service, which takes it on with a way back.

mock_provider "aws" {
  source = "./tests/mocks"
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

run "first" {
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
    error_message = "the revision to go back to would be deregistered"
  }
}

run "another_digest" {
  variables {
    container_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb@sha256:2222222222222222222222222222222222222222222222222222222222222222"
    revision        = "0a1b2c3-dirty"
  }

  assert {
    # The mocked provider updates in place. The real one registers a revision for every change of the containers.
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

run "how_it_rolls" {
  command = plan

  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "no way back"
  }
  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_maximum_percent == 200
    error_message = "the old task stops before the new one is healthy"
  }
  assert {
    condition     = !aws_ecs_service.this.wait_for_steady_state && aws_ecs_service.this.propagate_tags == "TASK_DEFINITION"
    error_message = "waits, or does not tag its tasks"
  }
}

run "stopped" {
  command = plan
  variables { desired_count = 0 }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0
    error_message = "desired: ${aws_ecs_service.this.desired_count}"
  }
}
