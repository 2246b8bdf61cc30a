# The bearer token, generated here, stored encrypted in SSM and read by ECS when it starts a task. Neither plan nor state
# contains it, because an ephemeral value goes into a write-only argument. Principals with permission can read it with
# `cargo xtask token` or `aws ssm get-parameter --with-decryption`.

# Every plan generates a value. It is written only when token_version changes.
ephemeral "aws_secretsmanager_random_password" "token" {
  provider = aws.ephemeral
  count    = var.own_token ? 0 : 1

  password_length            = 48
  exclude_punctuation        = true
  require_each_included_type = true
}

# If the state was lost, the parameter exists without being in the new state. An import would read the token into plan and
# state, and a new value would log out every client. So the parameter is referred to by its ARN and stays as it is.
resource "aws_ssm_parameter" "token" {
  count = var.token_adopted ? 0 : 1

  #checkov:skip=CKV_AWS_337:Encrypted with the AWS managed key for SSM. Read access is restricted in iam_exec.tf, and a customer managed key costs a dollar a month.
  name             = local.own_token_parameter
  description      = "Bearer token of ${var.project_name}, version ${var.token_version}."
  type             = "SecureString"
  value_wo         = one(concat(ephemeral.aws_secretsmanager_random_password.token[*].random_password, var.own_token ? [var.auth_token] : []))
  value_wo_version = var.token_version
}

locals {
  own_token_parameter     = "/${var.project_name}/auth-token"
  own_token_parameter_arn = one(concat(aws_ssm_parameter.token[*].arn, var.token_adopted ? ["arn:${data.aws_partition.this.partition}:ssm:${var.region}:${data.aws_caller_identity.this.account_id}:parameter${local.own_token_parameter}"] : []))

  # The parameter that tasks read. The own one exists even if token_parameter_arn names another, because a rollback may
  # return to a revision that reads it.
  token_parameter     = coalesce(var.token_parameter_arn, local.own_token_parameter)
  token_parameter_arn = coalesce(var.token_parameter_arn, local.own_token_parameter_arn)
}
