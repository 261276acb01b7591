# Metrics: encrypted, logged, the rules that there are, and who hears of their alerts. Offline, with AWS mocked.
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
  collector_image  = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/aws-otel-collector@sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
}

run "metrics_are_encrypted_and_each_file_of_rules_is_loaded" {
  command = plan

  assert {
    condition     = aws_prometheus_workspace.main.kms_key_arn == aws_kms_key.logs.arn && aws_prometheus_workspace.main.logging_configuration[0].log_group_arn == "${aws_cloudwatch_log_group.metrics.arn}:*"
    error_message = "The workspace is unencrypted or unlogged."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.metrics.name, "/aws/vendedlogs/") && aws_cloudwatch_log_group.metrics.kms_key_id == aws_kms_key.logs.arn
    error_message = "AWS can't write to a group of that name, or it is under another key."
  }

  assert {
    condition     = toset(keys(aws_prometheus_rule_group_namespace.main)) == toset([for file in fileset("${path.module}/../observability/prometheus", "**/*.{yaml,yml}") : file if !endswith(file, ".test.yaml") && !endswith(file, ".test.yml") && !contains(["prometheus.yaml", "prometheus.yml"], basename(file))])
    error_message = "A file of rules is left out, or something else is loaded."
  }

  assert {
    condition     = length(aws_prometheus_rule_group_namespace.main) >= 7 && length(aws_prometheus_alert_manager_definition.main) == 1
    error_message = "The rules are not loaded, or their alerts go nowhere."
  }
}

run "alerts_go_where_alertmanager_sends_them_on_a_laptop" {
  command = plan

  assert {
    condition     = yamldecode(yamldecode(aws_prometheus_alert_manager_definition.main[0].definition).alertmanager_config).route == yamldecode(file("../observability/alertmanager/alertmanager.yaml")).route
    error_message = "Pages, tickets and security's alerts go other ways than those that are tested."
  }

  assert {
    condition     = length(yamldecode(yamldecode(aws_prometheus_alert_manager_definition.main[0].definition).alertmanager_config).inhibit_rules) >= 3 && yamldecode(yamldecode(aws_prometheus_alert_manager_definition.main[0].definition).alertmanager_config).inhibit_rules == yamldecode(file("../observability/alertmanager/alertmanager.yaml")).inhibit_rules
    error_message = "One cause makes many calls."
  }

  assert {
    condition     = toset([for receiver in yamldecode(yamldecode(aws_prometheus_alert_manager_definition.main[0].definition).alertmanager_config).receivers : receiver.name]) == toset(["page", "ticket", "security", "watchdog"])
    error_message = "A route has no receiver: AWS refuses the definition."
  }

  assert {
    condition     = alltrue([for receiver in yamldecode(yamldecode(aws_prometheus_alert_manager_definition.main[0].definition).alertmanager_config).receivers : toset(keys(receiver)) == toset(["name", "sns_configs"]) && receiver.sns_configs[0].sigv4 == { region = "eu-central-1" } && receiver.sns_configs[0].attributes.receiver == receiver.name])
    error_message = "A receiver is of a kind that AWS has not, is not signed for, or can't be told from the others."
  }

  assert {
    condition     = toset(keys(yamldecode(yamldecode(aws_prometheus_alert_manager_definition.main[0].definition).alertmanager_config))) == toset(["route", "inhibit_rules", "receivers"])
    error_message = "AWS has no other parts of the configuration."
  }
}

