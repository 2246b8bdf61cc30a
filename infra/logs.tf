# Where the tasks log to, as JSON lines in streams ecs/<container>/<task id>.

resource "aws_cloudwatch_log_group" "service" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts with its own key; the service logs neither notes nor tokens.
  #checkov:skip=CKV_AWS_338:A year of logs is for the owner to ask for with log_retention_days, and to pay.
  name              = "/ecs/${var.project_name}"
  retention_in_days = var.log_retention_days
}
