# The token goes to SSM and nowhere else.

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

run "not_in_the_state" {
  assert {
    condition     = aws_ssm_parameter.token.type == "SecureString" && aws_ssm_parameter.token.value_wo_version == 1
    error_message = "not written as a secret"
  }
  assert {
    # What the state holds of the write-only argument, and every other place that a value could be in.
    condition     = aws_ssm_parameter.token.value_wo == null && !strcontains(nonsensitive(jsonencode(aws_ssm_parameter.token)), "token-token-token-token")
    error_message = "the state holds the token"
  }
}

run "not_in_the_task_definition" {
  command = plan

  assert {
    condition     = !strcontains(aws_ecs_task_definition.service.container_definitions, "token-token-token-token")
    error_message = "the task definition holds the token"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].secrets == [{ name = "MCP_AUTH_TOKEN", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/THE-TOKEN" }]
    error_message = "secrets: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

run "not_in_the_outputs" {
  command = plan

  assert {
    condition = !strcontains(jsonencode([
      output.region, output.cluster_name, output.service_name, output.task_definition_arn, output.task_definition_family,
      output.container_name, output.container_port, output.image_digest, output.log_group, output.dynamodb_table,
      output.token_parameter, output.security_group_id, output.subnets,
    ]), "token-token-token-token")
    error_message = "an output holds the token"
  }
}

run "a_new_version_replaces_the_tasks" {
  command = plan
  variables { token_version = 2 }

  assert {
    condition     = aws_ssm_parameter.token.value_wo_version == 2 && jsondecode(aws_ecs_task_definition.service.container_definitions)[0].dockerLabels == { "token-version" = "2" }
    error_message = "the tasks would keep the old token"
  }
}

run "of_somebody_else" {
  command = plan

  variables {
    token_parameter_arn = "arn:aws:ssm:us-east-1:123456789012:parameter/team/token" # checkov:skip=CKV_SECRET_6:The name of a place.
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
    # And the other one, to which a failed roll-out goes back.
    condition     = [for statement in jsondecode(aws_iam_role_policy.exec.policy).Statement : statement.Resource if statement.Sid == "ReadTheToken"] == [[aws_ssm_parameter.token.arn, var.token_parameter_arn]]
    error_message = "exec role: ${aws_iam_role_policy.exec.policy}"
  }
}
