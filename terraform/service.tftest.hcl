# The service's task, its network, and what it may do: offline, with AWS mocked.
mock_provider "aws" {
  source = "./mocks"
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

# First, while nothing is there: later the number of tasks is for autoscaling to say.
run "a_preview_is_small_and_nothing_goes_out_without_nat" {
  command = plan

  variables {
    environment         = "preview-7"
    deletion_protection = false
    log_lock_mode       = "GOVERNANCE"
    task_count          = 1
    nat_gateways        = "none"
    outbound_https      = false
  }

  assert {
    condition     = aws_ecs_service.service.desired_count == 1 && aws_secretsmanager_secret.oidc_client.recovery_window_in_days == 0
    error_message = "It is as large as production, or its secret's name is not free again at once."
  }

  assert {
    condition     = length(aws_vpc_security_group_egress_rule.service_to_internet) == 0
    error_message = "A rule for a way that is not there."
  }
}

run "the_task_is_confined_reaches_little_and_a_rollout_takes_itself_back" {
  assert {
    condition = alltrue([for container in jsondecode(aws_ecs_task_definition.service.container_definitions) :
    container.readonlyRootFilesystem && container.user == "65532:65532" && container.linuxParameters.capabilities == { add = [], drop = ["ALL"] }])
    error_message = "A container can write its root file system, is root, or has capabilities."
  }

  assert {
    condition     = [for container in jsondecode(aws_ecs_task_definition.service.container_definitions) : container.name] == ["service"]
    error_message = "Without an image of the collector there is the service alone."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].image == var.image
    error_message = "It runs another image than the one given."
  }

  assert {
    condition     = aws_ecs_task_definition.service.network_mode == "awsvpc" && aws_ecs_task_definition.service.requires_compatibilities == toset(["FARGATE"]) && aws_ecs_task_definition.service.runtime_platform[0].cpu_architecture == "ARM64"
    error_message = "It is not for Fargate on ARM64."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].ulimits == [{ name = "nofile", softLimit = 13024, hardLimit = 13024 }]
    error_message = "MAX_CONNECTIONS needs as many file descriptors, and some for files and the database."
  }

  assert {
    condition     = !aws_ecs_service.service.enable_execute_command && !aws_ecs_service.service.network_configuration[0].assign_public_ip
    error_message = "Somebody can get a shell in it, or it has a public address."
  }

  assert {
    condition     = local.service_containers == output.service_containers
    error_message = "What policies judge is not what ECS gets."
  }

  assert {
    condition     = endswith(regex("HEALTHCHECK[^\\n]*\\n *CMD (\\[.*\\])", file("../Dockerfile"))[0], trimprefix(replace(jsonencode(jsondecode(aws_ecs_task_definition.service.container_definitions)[0].healthCheck.command), "\",\"", "\", \""), "[\"CMD\", "))
    error_message = "The command is not the Dockerfile's."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].healthCheck.command[0] == "CMD"
    error_message = "There is no shell in the image: CMD, not CMD-SHELL."
  }

  assert {
    condition = regex("HEALTHCHECK ([^\\\\]*) ", file("../Dockerfile"))[0] == format("--interval=%ds --timeout=%ds --start-period=%ds --retries=%d",
      jsondecode(aws_ecs_task_definition.service.container_definitions)[0].healthCheck.interval,
      jsondecode(aws_ecs_task_definition.service.container_definitions)[0].healthCheck.timeout,
      jsondecode(aws_ecs_task_definition.service.container_definitions)[0].healthCheck.startPeriod,
    jsondecode(aws_ecs_task_definition.service.container_definitions)[0].healthCheck.retries)
    error_message = "Its times are not the Dockerfile's."
  }

  assert {
    condition     = strcontains(file("../Dockerfile"), "USER ${local.container_security.user}\nEXPOSE ${local.service_port} ${local.admin_port}\n")
    error_message = "User or ports are not the Dockerfile's."
  }

  assert {
    condition = length(setsubtract(
      ["DATABASE_URL", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_AUDIENCE", "PUBLIC_URL", "SECURITY_CONTACT", "PRIVACY_KMS_KEY"],
    [for each in concat(jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment, jsondecode(aws_ecs_task_definition.service.container_definitions)[0].secrets) : each.name])) == 0
    error_message = "app/config.ts refuses to start without one of them."
  }

  assert {
    condition     = alltrue([for name in keys(local.determined_settings) : can(regex("(?m)^# ${name}=", file("../.env.example")))])
    error_message = "A setting that the service does not know."
  }

  assert {
    condition     = [for each in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].secrets : each.name] == ["OIDC_CLIENT_SECRET"]
    error_message = "Secrets are given by reference, and no others than these."
  }

  assert {
    condition     = local.container_environment.DATABASE_URL == "postgres://service@${aws_db_instance.main.address}:5432/stockade" && local.container_environment.DATABASE_AUTH == "aws-iam"
    error_message = "It signs in to the database otherwise than with a token."
  }

  assert {
    condition     = local.container_environment.NODE_ENV == "production" && local.container_environment.PUBLIC_URL == "https://shop.example.com" && local.container_environment.TRUSTED_PROXIES == "1" && local.container_environment.LISTEN_TLS == "self-signed"
    error_message = "It does not know where it runs."
  }

  assert {
    condition     = aws_cloudwatch_log_group.service.kms_key_id == aws_kms_key.logs.arn && aws_cloudwatch_log_group.service.retention_in_days == 365
    error_message = "The log is readable, or gone too early."
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].logConfiguration == {
      logDriver = "awslogs"
      options   = { awslogs-group = "/stockade-production/service", awslogs-region = "eu-central-1", awslogs-stream-prefix = "ecs", mode = "non-blocking", max-buffer-size = "25m" }
    }
    error_message = "It logs elsewhere, or waits for its log."
  }

  assert {
    condition     = contains([for setting in aws_ecs_cluster.main.setting : "${setting.name}=${setting.value}"], "containerInsights=enabled")
    error_message = "Nobody sees how the tasks are."
  }
  assert {
    condition     = aws_ecs_service.service.deployment_circuit_breaker[0] == { enable = true, rollback = true }
    error_message = "The circuit breaker does not roll back."
  }

  assert {
    condition     = aws_ecs_service.service.alarms[0].enable && aws_ecs_service.service.alarms[0].rollback && aws_ecs_service.service.alarms[0].alarm_names == toset([aws_cloudwatch_metric_alarm.deployment_errors.alarm_name])
    error_message = "The alarm on errors does not roll back."
  }

  assert {
    condition     = aws_ecs_service.service.deployment_minimum_healthy_percent == 100 && aws_ecs_service.service.deployment_maximum_percent == 200 && aws_ecs_service.service.wait_for_steady_state
    error_message = "A rollout takes tasks away before new ones serve, or nobody waits for it."
  }

  assert {
    condition     = aws_ecs_service.service.desired_count == 2 && length(aws_ecs_service.service.network_configuration[0].subnets) >= 2 && aws_ecs_service.service.availability_zone_rebalancing == "ENABLED"
    error_message = "Not two tasks in two zones."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].stopTimeout > tonumber(local.container_environment.SHUTDOWN_UNREADY_SECONDS) + tonumber(local.container_environment.SHUTDOWN_DRAIN_SECONDS)
    error_message = "Fargate kills it before it has drained."
  }

  assert {
    condition     = tonumber(local.container_environment.SHUTDOWN_UNREADY_SECONDS) >= tonumber(aws_lb_target_group.service.deregistration_delay)
    error_message = "It closes while the load balancer still sends requests."
  }

  assert {
    condition     = tonumber(local.container_environment.LOAD_BALANCER_IDLE_SECONDS) == aws_lb.main.idle_timeout
    error_message = "The service closes idle connections before the load balancer does: 502 now and then."
  }
  assert {
    condition     = { for name, rule in aws_vpc_security_group_ingress_rule.service_from_load_balancer : name => [rule.from_port, rule.to_port, rule.ip_protocol] } == { service = [3000, 3000, "tcp"], admin = [9464, 9464, "tcp"] }
    error_message = "Other ports are open than those of the service and of its health."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.service_from_load_balancer : rule.referenced_security_group_id == aws_security_group.load_balancer.id && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "They are open to others than the load balancer."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.service_to_endpoints.referenced_security_group_id == aws_security_group.endpoints.id && aws_vpc_security_group_egress_rule.service_to_s3.prefix_list_id == aws_vpc_endpoint.s3.prefix_list_id
    error_message = "AWS is not reached by its endpoints."
  }

  assert {
    condition     = { for name, rule in aws_vpc_security_group_egress_rule.service_to_internet : name => rule.from_port } == { https = 443 }
    error_message = "More than HTTPS goes out by default."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.task.statement : statement.sid => sort(statement.actions) } == { KeysOfPeople = tolist(["kms:Decrypt", "kms:Encrypt"]), DatabaseLogin = tolist(["rds-db:connect"]) }
    error_message = "The service may do more, or less, than it needs."
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.task.statement : statement.sid => tolist(statement.resources) } == {
      KeysOfPeople  = tolist([aws_kms_key.personal_data.arn])
      DatabaseLogin = tolist(["arn:aws:rds-db:eu-central-1:123456789012:dbuser:${aws_db_instance.main.resource_id}/service"])
    }
    error_message = "It may do so with other keys, or as another login."
  }

  assert {
    condition     = aws_iam_role_policy.task.role == aws_iam_role.task.id && aws_ecs_task_definition.service.task_role_arn == aws_iam_role.task.arn && aws_ecs_task_definition.service.execution_role_arn == aws_iam_role.execution.arn
    error_message = "The roles are mixed up."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.execution.statement : statement.sid if contains(statement.resources, "*")] == ["RegistrySignIn"]
    error_message = "Only the registry's sign-in takes no resource."
  }

  assert {
    condition     = !anytrue(flatten([for statement in data.aws_iam_policy_document.execution.statement : [for action in statement.actions : strcontains(action, "*")]]))
    error_message = "A wildcard among the actions."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.execution.statement : tolist(statement.resources) if statement.sid == "Image"][0] == tolist(["arn:aws:ecr:eu-central-1:123456789012:repository/stockade"])
    error_message = "Another repository than the image's."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.execution.statement : tolist(statement.resources) if statement.sid == "Secrets"][0] == tolist([aws_secretsmanager_secret.oidc_client.arn])
    error_message = "Other secrets than the service's."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.execution.statement : one(statement.condition[*]).variable if statement.sid == "KeyOfSecrets"] == ["kms:ViaService"]
    error_message = "It may decrypt otherwise than through Secrets Manager."
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.tasks_trust.statement[0].condition : condition.variable => [condition.test, tolist(condition.values)] } == {
      "aws:SourceAccount" = ["StringEquals", tolist(["123456789012"])]
      "aws:SourceArn"     = ["ArnLike", tolist(["arn:aws:ecs:eu-central-1:123456789012:*"])]
    }
    error_message = "Another account's ECS could take them."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.tasks_trust.statement[0].principals).identifiers == toset(["ecs-tasks.amazonaws.com"])
    error_message = "Others than ECS could take them."
  }
}

