# The execution role, with which ECS starts a task. The service never holds it.
#
# It may
#   - log in to ECR and pull from the repository of container_image, if the image is in ECR. The login
#     (GetAuthorizationToken) cannot be restricted to a resource.
#   - create streams in this project's log group and write to them.
#   - read this project's token. Decryption needs no permission: the AWS managed key for SSM serves every principal of
#     the account that may read the parameter.

resource "aws_iam_role" "exec" {
  name               = "${var.project_name}-exec-role"
  description        = "Execution role of the tasks of ${var.project_name}"
  assume_role_policy = jsonencode(local.trust_ecs_tasks)
}

resource "aws_iam_role_policy" "exec" {
  name   = "start-tasks"
  role   = aws_iam_role.exec.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.exec_statements })
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
  )
}
