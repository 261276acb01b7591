# The web application firewall, offline: what it blocks, and what it writes down.
mock_provider "aws" {
  source = "./mocks"
}

variables {
  environment      = "production"
  region           = "eu-central-1"
  repository       = "example/shop"
  domain_name      = "shop.example.com"
  zone_id          = "Z0123456789ABCDEFGHIJ"
  image            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  security_contact = "mailto:security@example.com"
  alarm_emails     = ["ops@example.com"]
}

run "production" {
  command = plan

  variables {
    requests_per_address = 100
  }

  assert {
    condition     = { for rule in aws_wafv2_web_acl.main.rule : rule.name => rule.priority } == { requests-per-address = 1, AWSManagedRulesAmazonIpReputationList = 10, AWSManagedRulesKnownBadInputsRuleSet = 20, AWSManagedRulesCommonRuleSet = 30, AWSManagedRulesSQLiRuleSet = 40 }
    error_message = "The limit comes first, then AWS's groups, each once."
  }

  assert {
    condition     = alltrue([for rule in aws_wafv2_web_acl.main.rule : length(rule.action[0].block) == 1 && rule.statement[0].rate_based_statement[0].limit == 100 if rule.name == "requests-per-address"])
    error_message = "Who asks too often is blocked."
  }

  assert {
    condition     = alltrue([for rule in aws_wafv2_web_acl.main.rule : length(rule.override_action[0].none) == 1 && length(rule.override_action[0].count) == 0 if rule.name != "requests-per-address"])
    error_message = "AWS's groups block, and don't only count."
  }

  assert {
    condition     = flatten([for rule in aws_wafv2_web_acl.main.rule : [for override in rule.statement[0].managed_rule_group_statement[0].rule_action_override : "${rule.name} ${override.name}"] if rule.name != "requests-per-address"]) == ["AWSManagedRulesCommonRuleSet SizeRestrictions_BODY"]
    error_message = "But for the one that would refuse what the service takes."
  }

  assert {
    condition     = toset(flatten([for field in aws_wafv2_web_acl_logging_configuration.main.redacted_fields : concat([for header in field.single_header : header.name], [for query in field.query_string : "?"])])) == toset(["authorization", "cookie", "?"])
    error_message = "What signs a person in is not in the log."
  }

  assert {
    condition     = aws_cloudwatch_log_group.waf.name == "aws-waf-logs-stockade-production" && aws_cloudwatch_log_group.waf.retention_in_days == 365
    error_message = "The log has the name that WAF demands, and lasts a year."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_log_resource_policy.waf.policy_document).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Only on this account's behalf may AWS write into it."
  }
}
