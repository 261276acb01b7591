# What wakes somebody: alarms and events go to one encrypted topic. Each description says what to look at first.

variable "alarm_emails" {
  description = "Addresses that alarms are sent to; each has to confirm the message that AWS sends once. An alarm without a reader is none."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@\\s,]+@[^@\\s,]+\\.[a-z]{2,}$", address))])
    error_message = "alarm_emails are e-mail addresses."
  }

  validation {
    condition     = var.environment != "production" || length(var.alarm_emails) > 0
    error_message = "Production needs somebody in alarm_emails."
  }
}

variable "alarm_error_percent" {
  description = "Share of requests that the service answers with 5xx, in percent, from which on it is an alarm, and a rollout is taken back."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.alarm_error_percent > 0 && var.alarm_error_percent <= 50
    error_message = "alarm_error_percent is above 0 and at most 50."
  }
}

variable "alarm_latency_seconds" {
  description = "The slowest answer of a hundred, in seconds, from which on it is an alarm."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.alarm_latency_seconds >= 0.05 && var.alarm_latency_seconds <= 30
    error_message = "alarm_latency_seconds is between 0.05 and 30."
  }
}

variable "alarm_blocked_requests" {
  description = "Requests that the firewall blocks in five minutes, from which on it is an alarm."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.alarm_blocked_requests >= 1
    error_message = "alarm_blocked_requests is at least 1."
  }
}

