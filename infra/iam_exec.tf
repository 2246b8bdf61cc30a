# The execution role, with which ECS starts a task. The service never holds it.
#
# It may
#   - log in to ECR and pull from the repository of container_image, if the image is in ECR. The login
#     (GetAuthorizationToken) cannot be restricted to a resource.
#   - create streams in this project's log group and write to them.
#   - read this project's token. Decryption needs no permission: the AWS managed key for SSM serves every principal of
#     the account that may read the parameter.
#   - read the tools' secrets, exactly those of the variable `secrets`. A customer managed key may be used to decrypt the
#     one secret that names it.

resource "aws_iam_role" "exec" {
  name               = "${var.project_name}-exec-role"
  description        = "Execution role of the tasks of ${var.project_name}"
  assume_role_policy = jsonencode(local.trust_ecs_tasks)

  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "exec" {
  name   = "start-tasks"
  role   = aws_iam_role.exec.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.exec_statements })

  lifecycle {
    precondition {
      # ECS reads parameters of its own account only, and a secret of another account needs policies there.
      condition     = alltrue([for arn in values(local.tool_secret_arns) : split(":", arn)[4] == data.aws_caller_identity.this.account_id])
      error_message = "invalid secrets: expected secrets of the deployment's account, ${data.aws_caller_identity.this.account_id}."
    }
  }
}

locals {
  # Trusts ECS for tasks of this account. Without the condition a task of another account could make ECS use the role
  # (the confused deputy problem).
  trust_ecs_tasks = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  }

  # The account, region and name of the ECR repository of container_image. It is null for an image in another registry,
  # which ECS pulls without credentials.
  ecr = try(regex("^(?P<account>[0-9]{12})\\.dkr[.-]ecr\\.(?P<region>[a-z0-9-]+)\\.(?:amazonaws\\.com(?:\\.cn)?|on\\.aws)/(?P<name>[^@]+)@", var.container_image), null)

  exec_statements = concat(
    local.ecr == null ? [] : [
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
        Resource = "arn:${data.aws_partition.this.partition}:ecr:${local.ecr.region}:${local.ecr.account}:repository/${local.ecr.name}"
      },
    ],
    [
      {
        Sid      = "WriteTheLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.service.arn}:*"
      },
      {
        Sid      = "ReadTheToken"
        Effect   = "Allow"
        Action   = ["ssm:GetParameters"]
        Resource = distinct([local.own_token_parameter_arn, local.token_parameter_arn])
      },
    ],
    length(local.tool_parameters) == 0 ? [] : [
      {
        Sid      = "ReadParametersOfTools"
        Effect   = "Allow"
        Action   = ["ssm:GetParameters"]
        Resource = local.tool_parameters
      },
    ],
    length(local.tool_secrets) == 0 ? [] : [
      {
        Sid      = "ReadSecretsOfTools"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = local.tool_secrets
      },
    ],
    [
      # The services pass the ARN of what they decrypt as the encryption context
      # (https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html and
      # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html).
      for secret in local.tool_keys : {
        Sid       = "DecryptForTools${secret.number}"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = secret.key
        Condition = { StringEquals = { (secret.context) = secret.arn } }
      }
    ],
  )

  # The secrets of tools without the field and version that may follow the ARN of a secret.
  tool_secret_arns = { for name, secret in var.secrets : name => join(":", slice(split(":", secret.arn), 0, min(7, length(split(":", secret.arn))))) }
  tool_parameters  = distinct([for arn in values(local.tool_secret_arns) : arn if strcontains(arn, ":ssm:")])
  tool_secrets     = distinct([for arn in values(local.tool_secret_arns) : arn if strcontains(arn, ":secretsmanager:")])
  tool_keys = [for number, use in distinct([for name, secret in var.secrets : { arn = local.tool_secret_arns[name], key = secret.kms_key_arn } if secret.kms_key_arn != null]) : {
    number  = number
    arn     = use.arn
    key     = use.key
    context = strcontains(use.arn, ":ssm:") ? "kms:EncryptionContext:PARAMETER_ARN" : "kms:EncryptionContext:SecretARN"
  }]
}
