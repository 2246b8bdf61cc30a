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

resource "aws_ssm_parameter" "token" {
  #checkov:skip=CKV_AWS_337:Encrypted with the AWS managed key for SSM. Read access is restricted in iam_exec.tf, and a customer managed key costs a dollar a month.
  name             = "/${var.project_name}/auth-token"
  description      = "Bearer token of ${var.project_name}, version ${var.token_version}."
  type             = "SecureString"
  value_wo         = one(concat(ephemeral.aws_secretsmanager_random_password.token[*].random_password, var.own_token ? [var.auth_token] : []))
  value_wo_version = var.token_version
}

locals {
  # The parameter that tasks read. The one above exists even if token_parameter_arn names another, because a rollback
  # may return to a revision that reads it.
  token_parameter     = coalesce(var.token_parameter_arn, aws_ssm_parameter.token.name)
  token_parameter_arn = coalesce(var.token_parameter_arn, aws_ssm_parameter.token.arn)
}
