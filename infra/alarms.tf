# Alarms that write to alarm_email. Those of errors also roll a deployment back. There are none without an address.
#
# ECS watches a deployment for a time that it computes from the alarms' periods, so those that roll back have short
# ones. Missing data counts as healthy there: without traffic there is nothing to judge.

locals {
  alarms = var.alarm_email != null && var.alarm_email != ""

  log_metric_namespace = "mcp-stateful/${var.project_name}"

  cluster_dimensions  = { ClusterName = aws_ecs_cluster.this.name, ServiceName = local.service_name }
  balancer_dimensions = one([for balancer in aws_lb.front : { LoadBalancer = balancer.arn_suffix }])
  target_dimensions   = one([for group in aws_lb_target_group.front : merge(local.balancer_dimensions, { TargetGroup = group.arn_suffix })])
  api_dimensions      = one([for api in aws_apigatewayv2_api.front : { ApiId = api.id }])

  # An alarm goes off when its metric exceeded `limit`, or fell below it for `below`, in `count` of the last `of` periods.
  # `period` is in seconds.
  task_alarms = {
    nothing-runs = {
      # ECS sends no point while no task runs. The metric RunningTaskCount needs Container Insights, which is charged.
      text      = "no task runs"
      namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = local.cluster_dimensions, statistic = "SampleCount"
      below     = true, limit = 1, period = 60, count = 3, of = 3, missing = "breaching"
    }
    cpu = {
      text      = "the tasks use more than 80 % of their CPU"
      namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = local.cluster_dimensions, statistic = "Average"
      below     = false, limit = 80, period = 300, count = 2, of = 2, missing = "missing"
    }
    memory = {
      text      = "the tasks use more than 80 % of their memory"
      namespace = "AWS/ECS", metric = "MemoryUtilization", dimensions = local.cluster_dimensions, statistic = "Average"
      below     = false, limit = 80, period = 300, count = 2, of = 2, missing = "missing"
    }
    table-reads = {
      text      = "the table throttles reads"
      namespace = "AWS/DynamoDB", metric = "ReadThrottleEvents", dimensions = { TableName = local.table_name }, statistic = "Sum"
      below     = false, limit = 0, period = 60, count = 3, of = 5, missing = "notBreaching"
    }
    table-writes = {
      text      = "the table throttles writes"
      namespace = "AWS/DynamoDB", metric = "WriteThrottleEvents", dimensions = { TableName = local.table_name }, statistic = "Sum"
      below     = false, limit = 0, period = 60, count = 3, of = 5, missing = "notBreaching"
    }
    logged-errors = {
      text      = "the service logs errors"
      namespace = local.log_metric_namespace, metric = "LoggedErrors", dimensions = {}, statistic = "Sum"
      below     = false, limit = 5, period = 300, count = 1, of = 1, missing = "notBreaching"
    }
  }

  front_alarms = {
    none = {}
    http-api = {
      slow = {
        text      = "the slowest twentieth of responses takes more than 2 seconds"
        namespace = "AWS/ApiGateway", metric = "IntegrationLatency", dimensions = local.api_dimensions, statistic = "p95"
        below     = false, limit = 2000, period = 60, count = 3, of = 5, missing = "notBreaching"
      }
      many-requests = {
        # API Gateway charges for rejected requests too.
        text      = "callers send more than half of what front_rate_limit permits"
        namespace = "AWS/ApiGateway", metric = "Count", dimensions = local.api_dimensions, statistic = "Sum"
        below     = false, limit = 150 * var.front_rate_limit, period = 300, count = 1, of = 1, missing = "notBreaching"
      }
    }
    alb        = local.balancer_alarms
    cloudfront = local.balancer_alarms
  }
  balancer_alarms = {
    balancer-errors = {
      text      = "the load balancer answers requests with errors of its own"
      namespace = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer_dimensions, statistic = "Sum"
      below     = false, limit = 5, period = 60, count = 2, of = 3, missing = "notBreaching"
    }
    slow = {
      text      = "the slowest twentieth of responses takes more than 2 seconds"
      namespace = "AWS/ApplicationELB", metric = "TargetResponseTime", dimensions = local.target_dimensions, statistic = "p95"
      below     = false, limit = 2, period = 60, count = 3, of = 5, missing = "notBreaching"
    }
    unhealthy = {
      text      = "a task is unhealthy behind the load balancer"
      namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", dimensions = local.target_dimensions, statistic = "Maximum"
      below     = false, limit = 0, period = 60, count = 5, of = 5, missing = "notBreaching"
    }
  }

  # The share of requests that fail, in percent. It rolls back.
  error_rate = {
    none       = null
    http-api   = { namespace = "AWS/ApiGateway", errors = "5xx", requests = "Count", dimensions = local.api_dimensions }
    alb        = local.balancer_error_rate
    cloudfront = local.balancer_error_rate
  }[var.front]
  balancer_error_rate = {
    namespace  = "AWS/ApplicationELB"
    errors     = "HTTPCode_Target_5XX_Count"
    requests   = "RequestCount"
    dimensions = local.target_dimensions
  }

  # A stopped service has no task on purpose.
  single_alarms = { for name, alarm in merge(local.task_alarms, local.front_alarms[var.front]) : name => alarm if local.alarms && (name != "nothing-runs" || var.desired_count > 0) }

  # The alarms that roll a deployment back.
  rollback_alarms = concat(
    aws_cloudwatch_metric_alarm.errors[*].alarm_name,
    [for name, alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name if name == "balancer-errors"],
  )
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:Alarms cannot publish with the AWS managed key, and a customer managed key costs a dollar a month. Messages name alarms only.
  count = local.alarms ? 1 : 0
  name  = "${var.project_name}-alarms"
}

# AWS sends the address a link. Until it is followed, no alarm arrives.
resource "aws_sns_topic_subscription" "email" {
  count = local.alarms ? 1 : 0

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  count = local.alarms ? 1 : 0

  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.service.name
  pattern        = "{ $.level = \"ERROR\" }"

  metric_transformation {
    name      = "LoggedErrors"
    namespace = local.log_metric_namespace
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.single_alarms

  alarm_name          = "${var.project_name}-${each.key}"
  alarm_description   = "${var.project_name}: ${each.value.text}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = each.value.period
  evaluation_periods  = each.value.of
  datapoints_to_alarm = each.value.count
  comparison_operator = each.value.below ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = each.value.limit
  treat_missing_data  = each.value.missing
  alarm_actions       = aws_sns_topic.alarms[*].arn
  ok_actions          = aws_sns_topic.alarms[*].arn

  # As in front.tf: the service lets go of an alarm before it is destroyed.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  count = local.alarms && local.has_front ? 1 : 0

  alarm_name          = "${var.project_name}-errors"
  alarm_description   = "${var.project_name}: more than 1 % of requests fail"
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = aws_sns_topic.alarms[*].arn
  ok_actions          = aws_sns_topic.alarms[*].arn

  metric_query {
    id          = "rate"
    label       = "failed requests, in percent"
    expression  = "100 * errors / requests"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = local.error_rate.errors, requests = local.error_rate.requests }

    content {
      id = metric_query.key

      metric {
        namespace   = local.error_rate.namespace
        metric_name = metric_query.value
        dimensions  = local.error_rate.dimensions
        period      = 60
        stat        = "Sum"
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
