# Invalid values of the variables of tools. Every variable in `expect_failures` has to fail by itself, so each run sets one
# invalid value for as many variables as possible.

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

run "first_invalid_tools_are_rejected" {
  command = plan
  variables {
    # reserved for the server
    environment = { MCP_LOG = "debug" }
    # reserved for the SDK
    secrets = { AWS_SECRET_ACCESS_KEY = { arn = "arn:aws:ssm:us-east-1:123456789012:parameter/key" } } # checkov:skip=CKV_SECRET_6:The ARN of a parameter, not a secret.
    # every action
    task_policy_statements = [{ actions = ["*"], resources = ["*"] }]
    # port zero
    egress = [{ ports = "0", cidrs = ["10.0.0.0/16"] }]
    # more than half of the memory
    scratch_mib = 257
  }
  expect_failures = [var.environment, var.secrets, var.task_policy_statements, var.egress, var.scratch_mib]
}

run "second_invalid_tools_are_rejected" {
  command = plan
  variables {
    # lower case
    environment = { bucket = "team-notes" }
    # a value in place of its ARN
    secrets = { API_KEY = { arn = "hidden-hidden-hidden" } }
    # every action of every service that begins with s
    task_policy_statements = [{ actions = ["s*:*"], resources = ["*"] }]
    # ports in the wrong order
    egress = [{ ports = "9000-8000", cidrs = ["10.0.0.0/16"] }]
    # a fraction
    scratch_mib = 1.5
  }
  expect_failures = [var.environment, var.secrets, var.task_policy_statements, var.egress, var.scratch_mib]
}

run "third_invalid_tools_are_rejected" {
  command = plan
  variables {
    # empty value
    environment = { BUCKET = "" }
    # a secret without the six characters of Secrets Manager
    secrets = { API_KEY = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team" } }
    # its own role
    task_policy_statements = [{ actions = ["iam:PutRolePolicy"], resources = ["*"] }]
    # bits behind the prefix
    egress = [{ ports = "5432", cidrs = ["10.0.0.1/16"] }]
    # negative
    scratch_mib = -1
  }
  expect_failures = [var.environment, var.secrets, var.task_policy_statements, var.egress, var.scratch_mib]
}

run "fourth_invalid_tools_are_rejected" {
  command = plan
  variables {
    # set by deploy
    environment = { ASSETS_DIR = "/tmp" }
    # a field without its colons
    secrets = { API_KEY = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team-AbCdEf:user" } }
    # no range
    egress = [{ ports = "5432", cidrs = [] }]
  }
  expect_failures = [var.environment, var.secrets, var.egress]
}

run "fifth_invalid_tools_are_rejected" {
  command = plan
  variables {
    # set by ECS
    environment = { ECS_CONTAINER_METADATA_URI_V4 = "http://localhost" }
    # another region
    secrets = { API_KEY = { arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/key" } }
    # open already
    egress = [{ ports = "443", cidrs = ["0.0.0.0/0"] }]
  }
  expect_failures = [var.environment, var.secrets, var.egress]
}

run "sixth_invalid_tools_are_rejected" {
  command = plan
  variables {
    # no protocol of ports
    egress = [{ ports = "1", cidrs = ["10.0.0.0/16"], protocol = "icmp" }]
  }
  expect_failures = [var.egress]
}

run "seventh_invalid_tools_are_rejected" {
  command = plan
  variables {
    # the alias of a key
    secrets = { API_KEY = { arn = "arn:aws:ssm:us-east-1:123456789012:parameter/key", kms_key_arn = "alias/team" } }
    # a name in place of a range
    egress = [{ ports = "5432", cidrs = ["db.example.com"] }]
  }
  expect_failures = [var.secrets, var.egress]
}

run "eighth_invalid_tools_are_rejected" {
  command = plan
  variables {
    # a resource that a request decides
    task_policy_statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::$${aws:PrincipalTag/team}/*"] }]
    # one port too many
    egress = [{ ports = "65536", cidrs = ["10.0.0.0/16"] }]
  }
  expect_failures = [var.task_policy_statements, var.egress]
}

run "ninth_invalid_tools_are_rejected" {
  command = plan
  variables {
    # no resource
    task_policy_statements = [{ actions = ["s3:GetObject"], resources = [] }]
  }
  expect_failures = [var.task_policy_statements]
}

run "tenth_invalid_tools_are_rejected" {
  command = plan
  variables {
    # neither allowed nor denied
    task_policy_statements = [{ effect = "allow", actions = ["s3:GetObject"], resources = ["*"] }]
  }
  expect_failures = [var.task_policy_statements]
}

run "the_state_table_is_rejected" {
  command = plan
  variables { task_policy_statements = [{ actions = ["s3:GetObject", "dynamodb:DeleteTable"], resources = ["arn:aws:s3:::team-notes/*", "arn:aws:dynamodb:us-east-1:123456789012:table/mcp_state"] }] }
  expect_failures = [aws_iam_role_policy.task]
}

run "every_table_is_rejected" {
  command = plan
  variables { task_policy_statements = [{ actions = ["s3:GetObject", "dynamodb:Query"], resources = ["arn:aws:s3:::team-notes/*", "*"] }] }
  expect_failures = [aws_iam_role_policy.task]
}

run "a_pattern_of_the_state_table_is_rejected" {
  command = plan
  variables { task_policy_statements = [{ actions = ["s3:GetObject", "dynamodb:*"], resources = ["arn:aws:s3:::team-notes/*", "arn:aws:dynamodb:*:*:table/mcp?st*"] }] }
  expect_failures = [aws_iam_role_policy.task]
}

run "a_backup_of_the_state_table_is_rejected" {
  command = plan
  variables { task_policy_statements = [{ actions = ["s3:GetObject", "dynamodb:DeleteBackup"], resources = ["arn:aws:s3:::team-notes/*", "arn:aws:dynamodb:us-east-1:123456789012:table/mcp_state/backup/*"] }] }
  expect_failures = [aws_iam_role_policy.task]
}

run "the_indexes_of_every_table_are_rejected" {
  command = plan
  variables { task_policy_statements = [{ actions = ["s3:GetObject", "dynamodb:Scan"], resources = ["arn:aws:s3:::team-notes/*", "arn:aws:dynamodb:us-east-1:123456789012:table/*/index/by-date"] }] }
  expect_failures = [aws_iam_role_policy.task]
}

run "name_of_two_variables_is_rejected" {
  command = plan
  variables {
    environment = { BUCKET = "team-notes" }
    secrets     = { BUCKET = { arn = "arn:aws:ssm:us-east-1:123456789012:parameter/key" } }
  }
  expect_failures = [aws_ecs_task_definition.service]
}

run "secret_of_another_account_is_rejected" {
  command = plan
  variables { secrets = { API_KEY = { arn = "arn:aws:ssm:us-east-1:999999999999:parameter/key" } } }
  expect_failures = [aws_iam_role_policy.exec]
}

run "other_tables_are_accepted" {
  command = plan
  variables {
    task_policy_statements = [
      { actions = ["dynamodb:Query"], resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/mcp_state_2", "arn:aws:dynamodb:us-east-1:123456789012:table/orders*"] },
      { actions = ["iam:GetUser", "s3:*"], resources = ["*"] },
      { effect = "Deny", actions = ["iam:PutRolePolicy", "dynamodb:DeleteTable"], resources = ["*"] },
    ]
  }

  assert {
    condition     = length(local.tool_statements) == 3
    error_message = "statements: ${jsonencode(local.tool_statements)}"
  }
}