locals {
  load_balancer_dimensions = { LoadBalancer = aws_lb.main.arn_suffix }
  target_dimensions        = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = aws_lb_target_group.service.arn_suffix }
  service_dimensions       = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.service.name }
  database_dimensions      = { DBInstanceIdentifier = aws_db_instance.main.identifier }

  # `missing`: what no data means. Counters of ELB and WAF have none where nothing happened, which is good. Tasks and database always
  # have some: healthy-tasks and database-cpu tell when they are silent, so that the other figures need not.
  alarms = {
    load-balancer-errors = {
      metric     = ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum"], dimensions = local.load_balancer_dimensions
      comparison = "GreaterThanThreshold", threshold = 10, period_seconds = 60, periods = 5, of = 3, missing = "notBreaching"
      do         = "The load balancer itself answers 5xx: no healthy task, or connections that break. Look at the target group's health and the stopped tasks' reasons in ECS."
    }
    latency = {
      metric     = ["AWS/ApplicationELB", "TargetResponseTime", "p99"], dimensions = local.target_dimensions
      comparison = "GreaterThanThreshold", threshold = var.alarm_latency_seconds, period_seconds = 60, periods = 15, of = 10, missing = "notBreaching"
      do         = "One answer of a hundred is slow. Look at the database's load in Database Insights, then at traces of slow requests, then at CPU and scaling."
    }
    unhealthy-tasks = {
      metric     = ["AWS/ApplicationELB", "UnHealthyHostCount", "Maximum"], dimensions = local.target_dimensions
      comparison = "GreaterThanThreshold", threshold = 0, period_seconds = 60, periods = 10, of = 8, missing = "notBreaching"
      do         = "A task does not answer /livez and is not replaced either. Read its log up to the last line, and the service's events in ECS."
    }
    healthy-tasks = {
      metric     = ["AWS/ApplicationELB", "HealthyHostCount", "Minimum"], dimensions = local.target_dimensions
      comparison = "LessThanThreshold", threshold = local.is_production ? 2 : 1, period_seconds = 60, periods = 3, of = 3, missing = "breaching"
      do         = "Fewer tasks are healthy than must be: an outage, or close to one. Read why tasks stop in ECS; if a rollout began it, deploy the release before."
    }
    service-cpu = {
      metric     = ["AWS/ECS", "CPUUtilization", "Average"], dimensions = local.service_dimensions
      comparison = "GreaterThanThreshold", threshold = 85, period_seconds = 60, periods = 15, of = 15, missing = "notBreaching"
      do         = "Scaling does not keep up. Look whether the highest number of tasks is reached, and raise it; or whether one client asks for it all."
    }
    service-memory = {
      metric     = ["AWS/ECS", "MemoryUtilization", "Maximum"], dimensions = local.service_dimensions
      comparison = "GreaterThanThreshold", threshold = 85, period_seconds = 60, periods = 10, of = 10, missing = "notBreaching"
      do         = "A task will be killed for its memory. Does it grow with time (a leak: deploy the release before) or with connections (more tasks, or larger ones)?"
    }
    database-cpu = {
      metric     = ["AWS/RDS", "CPUUtilization", "Average"], dimensions = local.database_dimensions
      comparison = "GreaterThanThreshold", threshold = 80, period_seconds = 300, periods = 3, of = 3, missing = "breaching"
      do         = "The database is busy, or silent. Database Insights shows which statement it is; a larger database_instance_class helps meanwhile. Silent: look at the instance's events."
    }
    database-storage = {
      # RDS lets the storage grow once less than a tenth is free for five minutes; after that it has reached its limit, or may not yet.
      metric     = ["AWS/RDS", "FreeStorageSpace", "Minimum"], dimensions = local.database_dimensions
      comparison = "LessThanThreshold", threshold = var.database_storage_gib * 1024 * 1024 * 1024 / 10, period_seconds = 300, periods = 3, of = 3, missing = "notBreaching"
      do         = "The disk fills and does not grow by itself. Raise database_storage_limit_gib and apply; then look for the table, or a replication slot that nobody reads. A full disk stops the database."
    }
    database-connections = {
      metric     = ["AWS/RDS", "DatabaseConnections", "Maximum"], dimensions = local.database_dimensions
      comparison = "GreaterThanThreshold", threshold = floor(var.database_max_connections * 0.8), period_seconds = 60, periods = 5, of = 5, missing = "notBreaching"
      do         = "Soon the database refuses connections. The most tasks times DATABASE_POOL_SIZE has to fit twice: fewer of either, or raise database_max_connections (it takes effect at a restart)."
    }
    database-memory = {
      metric     = ["AWS/RDS", "FreeableMemory", "Minimum"], dimensions = local.database_dimensions
      comparison = "LessThanThreshold", threshold = 256 * 1024 * 1024, period_seconds = 300, periods = 3, of = 3, missing = "notBreaching"
      do         = "Little memory is left for the database. Fewer connections, or a larger database_instance_class."
    }
    database-transaction-ids = {
      # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Autovacuum.html
      metric     = ["AWS/RDS", "MaximumUsedTransactionIDs", "Maximum"], dimensions = local.database_dimensions
      comparison = "GreaterThanThreshold", threshold = 1000000000, period_seconds = 300, periods = 3, of = 3, missing = "notBreaching"
      do         = "Vacuum does not keep up, and at two thousand millions the database takes no more writes. Look for old transactions and prepared ones, then vacuum the oldest tables."
    }
    database-tokens = {
      metric     = ["AWS/RDS", "IamDbAuthConnectionFailure", "Sum"], dimensions = local.database_dimensions
      comparison = "GreaterThanThreshold", threshold = 10, period_seconds = 60, periods = 5, of = 3, missing = "notBreaching"
      do         = "Logins with IAM tokens fail. The log group ending in iam-db-auth-error says why: the task role's rds-db:connect, or a login without rds_iam (run the migration task). From elsewhere: an attack."
    }
    blocked-requests = {
      metric     = ["AWS/WAFV2", "BlockedRequests", "Sum"], dimensions = { WebACL = aws_wafv2_web_acl.main.visibility_config[0].metric_name, Region = var.region, Rule = "ALL" }
      comparison = "GreaterThanThreshold", threshold = var.alarm_blocked_requests, period_seconds = 300, periods = 1, of = 1, missing = "notBreaching"
      do         = "Many requests are blocked. The firewall's log says by which rule and from where: an attack needs nothing while latency is good; where it is your own client, correct the rule."
    }
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${local.name}-alarms"
  kms_master_key_id = aws_kms_key.logs.arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Publish"
        Resource  = "arn:${local.partition}:sns:${var.region}:${local.account_id}:${aws_sns_topic.alarms.name}"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [for service, source in {
        "cloudwatch.amazonaws.com" = "cloudwatch:${var.region}:${local.account_id}:alarm:${local.name}-*"
        "events.amazonaws.com"     = "events:${var.region}:${local.account_id}:rule/${local.name}-*"
        "aps.amazonaws.com"        = "aps:${var.region}:${local.account_id}:workspace/*"
        } : {
        Sid       = "From${title(split(".", service)[0])}"
        Effect    = "Allow"
        Principal = { Service = service }
        # Alertmanager asks for the topic before it publishes.
        Action   = service == "aps.amazonaws.com" ? ["sns:GetTopicAttributes", "sns:Publish"] : ["sns:Publish"]
        Resource = "arn:${local.partition}:sns:${var.region}:${local.account_id}:${aws_sns_topic.alarms.name}"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:${source}" }
        }
      }]
    )
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "main" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.do
  namespace           = each.value.metric[0]
  metric_name         = each.value.metric[1]
  statistic           = startswith(each.value.metric[2], "p") ? null : each.value.metric[2]
  extended_statistic  = startswith(each.value.metric[2], "p") ? each.value.metric[2] : null
  dimensions          = each.value.dimensions
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period_seconds
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.of
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# ECS takes a rollout back on it, so it is quick, and may not refer to the ECS service. If it is in alarm already when a rollout
# begins, it is left out of account, so that a mend can be deployed.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
resource "aws_cloudwatch_metric_alarm" "deployment_errors" {
  alarm_name          = "${local.name}-service-errors"
  alarm_description   = "The service answers 5xx. A rollout that runs is taken back by itself: read the new tasks' log. Else search the log for level error, group by route, and look at the database's alarms."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm_error_percent
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  dynamic "metric_query" {
    for_each = { errors = "HTTPCode_Target_5XX_Count", requests = "RequestCount" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = local.target_dimensions
        stat        = "Sum"
        period      = 60
      }
    }
  }

  # Few requests count as twenty, so that one error at night is no alarm.
  metric_query {
    id          = "percent"
    label       = "5xx of requests, in percent"
    expression  = "100 * FILL(errors, 0) / IF(requests < 20, 20, requests)"
    return_data = true
  }
}

