# Metrics: encrypted, logged, and the rules that there are. Offline, with AWS mocked.
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
    condition     = length(aws_prometheus_alert_manager_definition.main) == (length(aws_prometheus_rule_group_namespace.main) > 0 ? 1 : 0)
    error_message = "Alerts of the rules go nowhere."
  }
}

run "alerts_can_go_elsewhere" {
  command = plan

  variables {
    prometheus_folder         = "./mocks/prometheus"
    prometheus_alerts_enabled = false
  }

  assert {
    condition     = length(aws_prometheus_alert_manager_definition.main) == 0
    error_message = "They are sent all the same."
  }
}

run "rules_have_names_of_their_own_and_alerts_go_to_the_topic" {
  command = plan

  variables {
    prometheus_folder = "./mocks/prometheus"
  }

  assert {
    condition     = { for file, namespace in aws_prometheus_rule_group_namespace.main : file => namespace.name } == { "alerts.yaml" = "alerts", "deep/records.yml" = "deep-records" }
    error_message = "Configuration or tests are loaded as rules, or two files get one name."
  }

  assert {
    condition     = yamldecode(yamldecode(aws_prometheus_alert_manager_definition.main[0].definition).alertmanager_config).receivers[0].sns_configs[0].topic_arn == aws_sns_topic.alarms.arn
    error_message = "Alerts go elsewhere."
  }
}
