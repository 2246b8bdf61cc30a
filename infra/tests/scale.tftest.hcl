# Autoscaling, alarms and the dashboard.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Terraform 1.11 cannot mock ephemeral resources, so this provider is real. It makes no request: the tests bring a token.
provider "aws" {
  alias                       = "ephemeral"
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

run "scaling_follows_cpu_between_its_bounds" {
  command = plan
  variables {
    tasks_min = 2
    tasks_max = 6
  }

  assert {
    condition     = aws_appautoscaling_target.tasks[0].min_capacity == 2 && aws_appautoscaling_target.tasks[0].max_capacity == 6 && aws_appautoscaling_target.tasks[0].resource_id == "service/mcp-stateful-cluster/mcp-stateful-svc" && aws_ecs_service.this.desired_count == 2
    error_message = "target: ${jsonencode(aws_appautoscaling_target.tasks)}"
  }
  assert {
    condition     = aws_appautoscaling_policy.cpu[0].target_tracking_scaling_policy_configuration[0].target_value == 60 && aws_appautoscaling_policy.cpu[0].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ECSServiceAverageCPUUtilization" && length(aws_appautoscaling_policy.requests) == 0
    error_message = "policy: ${jsonencode(aws_appautoscaling_policy.cpu)}"
  }
}

run "apply_keeps_the_number_that_scaling_chose" {
  command = plan
  variables {
    tasks_min     = 2
    tasks_max     = 6
    running_tasks = 5
    desired_count = 1
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 5
    error_message = "the apply sets ${aws_ecs_service.this.desired_count} tasks"
  }
}

run "number_outside_of_the_bounds_is_corrected" {
  command = plan
  variables {
    tasks_min     = 2
    tasks_max     = 6
    running_tasks = 9
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 6
    error_message = "the apply sets ${aws_ecs_service.this.desired_count} tasks"
  }
}

run "requests_scale_behind_a_balancer" {
  command = plan
  variables {
    front     = "alb"
    domain    = "mcp.example.com"
    tasks_min = 2
    tasks_max = 6
  }

  assert {
    condition     = aws_appautoscaling_policy.requests[0].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].resource_label == "app/THE-BALANCER/0123456789abcdef/targetgroup/THE-TARGETS/0123456789abcdef" && aws_appautoscaling_policy.requests[0].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ALBRequestCountPerTarget"
    error_message = "policy: ${jsonencode(aws_appautoscaling_policy.requests)}"
  }
}

run "alarms_write_to_the_address" {
  command = plan
  variables { alarm_email = "ops@example.com" }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "ops@example.com" && aws_sns_topic_subscription.email[0].protocol == "email" && alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:THE-TOPIC"])])
    error_message = "an alarm writes elsewhere"
  }
  assert {
    condition     = toset(output.alarm_names) == toset([for name in ["nothing-runs", "cpu", "memory", "table-reads", "table-writes", "logged-errors"] : "mcp-stateful-${name}"])
    error_message = "alarms: ${jsonencode(output.alarm_names)}"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["nothing-runs"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this["nothing-runs"].statistic == "SampleCount" && aws_cloudwatch_metric_alarm.this["nothing-runs"].comparison_operator == "LessThanThreshold"
    error_message = "alarm: ${jsonencode(aws_cloudwatch_metric_alarm.this["nothing-runs"])}"
  }
  assert {
    condition     = aws_cloudwatch_log_metric_filter.errors[0].pattern == "{ $.level = \"ERROR\" }" && aws_cloudwatch_metric_alarm.this["logged-errors"].namespace == aws_cloudwatch_log_metric_filter.errors[0].metric_transformation[0].namespace
    error_message = "the alarm watches another metric than the filter's"
  }
  assert {
    condition     = !aws_ecs_service.this.alarms[0].enable && !aws_ecs_service.this.alarms[0].rollback
    error_message = "an alarm without traffic rolls back"
  }
}

