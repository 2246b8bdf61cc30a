# What the commands around Terraform need to know. Names are given out here, so that nobody builds them twice.

output "project_name" {
  description = "The project, which begins every name."
  value       = var.project_name
}

output "region" {
  description = "Region that everything is in."
  value       = var.region
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "task_definition_arn" {
  description = "ARN of the revision that was last asked for. A service that runs another one went back."
  value       = aws_ecs_task_definition.service.arn
}

output "task_definition_family" {
  description = "Family of the task definition; its earlier revisions stay registered."
  value       = aws_ecs_task_definition.service.family
}

output "container_name" {
  description = "Name of the container in a task."
  value       = local.container_name
}

output "container_port" {
  description = "Port that the service listens on."
  value       = var.container_port
}

output "image_digest" {
  description = "Digest of the image, which the service reports as its revision."
  value       = local.image_digest
}

output "log_group" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.service.name
}

output "dynamodb_table" {
  description = "Name of the table."
  value       = aws_dynamodb_table.state.name
}

output "token_parameter" {
  description = "Name or ARN of the SSM parameter that holds the token. Not the token."
  value       = local.token_parameter
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.service.id
}

output "subnets" {
  description = "Subnets that tasks are placed in."
  value       = data.aws_subnets.default.ids
}
