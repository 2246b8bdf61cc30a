# The one table: notes, sessions and cache. It has the keys, billing and TTL that `mcp-stateful create-table` gives it.

locals {
  # The default project keeps the name that the table always had. Any other gets one of its own; project names have no
  # underscore, so the two kinds never meet.
  table_name = coalesce(var.table_name, var.project_name == "mcp-stateful" ? "mcp_state" : "${var.project_name}-state")
}

resource "aws_dynamodb_table" "state" {
  #checkov:skip=CKV_AWS_119:Encrypted with the key that AWS manages; a customer's key costs a dollar a month and protects against nobody who may read the table.
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

  # A table that is deleted while this is on leaves a system backup, which AWS keeps for 35 days without charge.
  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }

  server_side_encryption {
    enabled = true
  }
}
