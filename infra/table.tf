# The table of notes, sessions and cache. Keys, billing and TTL equal those of `mcp-stateful create-table`.

locals {
  # The default project uses the v1 server's table name. A derived name cannot collide with it because project names
  # contain no underscore.
  table_name = coalesce(var.table_name, var.project_name == "mcp-stateful" ? "mcp_state" : "${var.project_name}-state")

  # Known before the table exists, for the check of task_policy_statements in iam_task.tf.
  table_arn = "arn:${data.aws_partition.this.partition}:dynamodb:${var.region}:${data.aws_caller_identity.this.account_id}:table/${local.table_name}"
}

resource "aws_dynamodb_table" "state" {
  #checkov:skip=CKV_AWS_119:Encrypted with the key that DynamoDB owns, which is free. The managed key aws/dynamodb charges for requests, a customer managed key also a dollar a month, and neither restricts the principals that may read the table.
  name                        = local.table_name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    enabled        = true
    attribute_name = "expiresAt"
  }

  # Deleting a table with recovery enabled leaves a system backup, which AWS keeps for 35 days without charge.
  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}
