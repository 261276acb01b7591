# The keys, offline: who may use which.
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

  assert {
    condition     = alltrue([for key in [aws_kms_key.logs, aws_kms_key.database, aws_kms_key.secrets, aws_kms_key.personal_data] : key.enable_key_rotation && key.rotation_period_in_days == 365 && key.deletion_window_in_days == 30])
    error_message = "Every key gets new material each year, and can be called back for 30 days."
  }

  assert {
    condition = alltrue(flatten([for key in [aws_kms_key.logs, aws_kms_key.database, aws_kms_key.secrets, aws_kms_key.personal_data] : [
      for statement in jsondecode(key.policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]
    ]]))
    error_message = "No statement has a wildcard among its actions."
  }

  assert {
    condition = alltrue(flatten([for key in [aws_kms_key.logs, aws_kms_key.database, aws_kms_key.secrets, aws_kms_key.personal_data] : [
      for statement in jsondecode(key.policy).Statement : statement.Sid == "Events" || length(setintersection(flatten([statement.Action]), ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"])) == 0 || can(statement.Condition)
    ]]))
    error_message = "Nobody uses a key without a condition: administrators manage it, and can't read with it."
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.personal_data.policy).Statement : statement if statement.Sid != "Administration"] == [{ Sid = "Service", Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:role/${aws_iam_role.task.name}" }, Action = ["kms:Decrypt", "kms:Encrypt"], Resource = "*", Condition = { Null = { "kms:EncryptionContext:id" = "false", "kms:EncryptionContext:purpose" = "false" } } }]
    error_message = "The keys of people open for the service's own role, and for nobody else."
  }

  assert {
    condition     = { for statement in jsondecode(aws_kms_key.secrets.policy).Statement : statement.Sid => statement.Condition.StringEquals["kms:ViaService"] if statement.Sid != "Administration" } == { UseThroughServices = ["rds.eu-central-1.amazonaws.com", "secretsmanager.eu-central-1.amazonaws.com"], GrantsToServices = ["rds.eu-central-1.amazonaws.com", "secretsmanager.eu-central-1.amazonaws.com"] }
    error_message = "Secrets open through Secrets Manager, and RDS, which keeps the master password there."
  }

  assert {
    condition     = one([for statement in jsondecode(aws_kms_key.logs.policy).Statement : statement if statement.Sid == "Events"]) == { Sid = "Events", Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = "*" }
    error_message = "EventBridge can't encrypt what it publishes: it sends none of the keys that a condition could ask for."
  }

  assert {
    condition     = length(aws_cloudwatch_event_target.alarms) > 0 && alltrue([for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : try(statement.Condition.StringEquals["aws:SourceAccount"], "") == "123456789012" if try(statement.Principal.Service, "") == "events.amazonaws.com"])
    error_message = "Rules of another account may publish to the topic of the alarms."
  }

  assert {
    condition     = one([for statement in jsondecode(aws_kms_key.logs.policy).Statement : statement.Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"] if statement.Sid == "CloudWatchLogs"]) == "arn:aws:logs:eu-central-1:123456789012:log-group:*stockade-production*"
    error_message = "CloudWatch uses its key for this environment's log groups alone."
  }
}
