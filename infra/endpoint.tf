# An optional gateway endpoint that keeps requests to DynamoDB inside AWS's network. It is free of charge.
#
# It is off by default because the default VPC is shared by the whole account. A route table takes a single DynamoDB
# endpoint, so a second project could not add its own. Adding or removing one also closes the open DynamoDB connections
# of every workload in the VPC.

data "aws_route_tables" "default" {
  count  = var.dynamodb_endpoint ? 1 : 0
  vpc_id = data.aws_vpc.default.id
}

resource "aws_vpc_endpoint" "dynamodb" {
  count = var.dynamodb_endpoint ? 1 : 0

  vpc_id            = data.aws_vpc.default.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.dynamodb"
  route_table_ids   = data.aws_route_tables.default[0].ids
  policy            = jsonencode(local.endpoint_policy)

  tags = { Name = "${var.project_name}-dynamodb" }
}

locals {
  # The service's tasks reach their own table and those that task_policy_statements names, even if their role is widened
  # elsewhere. Every other principal in the VPC passes as if there were no endpoint, restricted by its own policies alone.
  endpoint_policy = {
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "OurTasksToTheirTable"
        Effect    = "Allow"
        Principal = "*"
        Action    = local.task_actions
        Resource  = aws_dynamodb_table.state.arn
        Condition = { ArnEquals = { "aws:PrincipalArn" = aws_iam_role.task.arn } }
      },
      {
        Sid       = "OthersAsBefore"
        Effect    = "Allow"
        Principal = "*"
        Action    = "dynamodb:*"
        Resource  = "*"
        Condition = { ArnNotEquals = { "aws:PrincipalArn" = aws_iam_role.task.arn } }
      },
      ], [for number, statement in var.task_policy_statements : {
        Sid       = "OurTools${number}"
        Effect    = "Allow"
        Principal = "*"
        Action    = [for action in statement.actions : action if startswith(action, "dynamodb:")]
        Resource  = statement.resources
        Condition = { ArnEquals = { "aws:PrincipalArn" = aws_iam_role.task.arn } }
    } if statement.effect == "Allow" && anytrue([for action in statement.actions : startswith(action, "dynamodb:")])])
  }
}
