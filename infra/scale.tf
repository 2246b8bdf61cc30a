# The number of tasks: desired_count, or as many as the load needs between tasks_min and tasks_max.

locals {
  # desired_count = 0 stops the service with or without autoscaling.
  scales = var.tasks_max != null && var.desired_count > 0

  # Terraform cannot leave an attribute alone depending on a variable. So it asks for the number that runs.
  desired_count = local.scales ? min(max(coalesce(var.running_tasks, var.tasks_min), var.tasks_min), var.tasks_max) : var.desired_count
  most_tasks    = local.scales ? var.tasks_max : var.desired_count
}

resource "aws_appautoscaling_target" "tasks" {
  count = local.scales ? 1 : 0

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.tasks_min
  max_capacity       = var.tasks_max
}

resource "aws_appautoscaling_policy" "cpu" {
  count = local.scales ? 1 : 0

  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.tasks[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.tasks[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.tasks[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

# Requests a minute and task, which a load balancer counts before the CPU is busy.
resource "aws_appautoscaling_policy" "requests" {
  count = local.scales && local.has_balancer ? 1 : 0

  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.tasks[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.tasks[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.tasks[0].resource_id

  target_tracking_scaling_policy_configuration {
    # Half of what a task's rate limit lets a single caller do.
    target_value       = 3000
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.front[0].arn_suffix}/${aws_lb_target_group.front[0].arn_suffix}"
    }
  }

  # A target group counts requests once a listener uses it.
  depends_on = [aws_lb_listener.http, aws_lb_listener.https]
}
