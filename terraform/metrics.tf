# Amazon Managed Service for Prometheus: what the collector writes, the rules of observability/prometheus/, and who hears of their alerts.

variable "prometheus_alerts_enabled" {
  description = "Whether alerts of the rules go to the alarm topic; without any rules there is nothing to send."
  type        = bool
  default     = true
  nullable    = false
}

variable "prometheus_folder" {
  description = "Folder of the recording and alerting rules, from this one."
  type        = string
  default     = "../observability/prometheus"
  nullable    = false
}

variable "alertmanager_file" {
  description = "Configuration of Alertmanager, from this folder: its routes and inhibitions hold in AWS too, and each receiver is a topic of SNS."
  type        = string
  default     = "../observability/alertmanager/alertmanager.yaml"
  nullable    = false
}

locals {
  prometheus_folder = "${path.module}/${var.prometheus_folder}"

  # Without any there are no metrics, and MetricsAbsent would call for ever.
  metrics_writers = flatten([
    var.collector_image[*], # optional: collector.tf
  ])

  # Beside the rules stand the configuration of a Prometheus on a laptop, and the tests of the rules.
  prometheus_rules = toset([
    for file in fileset(local.prometheus_folder, "**/*.{yaml,yml}") : file
    if length(local.metrics_writers) > 0 && !can(regex("(^|/)prometheus\\.ya?ml$|\\.test\\.ya?ml$", file))
  ])
  prometheus_alerts = var.prometheus_alerts_enabled && length(local.prometheus_rules) > 0
  alertmanager      = local.prometheus_alerts ? yamldecode(file("${path.module}/${var.alertmanager_file}")) : null
}

resource "aws_prometheus_workspace" "main" {
  alias       = local.name
  kms_key_arn = aws_kms_key.logs.arn

  logging_configuration {
    log_group_arn = "${aws_cloudwatch_log_group.metrics.arn}:*"
  }
}

# Its name has to begin so: https://docs.aws.amazon.com/prometheus/latest/userguide/CW-logs.html
resource "aws_cloudwatch_log_group" "metrics" {
  name              = "/aws/vendedlogs/prometheus/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_prometheus_rule_group_namespace" "main" {
  for_each = local.prometheus_rules

  name         = replace(trimsuffix(trimsuffix(each.key, ".yaml"), ".yml"), "/", "-")
  workspace_id = aws_prometheus_workspace.main.id
  data         = file("${local.prometheus_folder}/${each.key}")
}

# SNS and PagerDuty are the only receivers that there are, so of those in the file the names alone are taken: what reads the topic of
# the alarms can filter by the attribute `receiver`. A `repeat_interval` is five days at most.
# https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-config.html
resource "aws_prometheus_alert_manager_definition" "main" {
  count = local.prometheus_alerts ? 1 : 0

  workspace_id = aws_prometheus_workspace.main.id
  definition = yamlencode({
    alertmanager_config = yamlencode({
      route         = local.alertmanager.route
      inhibit_rules = local.alertmanager.inhibit_rules
      receivers = [for receiver in local.alertmanager.receivers : {
        name = receiver.name
        sns_configs = [{
          topic_arn     = receiver.name == "watchdog" ? aws_sns_topic.watchdog[0].arn : aws_sns_topic.alarms.arn
          send_resolved = true
          sigv4         = { region = var.region }
          # A longer one than 100 characters would be cut off.
          subject    = "{{ .Status | toUpper }} {{ .CommonLabels.alertname }} (${local.name})"
          attributes = { receiver = receiver.name, severity = "{{ .CommonLabels.severity }}" }
        }]
      }]
    })
  })

  lifecycle {
    precondition {
      condition     = local.alertmanager.route.routes[0] == merge(local.alertmanager.route.routes[0], { matchers = ["alertname = Watchdog"], receiver = "watchdog" })
      error_message = "The first route of ${var.alertmanager_file} has to take Watchdog, which always fires, to the receiver watchdog: else it wakes people without end, and nobody hears when it stops."
    }
  }
}

# The dead-man's switch. Watchdog is sent here every minute; the alarm below rings when it is not, and a service elsewhere that is
# subscribed (the output watchdog_topic) also when nothing of this account gets out.
resource "aws_sns_topic" "watchdog" {
  count = local.prometheus_alerts ? 1 : 0

  name              = "${local.name}-watchdog"
  kms_master_key_id = aws_kms_key.logs.arn
}

resource "aws_sns_topic_policy" "watchdog" {
  count = local.prometheus_alerts ? 1 : 0

  arn = aws_sns_topic.watchdog[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Publish"
        Resource  = "arn:${local.partition}:sns:${var.region}:${local.account_id}:${aws_sns_topic.watchdog[0].name}"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        # https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-receiver-AMPpermission.html
        Sid       = "FromAps"
        Effect    = "Allow"
        Principal = { Service = "aps.amazonaws.com" }
        Action    = ["sns:GetTopicAttributes", "sns:Publish"]
        Resource  = "arn:${local.partition}:sns:${var.region}:${local.account_id}:${aws_sns_topic.watchdog[0].name}"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:aps:${var.region}:${local.account_id}:workspace/*" }
        }
      },
    ]
  })
}

# In a new environment it may ring once, before the first Watchdog is there, and takes that back.
resource "aws_cloudwatch_metric_alarm" "watchdog" {
  count = local.prometheus_alerts ? 1 : 0

  alarm_name          = "${local.name}-watchdog"
  alarm_description   = "No alert gets through: Watchdog, which always fires, has not arrived for ten minutes. Look at the workspace's log group for errors, at its rules and its Alertmanager; until then look at the dashboards by hand."
  namespace           = "AWS/SNS"
  metric_name         = "NumberOfMessagesPublished"
  statistic           = "Sum"
  dimensions          = { TopicName = aws_sns_topic.watchdog[0].name }
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 300
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# NotificationsFailing of the rules reads Alertmanager's own metrics, which AWS shows in CloudWatch alone.
# https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-CW-usage-metrics.html
resource "aws_cloudwatch_metric_alarm" "notifications" {
  count = local.prometheus_alerts ? 1 : 0

  alarm_name          = "${local.name}-notifications"
  alarm_description   = "Alerts could not be delivered. The workspace's log group says why: most often a policy of the topic or of its key."
  namespace           = "AWS/Prometheus"
  metric_name         = "AlertManagerNotificationsFailed"
  statistic           = "Sum"
  dimensions          = { Workspace = aws_prometheus_workspace.main.id }
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# A rule that fails says nothing: neither its alert, nor one that builds on what it records. Watchdog alone would still be sent. Counted
# over all groups of the workspace, since the metric has each group as a dimension.
resource "aws_cloudwatch_metric_alarm" "rules" {
  count = length(local.prometheus_rules) > 0 ? 1 : 0

  alarm_name          = "${local.name}-rules"
  alarm_description   = "A rule of Prometheus fails, so its alert can't fire. The workspace's log group names the rule and says why (component ruler); if a rollout of rules began it, take that back."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Metrics_Insights_Alarm.html
  metric_query {
    id          = "failures"
    label       = "Rules that failed"
    expression  = "SELECT SUM(RuleEvaluationFailures) FROM \"AWS/Prometheus\" WHERE Workspace = '${aws_prometheus_workspace.main.id}'"
    period      = 300
    return_data = true
  }
}
