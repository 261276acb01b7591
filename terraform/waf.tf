# The web application firewall before the load balancer: AWS's rules against what is known, and a limit for each address.
variable "requests_per_address" {
  description = "Requests that one address may make in five minutes before it gets 403. More than five times RATE_LIMIT_ADDRESS: the service's own 429 says when to come back."
  type        = number
  default     = 8000
  nullable    = false

  validation {
    condition     = var.requests_per_address >= 100 && var.requests_per_address <= 100000 && floor(var.requests_per_address) == var.requests_per_address
    error_message = "requests_per_address is a whole number from 100 to 100000."
  }
}

variable "waf_counted_rules" {
  description = <<-EOT
    Rules of AWS's groups that only count and don't block, by group: the way out when one of them refuses what is right. The log
    shows which (terminatingRuleId). The service takes bodies of 64 KiB, of which the firewall sees the first 8: hence the default.
  EOT
  type        = map(set(string))
  default     = { AWSManagedRulesCommonRuleSet = ["SizeRestrictions_BODY"] }
  nullable    = false

  validation {
    condition     = alltrue([for group in keys(var.waf_counted_rules) : contains(["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet"], group)])
    error_message = "waf_counted_rules names the groups AWSManagedRulesAmazonIpReputationList, …KnownBadInputsRuleSet, …CommonRuleSet or …SQLiRuleSet."
  }
}

# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
# Each group is written out: in a dynamic block checkov would not see that the one against Log4j is there (CKV_AWS_192).
resource "aws_wafv2_web_acl" "main" {
  name        = local.name
  description = "Before the load balancer of ${local.name}"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "requests-per-address"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit                 = var.requests_per_address
        evaluation_window_sec = 300
        aggregate_key_type    = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "requests-per-address"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "AWSManagedRulesAmazonIpReputationList"
    priority = 10

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesAmazonIpReputationList"

        dynamic "rule_action_override" {
          for_each = lookup(var.waf_counted_rules, "AWSManagedRulesAmazonIpReputationList", [])

          content {
            name = rule_action_override.value

            action_to_use {
              count {}
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesAmazonIpReputationList"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "AWSManagedRulesKnownBadInputsRuleSet"
    priority = 20

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesKnownBadInputsRuleSet"

        dynamic "rule_action_override" {
          for_each = lookup(var.waf_counted_rules, "AWSManagedRulesKnownBadInputsRuleSet", [])

          content {
            name = rule_action_override.value

            action_to_use {
              count {}
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesKnownBadInputsRuleSet"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "AWSManagedRulesCommonRuleSet"
    priority = 30

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"

        dynamic "rule_action_override" {
          for_each = lookup(var.waf_counted_rules, "AWSManagedRulesCommonRuleSet", [])

          content {
            name = rule_action_override.value

            action_to_use {
              count {}
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesCommonRuleSet"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "AWSManagedRulesSQLiRuleSet"
    priority = 40

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesSQLiRuleSet"

        dynamic "rule_action_override" {
          for_each = lookup(var.waf_counted_rules, "AWSManagedRulesSQLiRuleSet", [])

          content {
            name = rule_action_override.value

            action_to_use {
              count {}
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "AWSManagedRulesSQLiRuleSet"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.name
    sampled_requests_enabled   = true
  }

  tags = { Name = local.name }
}

resource "aws_wafv2_web_acl_association" "load_balancer" {
  resource_arn = aws_lb.main.arn
  web_acl_arn  = aws_wafv2_web_acl.main.arn
}

# The prefix is WAF's own demand.
resource "aws_cloudwatch_log_group" "waf" {
  name              = "aws-waf-logs-${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

# Else WAF would write one by itself, which nobody owns and which is still there after a destroy.
resource "aws_cloudwatch_log_resource_policy" "waf" {
  policy_name = "${local.name}-waf"

  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "WafLogs"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.waf.name}:*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:logs:${var.region}:${local.account_id}:*" }
      }
    }]
  })
}

# What was refused or counted; what passed stands in the load balancer's log. Without what signs a person in.
resource "aws_wafv2_web_acl_logging_configuration" "main" {
  resource_arn            = aws_wafv2_web_acl.main.arn
  log_destination_configs = [aws_cloudwatch_log_group.waf.arn]

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }

      condition {
        action_condition {
          action = "COUNT"
        }
      }

      # What a rule counted that would have blocked.
      condition {
        action_condition {
          action = "EXCLUDED_AS_COUNT"
        }
      }
    }
  }

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }

  redacted_fields {
    query_string {}
  }

  depends_on = [aws_cloudwatch_log_resource_policy.waf]
}