run "further_settings_mail_and_the_boundary_where_they_are_asked_for" {
  variables {
    outbound_smtp        = true
    permissions_boundary = "arn:aws:iam::123456789012:policy/stockade-boundary"
    settings             = { LOG_LEVEL = "debug", ACCOUNTS_MAIL_FROM = "shop@example.com" }
    secret_settings      = { ACCOUNTS_KEYS = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stockade-production/accounts-keys-AbCdEf" }
  }

  assert {
    condition     = { for name, rule in aws_vpc_security_group_egress_rule.service_to_internet : name => [rule.from_port, rule.to_port, rule.cidr_ipv4] } == { https = [443, 443, "0.0.0.0/0"], smtp = [587, 587, "0.0.0.0/0"] }
    error_message = "587, and nothing else besides."
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.task, aws_iam_role.execution, aws_iam_role.migration] : role.permissions_boundary == "arn:aws:iam::123456789012:policy/stockade-boundary"])
    error_message = "A role without the boundary."
  }

  assert {
    condition     = contains(jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment, { name = "LOG_LEVEL", value = "debug" })
    error_message = "The setting is lost."
  }

  assert {
    condition     = contains(jsondecode(aws_ecs_task_definition.service.container_definitions)[0].secrets, { name = "ACCOUNTS_KEYS", valueFrom = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stockade-production/accounts-keys-AbCdEf" })
    error_message = "The secret is lost."
  }

  assert {
    condition     = contains([for statement in data.aws_iam_policy_document.execution.statement : statement.resources if statement.sid == "Secrets"][0], "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stockade-production/accounts-keys-AbCdEf")
    error_message = "ECS may not read it."
  }
}

run "what_a_wrong_value_would_weaken_is_refused" {
  command = plan

  variables {
    image              = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/stockade:latest"
    task_count         = 1
    task_cpu_units     = 300
    connections_max    = 65000
    database_pool_size = 0
    nat_gateways       = "none"
    outbound_smtp      = true
    security_contact   = "security@example.com"
    settings           = { ACCOUNTS_KEYS = "first:AAAA" }
    secret_settings    = { ACCOUNTS_KEYS = "first:AAAA" }
  }

  expect_failures = [
    var.image,
    var.task_count,
    var.task_cpu_units,
    var.connections_max,
    var.database_pool_size,
    var.outbound_https,
    var.outbound_smtp,
    var.security_contact,
    var.settings,
    var.secret_settings,
  ]
}

run "half_a_digest_no_task_too_little_memory_and_other_names_are_refused" {
  command = plan

  variables {
    environment     = "staging"
    image           = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/stockade@sha256:0123456789abcdef"
    task_count      = 0
    task_memory_mib = 512
    settings        = { log_level = "debug" }
  }

  expect_failures = [var.image, var.task_count, var.task_memory_mib, var.settings]
}

run "a_public_registry_and_memory_in_halves_of_a_gib_are_refused" {
  command = plan

  variables {
    image           = "docker.io/library/stockade@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    task_memory_mib = 1536
  }

  expect_failures = [var.image, var.task_memory_mib]
}

run "no_way_out_and_no_endpoints_are_refused" {
  command = plan

  variables {
    outbound_https      = false
    interface_endpoints = ["ecr.api"]
  }

  expect_failures = [var.outbound_https]
}

run "a_setting_that_is_said_twice_is_refused" {
  command = plan

  variables {
    settings = { TRUSTED_PROXIES = "2" }
  }

  expect_failures = [aws_ecs_task_definition.service]
}
