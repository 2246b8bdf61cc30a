# A dashboard of four rows: requests, tasks, the table, and the last errors of the log.

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.project_name
  dashboard_body = jsonencode({
    widgets = concat(
      [for position, widget in local.dashboard_widgets : {
        type   = "metric"
        x      = 8 * (position % 3)
        y      = 6 * floor(position / 3)
        width  = 8
        height = 6
        properties = {
          title   = widget.title
          region  = var.region
          view    = "timeSeries"
          stat    = widget.statistic
          period  = 60
          metrics = widget.metrics
        }
      }],
      [{
        type   = "log"
        x      = 0
        y      = 2 * length(local.dashboard_widgets)
        width  = 24
        height = 6
        properties = {
          title  = "Last errors"
          region = var.region
          view   = "table"
          query  = "SOURCE '${aws_cloudwatch_log_group.service.name}' | fields @timestamp, @message | filter level = 'ERROR' | sort @timestamp desc | limit 20"
        }
      }],
    )
  })
}

locals {
  # Three widgets a row. Without a front nothing counts requests, so the tasks' row is the first.
  dashboard_widgets = concat(
    local.has_http_api ? [
      { title = "Requests", statistic = "Sum", metrics = [concat(["AWS/ApiGateway", "Count"], local.api_path)] },
      { title = "Failed requests", statistic = "Sum", metrics = [for name in ["4xx", "5xx"] : concat(["AWS/ApiGateway", name], local.api_path)] },
      { title = "Milliseconds to the response", statistic = "p95", metrics = [concat(["AWS/ApiGateway", "IntegrationLatency"], local.api_path)] },
    ] : [],
    local.has_balancer ? [
      { title = "Requests", statistic = "Sum", metrics = [concat(["AWS/ApplicationELB", "RequestCount"], local.target_path)] },
      { title = "Failed requests", statistic = "Sum", metrics = [for name in ["HTTPCode_Target_4XX_Count", "HTTPCode_Target_5XX_Count"] : concat(["AWS/ApplicationELB", name], local.target_path)] },
      { title = "Seconds to the response", statistic = "p95", metrics = [concat(["AWS/ApplicationELB", "TargetResponseTime"], local.target_path)] },
    ] : [],
    [
      { title = "Points a minute from running tasks", statistic = "SampleCount", metrics = [concat(["AWS/ECS", "CPUUtilization"], local.cluster_path)] },
      { title = "CPU in percent", statistic = "Average", metrics = [concat(["AWS/ECS", "CPUUtilization"], local.cluster_path)] },
      { title = "Memory in percent", statistic = "Average", metrics = [concat(["AWS/ECS", "MemoryUtilization"], local.cluster_path)] },
      { title = "Units of the table", statistic = "Sum", metrics = [for name in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"] : ["AWS/DynamoDB", name, "TableName", local.table_name]] },
      { title = "Throttled requests of the table", statistic = "Sum", metrics = [for name in ["ReadThrottleEvents", "WriteThrottleEvents"] : ["AWS/DynamoDB", name, "TableName", local.table_name]] },
      { title = "Milliseconds of the table", statistic = "p95", metrics = [for name in ["GetItem", "PutItem", "Query"] : ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", local.table_name, "Operation", name]] },
    ],
  )

  # Dimensions as a dashboard spells them: name, value, name, value.
  api_path     = flatten([for name, value in coalesce(local.api_dimensions, {}) : [name, value]])
  target_path  = flatten([for name, value in coalesce(local.target_dimensions, {}) : [name, value]])
  cluster_path = flatten([for name, value in local.cluster_dimensions : [name, value]])
}