run "the_watchdog_wakes_nobody_until_it_is_silent" {
  command = plan

  override_resource {
    target          = aws_sns_topic.watchdog
    override_during = plan
    values          = { arn = "arn:aws:sns:eu-central-1:123456789012:stockade-production-watchdog" }
  }

  assert {
    condition = { for receiver in yamldecode(yamldecode(aws_prometheus_alert_manager_definition.main[0].definition).alertmanager_config).receivers : receiver.name => receiver.sns_configs[*].topic_arn } == {
      page     = [aws_sns_topic.alarms.arn]
      ticket   = [aws_sns_topic.alarms.arn]
      security = [aws_sns_topic.alarms.arn]
      watchdog = ["arn:aws:sns:eu-central-1:123456789012:stockade-production-watchdog"]
    }
    error_message = "The alert that always fires goes to people, or another one does not."
  }

  assert {
    condition     = !contains([for subscription in aws_sns_topic_subscription.alarms : subscription.topic_arn], aws_sns_topic.watchdog[0].arn) && output.watchdog_topic == aws_sns_topic.watchdog[0].arn
    error_message = "Somebody gets a mail every minute, or nobody can subscribe a service elsewhere."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.watchdog[0].dimensions == tomap({ TopicName = "stockade-production-watchdog" }) && aws_cloudwatch_metric_alarm.watchdog[0].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.watchdog[0].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.watchdog[0].threshold == 1
    error_message = "Its silence is not noticed."
  }

  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.watchdog[0], aws_cloudwatch_metric_alarm.notifications[0]] : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && alarm.ok_actions == toset([aws_sns_topic.alarms.arn]) && length(alarm.alarm_description) > 60])
    error_message = "An alarm reaches nobody, or does not say what to do."
  }

  assert {
    condition     = aws_sns_topic.watchdog[0].kms_master_key_id == aws_kms_key.logs.arn && aws_sns_topic_policy.watchdog[0].arn == aws_sns_topic.watchdog[0].arn
    error_message = "The topic is unencrypted, or its policy is another one's."
  }

  assert {
    condition = alltrue([for policy in [aws_sns_topic_policy.alarms.policy, aws_sns_topic_policy.watchdog[0].policy] : jsonencode([for statement in jsondecode(policy).Statement : [statement.Action, statement.Condition] if statement.Principal == { Service = "aps.amazonaws.com" }]) == jsonencode([
      [["sns:GetTopicAttributes", "sns:Publish"], { ArnLike = { "aws:SourceArn" = "arn:aws:aps:eu-central-1:123456789012:workspace/*" }, StringEquals = { "aws:SourceAccount" = "123456789012" } }]
    ])])
    error_message = "Managed Prometheus may not send, or another account's may."
  }
}

run "a_rule_that_fails_is_heard" {
  command = plan

  assert {
    condition     = [for query in aws_cloudwatch_metric_alarm.rules[0].metric_query : [query.expression, query.period, query.return_data]] == [["SELECT SUM(RuleEvaluationFailures) FROM \"AWS/Prometheus\" WHERE Workspace = '${aws_prometheus_workspace.main.id}'", 300, true]]
    error_message = "It counts something else than this workspace’s rules that fail."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.rules[0].comparison_operator == "GreaterThanThreshold" && aws_cloudwatch_metric_alarm.rules[0].threshold == 0 && aws_cloudwatch_metric_alarm.rules[0].treat_missing_data == "notBreaching"
    error_message = "One rule that fails is not enough, or that none does would ring."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.rules[0].alarm_actions == toset([aws_sns_topic.alarms.arn]) && aws_cloudwatch_metric_alarm.rules[0].ok_actions == toset([aws_sns_topic.alarms.arn]) && length(aws_cloudwatch_metric_alarm.rules[0].alarm_description) > 60
    error_message = "The alarm reaches nobody, or does not say what to do."
  }
}

run "a_watchdog_that_would_wake_people_is_refused" {
  command = plan

  variables {
    alertmanager_file = "./mocks/alertmanager.yaml"
  }

  expect_failures = [aws_prometheus_alert_manager_definition.main]
}

run "without_the_collector_there_is_nothing_to_alert_on" {
  command = plan

  variables {
    collector_image = null
  }

  assert {
    condition     = length(aws_prometheus_rule_group_namespace.main) + length(aws_prometheus_alert_manager_definition.main) + length(aws_sns_topic.watchdog) + length(aws_cloudwatch_metric_alarm.watchdog) + length(aws_cloudwatch_metric_alarm.notifications) + length(aws_cloudwatch_metric_alarm.rules) == 0 && output.watchdog_topic == null
    error_message = "MetricsAbsent calls for ever."
  }
}

run "alerts_can_go_elsewhere" {
  command = plan

  variables {
    prometheus_folder         = "./mocks/prometheus"
    prometheus_alerts_enabled = false
  }

  assert {
    condition     = length(aws_prometheus_alert_manager_definition.main) + length(aws_cloudwatch_metric_alarm.watchdog) == 0
    error_message = "They are sent all the same, or an alarm waits for them."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.rules) == 1
    error_message = "Rules that record may fail, and nobody hears of it."
  }
}

run "rules_have_names_of_their_own" {
  command = plan

  variables {
    prometheus_folder = "./mocks/prometheus"
  }

  assert {
    condition     = { for file, namespace in aws_prometheus_rule_group_namespace.main : file => namespace.name } == { "alerts.yaml" = "alerts", "deep/records.yml" = "deep-records" }
    error_message = "Configuration or tests are loaded as rules, or two files get one name."
  }
}
