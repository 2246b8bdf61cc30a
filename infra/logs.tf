# The log group. Each task writes JSON lines to the stream ecs/<container>/<task id>.

resource "aws_cloudwatch_log_group" "service" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts with its own key. The service logs neither notes nor tokens.
  #checkov:skip=CKV_AWS_338:Retention is charged by size, so the operator chooses it with log_retention_days.
  name              = "/ecs/${var.project_name}"
  retention_in_days = var.log_retention_days
}
