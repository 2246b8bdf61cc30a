# What the deployer judges and prints about the front. Outputs of another front are null.

output "front" {
  description = "Part of AWS that clients connect to: none, http-api, alb or cloudfront."
  value       = var.front
}

output "url" {
  description = "URL of the service, without /mcp. Null without a front, where the task's address is looked up."
  value       = local.url
}

output "allowed_ranges" {
  description = "All ranges that reach the service."
  value       = local.client_ranges
}

output "allowed_ranges_enforced_by" {
  description = "Enforcement of the ranges: \"security group\", or \"service\" where the front has none or the list is too long for one."
  value       = local.enforced_by
}

output "dns_records" {
  description = "Records that the domain needs: the proof for its certificate, and its own. With route53_zone_id they exist already."
  value       = local.dns_records
}

output "lame_duck" {
  description = "Seconds for which a task serves on after its stop signal."
  value       = local.lame_duck
}

output "target_group_arn" {
  description = "ARN of the load balancer's target group, whose targets have to be healthy."
  value       = one(aws_lb_target_group.front[*].arn)
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = one(aws_lb.front[*].arn)
}

output "api_id" {
  description = "Id of the HTTP API."
  value       = one(aws_apigatewayv2_api.front[*].id)
}

output "discovery_service_arn" {
  description = "ARN of the service in Cloud Map, with which ECS registers healthy tasks."
  value       = one(aws_service_discovery_service.front[*].arn)
}

output "distribution_id" {
  description = "Id of the CloudFront distribution."
  value       = one(aws_cloudfront_distribution.front[*].id)
}

output "alarm_names" {
  description = "Names of the alarms."
  value       = concat([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name], aws_cloudwatch_metric_alarm.errors[*].alarm_name)
}

output "tasks_scale" {
  description = "Lowest and highest number of tasks if autoscaling is on."
  value       = local.scales ? { min = var.tasks_min, max = var.tasks_max } : null
}
