# The task role, with which the service runs.
#
# It may call the five DynamoDB operations of the service's store on the service's own table. It has no access to other
# tables, indexes or administration: Terraform creates the table and its TTL.

locals {
  # The operations of service/src/store: PutItem, Query and BatchWriteItem for notes, UpdateItem for the session's item,
  # GetItem and PutItem for the cache, GetItem for readiness. A transaction is authorized by the operations inside it.
  # service/tests/it/permissions.rs checks that this list equals the store's own.
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
  description        = "Task role of ${var.project_name}"
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
