# The task role: what the service may do while it runs.
#
# It may call the five DynamoDB operations that its store calls, on its own table, and nothing else: no other table, no
# index, no administration. The table and its TTL are made by Terraform, not by the task.

locals {
  # The operations in service/src/store: notes are PutItem, Query and BatchWriteItem, a session's item is UpdateItem, the
  # cache is GetItem and PutItem, and readiness is GetItem. A test of the service holds this list and its own equal.
  task_actions = [
    "dynamodb:BatchWriteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
  ]
}

resource "aws_iam_role" "task" {
  name               = "${var.project_name}-task-role"
  description        = "The service of ${var.project_name} runs with it"
  assume_role_policy = jsonencode(local.trust_ecs_tasks)
}

resource "aws_iam_role_policy" "task" {
  name = "use-the-table"
  role = aws_iam_role.task.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "UseTheTable"
      Effect   = "Allow"
      Action   = local.task_actions
      Resource = aws_dynamodb_table.state.arn
    }]
  })
}
