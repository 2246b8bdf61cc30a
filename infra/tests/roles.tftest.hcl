# What the two roles may do, statement by statement, and who may take them.

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

run "task_role" {
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
    error_message = "a policy is at the wrong role"
  }
  assert {
    condition     = aws_ecs_task_definition.service.task_role_arn == "arn:aws:iam::123456789012:role/TASK" && aws_ecs_task_definition.service.execution_role_arn == "arn:aws:iam::123456789012:role/EXEC"
    error_message = "a role is at the wrong place"
  }
}

run "execution_role" {
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

run "an_image_in_another_account" {
  command = plan
  variables {
    container_image = "999999999999.dkr.ecr.eu-west-1.amazonaws.com/team/mcp@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  }

  assert {
    condition     = one([for statement in local.exec_statements : statement.Resource if statement.Sid == "PullTheImage"]) == "arn:aws:ecr:eu-west-1:999999999999:repository/team/mcp"
    error_message = "pulls from: ${jsonencode(local.exec_statements)}"
  }
}

run "an_image_outside_ecr_needs_no_ecr" {
  command = plan
  variables {
    container_image = "registry.example.com:5000/mcp@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  }

  assert {
    condition     = [for statement in local.exec_statements : statement.Sid] == ["WriteTheLog", "ReadTheToken"]
    error_message = "statements: ${jsonencode(local.exec_statements)}"
  }
}

run "only_ecs_for_this_account_takes_them" {
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
