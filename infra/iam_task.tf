# The task role, with which the service runs.
#
# It may call the five DynamoDB operations of the service's store on the service's own table. It has no access to other
# tables, indexes or administration: Terraform creates the table and its TTL. The statements of tools come from the
# variable task_policy_statements, which rejects what could widen this role or reach that table.

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

  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "task" {
  name = "use-the-table"
  role = aws_iam_role.task.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid      = "UseTheTable"
      Effect   = "Allow"
      Action   = local.task_actions
      Resource = aws_dynamodb_table.state.arn
    }], local.tool_statements)
  })

  lifecycle {
    precondition {
      # The role's own statement has what the store needs. More would bypass the separation of principals, or change or
      # delete the table.
      condition     = length(local.tool_statements_on_the_table) == 0
      error_message = "invalid task_policy_statements: expected DynamoDB resources that cannot match the state table ${local.table_name}, which the service uses already; write other tables as in arn:aws:dynamodb:${var.region}:${data.aws_caller_identity.this.account_id}:table/orders."
    }
  }
}

locals {
  # The resources of tools that could be the state table or lie below it, as its backups do. Of a pattern the part before
  # its first wildcard decides, so a pattern of tables has to name account, region and the beginning of their names.
  tool_statements_on_the_table = flatten([
    for statement in var.task_policy_statements : [
      for resource in statement.resources : resource if anytrue([
        resource == local.table_arn,
        startswith(resource, "${local.table_arn}/"),
        can(regex("[*?]", resource)) && startswith(local.table_arn, split("*", replace(resource, "?", "*"))[0]),
      ])
    ] if statement.effect == "Allow" && anytrue([for action in statement.actions : startswith(action, "dynamodb:")])
  ])

  # In the same policy as the role's own statement: a policy of their own would be left behind, with its permissions, if
  # the state was lost and the variable emptied before the next deployment.
  tool_statements = [for number, statement in var.task_policy_statements : merge({
    Sid      = "Tools${number}"
    Effect   = statement.effect
    Action   = statement.actions
    Resource = statement.resources
  }, { for key, operators in { Condition = statement.condition } : key => operators if length(operators) > 0 })]
}