run "empty_address_removes_alarms_and_keeps_the_block" {
  command = plan
  variables {
    front       = "alb"
    domain      = "mcp.example.com"
    alarm_email = ""
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) + length(aws_cloudwatch_metric_alarm.errors) + length(aws_sns_topic.alarms) == 0
    error_message = "alarms: ${jsonencode(keys(aws_cloudwatch_metric_alarm.this))}"
  }
  assert {
    condition     = !aws_ecs_service.this.alarms[0].enable && length(aws_ecs_service.this.alarms[0].alarm_names) == 1
    error_message = "the provider would fail to remove the block"
  }
}

run "stopped_service_raises_no_alarm" {
  command = plan
  variables {
    alarm_email   = "ops@example.com"
    desired_count = 0
  }

  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.this), "nothing-runs")
    error_message = "alarms: ${jsonencode(keys(aws_cloudwatch_metric_alarm.this))}"
  }
}

run "errors_behind_a_balancer_roll_back" {
  command = plan
  variables {
    front       = "alb"
    domain      = "mcp.example.com"
    alarm_email = "ops@example.com"
  }

  assert {
    condition     = aws_ecs_service.this.alarms[0].enable && aws_ecs_service.this.alarms[0].rollback && aws_ecs_service.this.alarms[0].alarm_names == toset(["mcp-stateful-errors", "mcp-stateful-balancer-errors"])
    error_message = "alarms: ${jsonencode(aws_ecs_service.this.alarms)}"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.errors[0].treat_missing_data == "notBreaching" && aws_cloudwatch_metric_alarm.errors[0].threshold == 1 && length(aws_cloudwatch_metric_alarm.errors[0].metric_query) == 3
    error_message = "alarm: ${jsonencode(aws_cloudwatch_metric_alarm.errors)}"
  }
  assert {
    # ECS computes the time that it watches from these.
    condition     = alltrue([for query in aws_cloudwatch_metric_alarm.errors[0].metric_query : one(query.metric).period == 60 if length(query.metric) > 0]) && aws_cloudwatch_metric_alarm.this["balancer-errors"].period == 60
    error_message = "a deployment would be watched for longer"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["slow"].extended_statistic == "p95" && aws_cloudwatch_metric_alarm.this["slow"].statistic == null && length(aws_cloudwatch_metric_alarm.this) == 9
    error_message = "alarms: ${jsonencode(keys(aws_cloudwatch_metric_alarm.this))}"
  }
}

run "errors_behind_the_api_roll_back" {
  command = plan
  variables {
    front       = "http-api"
    alarm_email = "ops@example.com"
  }

  assert {
    condition     = aws_ecs_service.this.alarms[0].alarm_names == toset(["mcp-stateful-errors"]) && toset(flatten([for query in aws_cloudwatch_metric_alarm.errors[0].metric_query : [for metric in query.metric : "${metric.namespace} ${metric.metric_name} ${metric.dimensions["ApiId"]}"]])) == toset(["AWS/ApiGateway 5xx the-api", "AWS/ApiGateway Count the-api"])
    error_message = "alarm: ${jsonencode(aws_cloudwatch_metric_alarm.errors)}"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["many-requests"].threshold == 75000
    error_message = "limit: ${aws_cloudwatch_metric_alarm.this["many-requests"].threshold}"
  }
}

run "dashboard_has_four_rows_behind_a_front" {
  command = plan
  variables {
    front     = "cloudfront"
    dashboard = true
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : "${widget.x},${widget.y}"] == ["0,0", "8,0", "16,0", "0,6", "8,6", "16,6", "0,12", "8,12", "16,12", "0,18"]
    error_message = "widgets: ${aws_cloudwatch_dashboard.this[0].dashboard_body}"
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets[0].properties.metrics == [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", "app/THE-BALANCER/0123456789abcdef", "TargetGroup", "targetgroup/THE-TARGETS/0123456789abcdef"]]
    error_message = "widgets: ${aws_cloudwatch_dashboard.this[0].dashboard_body}"
  }
}
