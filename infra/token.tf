# The bearer token: made here, stored encrypted, read by ECS when it starts a task. Neither plan nor state ever holds it:
# an ephemeral value goes into a write-only argument. `aws ssm get-parameter --with-decryption` shows it to who may.

# Opened in every plan, but written only when token_version changes.
ephemeral "aws_secretsmanager_random_password" "token" {
  provider = aws.ephemeral
  count    = var.own_token ? 0 : 1

  password_length            = 48
  exclude_punctuation        = true
  require_each_included_type = true
}

resource "aws_ssm_parameter" "token" {
  #checkov:skip=CKV_AWS_337:Encrypted with the key that AWS manages for SSM; who may read it is said in iam_exec.tf, and a customer's key costs a dollar a month.
  name             = "/${var.project_name}/auth-token"
  description      = "Bearer token of ${var.project_name}, version ${var.token_version}."
  type             = "SecureString"
  value_wo         = one(concat(ephemeral.aws_secretsmanager_random_password.token[*].random_password, var.own_token ? [var.auth_token] : []))
  value_wo_version = var.token_version
}

locals {
  # Where tasks get the token. The parameter above is there in any case: the revision before, to which a roll-out that fails
  # goes back, may need it.
  token_parameter     = coalesce(var.token_parameter_arn, aws_ssm_parameter.token.name)
  token_parameter_arn = coalesce(var.token_parameter_arn, aws_ssm_parameter.token.arn)
}
