# Optional: a gateway endpoint, so that requests to DynamoDB stay inside AWS's network. It costs nothing.
#
# Off by default, because the default VPC belongs to the whole account: a route table takes one DynamoDB endpoint, making
# or removing one cuts the open connections of everybody in the VPC, and a second project would find it taken.

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
  # Our tasks get through to their table and no other, whatever their role may come to say. Everybody else in the VPC is
  # let through as if there were no endpoint: what they may do is for their own policies to say.
  endpoint_policy = {
    Version = "2012-10-17"
    Statement = [
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
    ]
  }
}
