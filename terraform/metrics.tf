# Amazon Managed Service for Prometheus: what the collector writes, the rules of observability/prometheus/, and their alerts.

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

locals {
  prometheus_folder = "${path.module}/${var.prometheus_folder}"

  # Beside the rules stand the configuration of a Prometheus on a laptop, and the tests of the rules.
  prometheus_rules = toset([
    for file in fileset(local.prometheus_folder, "**/*.{yaml,yml}") : file
    if !can(regex("(^|/)prometheus\\.ya?ml$|\\.test\\.ya?ml$", file))
  ])
  prometheus_alerts = var.prometheus_alerts_enabled && length(local.prometheus_rules) > 0
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

resource "aws_prometheus_alert_manager_definition" "main" {
  count = local.prometheus_alerts ? 1 : 0

  workspace_id = aws_prometheus_workspace.main.id
  definition = yamlencode({
    alertmanager_config = yamlencode({
      route = {
        receiver        = "alarms"
        group_by        = ["alertname"]
        group_wait      = "30s"
        group_interval  = "5m"
        repeat_interval = "4h"
      }
      receivers = [{
        name = "alarms"
        sns_configs = [{
          topic_arn     = aws_sns_topic.alarms.arn
          send_resolved = true
          sigv4         = { region = var.region }
          attributes    = { severity = "{{ .CommonLabels.severity }}" }
        }]
      }]
    })
  })
}
