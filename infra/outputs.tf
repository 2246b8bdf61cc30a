# The values that `cargo xtask` reads after an apply. Terraform owns every name, so the commands never rebuild one.

output "project_name" {
  description = "Project name, the prefix of every resource name."
  value       = var.project_name
}

output "region" {
  description = "Region of all resources."
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
  description = "ARN of the requested task definition revision. A service that runs another revision was rolled back."
  value       = aws_ecs_task_definition.service.arn
}

output "task_definition_family" {
  description = "Family of the task definition, whose earlier revisions stay registered."
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
  description = "Digest of the image. The service reports it as its revision."
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
  description = "Name or ARN of the SSM parameter that holds the token, never the token itself."
  value       = local.token_parameter
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.service.id
}

output "subnets" {
  description = "Subnets that tasks are placed in."
  value       = local.task_subnets
}
