# The execution role: what ECS itself may do to start a task. The service never holds it.
#
# It may
#   - pull the one image repository that container_image is in, if that is in ECR, and log in to ECR to do so
#     (GetAuthorizationToken knows no resources);
#   - open streams in this project's log group and write to them;
#   - read this project's token. Decrypting it takes no permission of its own: AWS's key for SSM serves the whole account
#     through SSM.

resource "aws_iam_role" "exec" {
  name               = "${var.project_name}-exec-role"
  description        = "ECS starts the tasks of ${var.project_name} with it"
  assume_role_policy = jsonencode(local.trust_ecs_tasks)
}

resource "aws_iam_role_policy" "exec" {
  name   = "start-tasks"
  role   = aws_iam_role.exec.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.exec_statements })
}

locals {
  # ECS, for a task in this account. Without the condition it could be made to act for somebody else's.
  trust_ecs_tasks = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  }

  # The account, region and name of the repository, if container_image is in ECR; an image elsewhere is pulled without
  # credentials.
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
        Resource = distinct([aws_ssm_parameter.token.arn, local.token_parameter_arn])
      },
    ],
  )
}
