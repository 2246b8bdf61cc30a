# What the tools of a server get on request: environment, secrets, permissions, connections and a scratch directory. The
# emulator of the rehearsal enforces neither the roles nor the security group, so these tests do.

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

run "tools_get_nothing_by_default" {
  command = plan

  assert {
    condition     = length(aws_vpc_security_group_egress_rule.tools) == 0 && length(local.tool_statements) == 0 && length(local.scratch) == 0
    error_message = "tools have more than they asked for"
  }
  assert {
    condition     = length(jsondecode(aws_iam_role_policy.exec.policy).Statement) == 4
    error_message = "the execution role's policy: ${aws_iam_role_policy.exec.policy}"
  }
}

# Environment and secrets

run "environment_and_secrets_are_ordered_by_name" {
  command = plan
  variables {
    environment = { ZONE = "z", BUCKET = "team-notes" }
    secrets = {
      # checkov:skip=CKV_SECRET_6:ARNs, not secrets.
      SMTP_USER = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/smtp-AbCdEf:user::" }
      API_KEY   = { arn = "arn:aws:ssm:us-east-1:123456789012:parameter/team/api-key" }
    }
  }

  assert {
    # ECS keeps no order, and the provider compares both lists sorted by name, which is also the order of a map.
    condition     = [for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable.name] == ["AWS_REGION", "BUCKET", "MCP_HOST", "MCP_LOG_FORMAT", "MCP_MAX_CONNECTIONS", "MCP_PORT", "MCP_RATE_LIMIT", "MCP_REVISION", "MCP_SESSION_TTL", "MCP_STATE_BACKEND", "MCP_STATE_TABLE", "ZONE"]
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = local.environment["BUCKET"] == "team-notes"
    error_message = "BUCKET is ${local.environment["BUCKET"]}"
  }
  assert {
    condition = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].secrets == [
      { name = "API_KEY", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/team/api-key" },
      { name = "MCP_AUTH_TOKEN", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/THE-TOKEN" },
      { name = "SMTP_USER", valueFrom = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/smtp-AbCdEf:user::" },
    ]
    error_message = "secrets: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

run "execution_role_reads_the_named_secrets_only" {
  command = plan
  variables {
    secrets = {
      # checkov:skip=CKV_SECRET_6:ARNs, not secrets.
      API_KEY   = { arn = "arn:aws:ssm:us-east-1:123456789012:parameter/team/api-key", kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/one" }
      SMTP_PASS = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/smtp-AbCdEf:pass::", kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/two" }
      SMTP_USER = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/smtp-AbCdEf:user::", kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/two" }
    }
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.exec.policy).Statement : statement if strcontains(statement.Sid, "Tools")] == jsondecode(jsonencode([
      {
        Sid      = "ReadParametersOfTools"
        Effect   = "Allow"
        Action   = ["ssm:GetParameters"]
        Resource = ["arn:aws:ssm:us-east-1:123456789012:parameter/team/api-key"]
      },
      {
        Sid      = "ReadSecretsOfTools"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:team/smtp-AbCdEf"]
      },
      {
        Sid       = "DecryptForTools0"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = "arn:aws:kms:us-east-1:123456789012:key/one"
        Condition = { StringEquals = { "kms:EncryptionContext:PARAMETER_ARN" = "arn:aws:ssm:us-east-1:123456789012:parameter/team/api-key" } }
      },
      {
        Sid       = "DecryptForTools1"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = "arn:aws:kms:us-east-1:123456789012:key/two"
        Condition = { StringEquals = { "kms:EncryptionContext:SecretARN" = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team/smtp-AbCdEf" } }
      },
    ]))
    error_message = "the execution role's policy: ${aws_iam_role_policy.exec.policy}"
  }
  assert {
    # The service itself reads no secret, it finds the value in its environment.
    condition     = !strcontains(aws_iam_role_policy.task.policy, "secretsmanager") && !strcontains(aws_iam_role_policy.task.policy, "ssm") && !strcontains(aws_iam_role_policy.task.policy, "kms")
    error_message = "the task's policy: ${aws_iam_role_policy.task.policy}"
  }
}

# Permissions

run "statements_of_tools_are_added_to_the_task_role" {
  command = plan
  variables {
    task_policy_statements = [
      { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::team-notes/*"], condition = { StringEquals = { "aws:ResourceAccount" = ["123456789012"] } } },
      { effect = "Deny", actions = ["s3:GetObject"], resources = ["arn:aws:s3:::team-notes/private/*"] },
    ]
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.task.policy).Statement == jsondecode(jsonencode([
      {
        Sid      = "UseTheTable"
        Effect   = "Allow"
        Action   = local.task_actions
        Resource = "arn:aws:dynamodb:us-east-1:123456789012:table/THE-TABLE"
      },
      {
        Sid       = "Tools0"
        Effect    = "Allow"
        Action    = ["s3:GetObject"]
        Resource  = ["arn:aws:s3:::team-notes/*"]
        Condition = { StringEquals = { "aws:ResourceAccount" = ["123456789012"] } }
      },
      {
        Sid      = "Tools1"
        Effect   = "Deny"
        Action   = ["s3:GetObject"]
        Resource = ["arn:aws:s3:::team-notes/private/*"]
      },
    ]))
    error_message = "the task's policy: ${aws_iam_role_policy.task.policy}"
  }
  assert {
    condition     = length(jsondecode(aws_iam_role_policy.exec.policy).Statement) == 4
    error_message = "the execution role has a statement of a tool: ${aws_iam_role_policy.exec.policy}"
  }
}

run "tables_of_tools_pass_the_endpoint" {
  command = plan
  variables {
    dynamodb_endpoint = true
    task_policy_statements = [
      { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::team-notes/*"] },
      { actions = ["dynamodb:GetItem", "s3:ListBucket"], resources = ["arn:aws:dynamodb:us-east-1:123456789012:table/mcp_state_of_others", "arn:aws:s3:::team-notes"] },
      { effect = "Deny", actions = ["dynamodb:DeleteTable"], resources = ["*"] },
    ]
  }

  assert {
    condition = length(local.endpoint_policy.Statement) == 3 && jsonencode(local.endpoint_policy.Statement[2]) == jsonencode({
      Sid       = "OurTools1"
      Effect    = "Allow"
      Principal = "*"
      Action    = ["dynamodb:GetItem"]
      Resource  = ["arn:aws:dynamodb:us-east-1:123456789012:table/mcp_state_of_others", "arn:aws:s3:::team-notes"]
      Condition = { ArnEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/TASK" } }
    })
    error_message = "policy: ${aws_vpc_endpoint.dynamodb[0].policy}"
  }
}

# Connections

run "egress_opens_what_is_listed" {
  command = plan
  variables {
    egress = [
      { ports = "5432", cidrs = ["10.0.0.0/16", "2001:db8::/32"] },
      { ports = "8000-8100", cidrs = ["203.0.113.7/32"], protocol = "udp" },
      { ports = "443", cidrs = ["::/0"] },
    ]
  }

  assert {
    condition = jsonencode({ for key, rule in aws_vpc_security_group_egress_rule.tools : key => [rule.ip_protocol, rule.from_port, rule.to_port, rule.cidr_ipv4, rule.cidr_ipv6, rule.security_group_id] }) == jsonencode({
      "tcp 5432 10.0.0.0/16"         = ["tcp", 5432, 5432, "10.0.0.0/16", null, "sg-service"]
      "tcp 5432 2001:db8::/32"       = ["tcp", 5432, 5432, null, "2001:db8::/32", "sg-service"]
      "udp 8000-8100 203.0.113.7/32" = ["udp", 8000, 8100, "203.0.113.7/32", null, "sg-service"]
      "tcp 443 ::/0"                 = ["tcp", 443, 443, null, "::/0", "sg-service"]
    })
    error_message = "rules: ${jsonencode(aws_vpc_security_group_egress_rule.tools)}"
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.https.from_port == 443 && aws_vpc_security_group_egress_rule.https.cidr_ipv4 == "0.0.0.0/0"
    error_message = "the rule for HTTPS changed"
  }
}

# Scratch directory

run "scratch_is_a_tmpfs_of_its_size" {
  command = plan
  variables { scratch_mib = 64 }

  assert {
    condition = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].linuxParameters == {
      capabilities       = { add = [], drop = ["ALL"] }
      initProcessEnabled = false
      tmpfs              = [{ containerPath = "/tmp", size = 64, mountOptions = ["mode=1777", "nosuid", "nodev", "noexec"] }]
    }
    error_message = "container: ${aws_ecs_task_definition.service.container_definitions}"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].readonlyRootFilesystem == true
    error_message = "the root file system is writable"
  }
}