resource "aws_cloudwatch_metric_alarm" "nat" {
  for_each = aws_nat_gateway.main

  alarm_name          = "${local.name}-nat-${each.key}"
  alarm_description   = "The NAT gateway has no port left for new connections, so calls to the identity provider or mail fail. See in the flow logs which destination has so many; a second address doubles the ports."
  namespace           = "AWS/NATGateway"
  metric_name         = "ErrorPortAllocation"
  statistic           = "Sum"
  dimensions          = { NatGatewayId = each.value.id }
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# What happens once and has no metric.
locals {
  alarm_events = {
    deployment = {
      # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
      pattern = { source = ["aws.ecs"], "detail-type" = ["ECS Deployment State Change"], resources = [aws_ecs_service.service.id], detail = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] } }
      reason  = "$.detail.reason"
      do      = "A rollout failed and is taken back; the release before serves. Read why its tasks stopped, and their log."
    }
    database = {
      # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
      pattern = { source = ["aws.rds"], "detail-type" = ["RDS DB Instance Event"], resources = [aws_db_instance.main.arn], detail = { EventCategories = ["failover", "failure", "low storage", "security"] } }
      reason  = "$.detail.Message"
      do      = "The database had an event that somebody should know of. After a failover see that /readyz answers again; it should by itself."
    }
  }
}

resource "aws_cloudwatch_event_rule" "alarms" {
  for_each = local.alarm_events

  name          = "${local.name}-${each.key}"
  description   = each.value.do
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "alarms" {
  for_each = local.alarm_events

  rule      = aws_cloudwatch_event_rule.alarms[each.key].name
  target_id = "alarms"
  arn       = aws_sns_topic.alarms.arn

  input_transformer {
    input_paths    = { reason = each.value.reason, time = "$.time" }
    input_template = "\"${local.name}, <time>: <reason> ${each.value.do}\""
  }
}
