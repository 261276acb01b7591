# Alarms: each reaches somebody and says what to do. Offline, with AWS mocked.
mock_provider "aws" {
  source          = "./mocks"
  override_during = plan
}

variables {
  environment      = "production"
  region           = "eu-central-1"
  repository       = "example/stockade"
  domain_name      = "shop.example.com"
  zone_id          = "Z0123456789ABCDEFGHIJ"
  image            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/stockade@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  security_contact = "mailto:security@example.com"
  alarm_emails     = ["ops@example.com"]
}

run "each_alarm_reaches_somebody_and_says_what_to_do" {
  command = plan

  assert {
    condition = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.main), values(aws_cloudwatch_metric_alarm.nat), [aws_cloudwatch_metric_alarm.deployment_errors]) :
    alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && alarm.ok_actions == toset([aws_sns_topic.alarms.arn]) && length(alarm.alarm_description) > 60])
    error_message = "An alarm reaches nobody, or does not say what to do."
  }

  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == aws_kms_key.logs.arn && [for address, subscription in aws_sns_topic_subscription.alarms : subscription.protocol] == ["email"]
    error_message = "The topic is unencrypted, or read by nobody."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.nat) == 3
    error_message = "A NAT gateway has no alarm."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.main["healthy-tasks"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.main["healthy-tasks"].threshold == 2 && aws_cloudwatch_metric_alarm.main["database-cpu"].treat_missing_data == "breaching"
    error_message = "Nobody is told when all tasks, or the database, are gone."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.deployment_errors.treat_missing_data == "notBreaching"
    error_message = "A rollout at night, without requests, would be taken back."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.main["latency"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.main["latency"].statistic == null
    error_message = "It looks at an average, which hides the slow ones."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.main["database-storage"].threshold == 2147483648 && aws_cloudwatch_metric_alarm.main["database-connections"].threshold == 160
    error_message = "Thresholds do not follow the database's variables."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.alarms.policy).Statement[0].Effect == "Deny" && jsondecode(aws_sns_topic_policy.alarms.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"
    error_message = "It takes what comes in the clear."
  }

  assert {
    condition = alltrue([for statement in slice(jsondecode(aws_sns_topic_policy.alarms.policy).Statement, 1, 4) :
    statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012" && startswith(statement.Condition.ArnLike["aws:SourceArn"], "arn:aws:") && length(setsubtract(statement.Action, ["sns:GetTopicAttributes", "sns:Publish"])) == 0])
    error_message = "Another account's alarms may publish."
  }

  assert {
    condition     = keys(aws_cloudwatch_event_rule.alarms) == ["database", "deployment"] && length(aws_cloudwatch_event_target.alarms) == 2
    error_message = "An event is told to nobody."
  }
}

run "a_preview_wakes_nobody" {
  command = plan

  variables {
    environment   = "preview-7"
    log_lock_mode = "GOVERNANCE"
    alarm_emails  = []
  }

  assert {
    condition     = length(aws_sns_topic_subscription.alarms) == 0 && aws_cloudwatch_metric_alarm.main["healthy-tasks"].threshold == 1
    error_message = "It wakes somebody."
  }
}

run "what_is_none_is_refused" {
  command = plan

  variables {
    alarm_emails           = ["ops"]
    alarm_error_percent    = 0
    alarm_latency_seconds  = 0
    alarm_blocked_requests = 0
  }

  expect_failures = [var.alarm_emails, var.alarm_error_percent, var.alarm_latency_seconds, var.alarm_blocked_requests]
}

run "what_never_rings_is_refused_and_production_has_somebody_to_wake" {
  command = plan

  variables {
    alarm_emails          = []
    alarm_error_percent   = 51
    alarm_latency_seconds = 31
  }

  expect_failures = [var.alarm_emails, var.alarm_error_percent, var.alarm_latency_seconds]
}
