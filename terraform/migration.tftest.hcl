# The one-off task that migrates, and what a deployment is told: offline, with AWS mocked.
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

run "the_first_plan_makes_what_it_needs_and_not_the_service" {
  command = plan

  plan_options {
    target = [terraform_data.migration]
  }

  variables {
    # Refused by the service's task, where it is part of the plan.
    settings = { TRUSTED_PROXIES = "2" }
  }

  assert {
    condition     = terraform_data.migration.input == "stockade-production-migration"
    error_message = "It is not part of the plan."
  }

  assert {
    condition     = length(aws_route.private_nat) == 3 && aws_vpc_security_group_egress_rule.service_to_internet["https"].to_port == 443 && aws_vpc_security_group_egress_rule.service_to_endpoints.to_port == 443 && aws_vpc_security_group_egress_rule.service_to_s3.to_port == 443
    error_message = "The task could not reach the registry, the secret or the log."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.service_to_database.to_port == 5432 && aws_vpc_security_group_ingress_rule.database_from_service.to_port == 5432 && aws_db_instance.main.db_name == "stockade"
    error_message = "The task could not reach the database."
  }

  assert {
    condition     = aws_iam_role_policy.migration.name == "start" && aws_secretsmanager_secret.oidc_client.name == "stockade-production/oidc-client" && aws_cognito_user_pool_client.service[0].generate_secret
    error_message = "The task could not start, or the operator finds no secret to fill."
  }
}

run "it_is_confined_like_the_service_and_alone_reads_the_password" {
  assert {
    condition = alltrue([for name, value in local.container_security :
    jsonencode(jsondecode(aws_ecs_task_definition.migration.container_definitions)[0][name]) == jsonencode(value)])
    error_message = "It is confined otherwise than the service."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.migration.container_definitions)[0].image == var.image && jsondecode(aws_ecs_task_definition.migration.container_definitions)[0].name == "migration"
    error_message = "It migrates for other code than what will run."
  }

  assert {
    condition     = fileexists("../${reverse(jsondecode(aws_ecs_task_definition.migration.container_definitions)[0].command)[0]}")
    error_message = "There is no such command."
  }

  assert {
    condition     = length(setsubtract(slice(jsondecode(aws_ecs_task_definition.migration.container_definitions)[0].command, 0, 5), jsondecode(regex("\nCMD (\\[.*\\])", file("../Dockerfile"))[0]))) == 0
    error_message = "It is granted what the service is not."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.migration.container_definitions)[0].secrets == [{ name = "DATABASE_MIGRATION_PASSWORD", valueFrom = "${aws_db_instance.main.master_user_secret[0].secret_arn}:password::" }]
    error_message = "The owner's password comes otherwise than from where RDS changes it."
  }

  assert {
    condition     = local.migration_environment.DATABASE_MIGRATION_URL == "postgres://stockade_owner@${aws_db_instance.main.address}:5432/stockade" && local.migration_environment.DATABASE_SERVICE_LOGIN == "service" && local.migration_environment.NODE_ENV == "production"
    error_message = "It signs in as somebody else, or makes another login."
  }

  assert {
    condition     = aws_ecs_task_definition.migration.task_role_arn == null && aws_ecs_task_definition.migration.execution_role_arn == aws_iam_role.migration.arn && aws_ecs_task_definition.migration.runtime_platform[0].cpu_architecture == "ARM64"
    error_message = "It has rights of its own, or runs elsewhere."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.migration.statement : tolist(statement.resources) if statement.sid == "OwnerPassword"][0] == tolist([aws_db_instance.main.master_user_secret[0].secret_arn])
    error_message = "It may read other secrets."
  }

  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.execution.statement : contains(statement.resources, aws_db_instance.main.master_user_secret[0].secret_arn)])
    error_message = "The service's role may read the owner's password."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.migration.statement : statement.sid if contains(statement.resources, "*")] == ["RegistrySignIn"]
    error_message = "Only the registry's sign-in takes no resource."
  }

  assert {
    condition     = aws_cloudwatch_log_group.migration.kms_key_id == aws_kms_key.logs.arn && jsondecode(aws_ecs_task_definition.migration.container_definitions)[0].logConfiguration.options.mode == "blocking"
    error_message = "What it did is readable, or may be lost."
  }

  assert {
    condition = jsondecode(output.migration_network) == { awsvpcConfiguration = {
      subnets        = [for subnet in aws_subnet.private : subnet.id]
      securityGroups = [aws_security_group.service.id]
      assignPublicIp = "DISABLED"
    } }
    error_message = "The task would run in another network than the service."
  }

  assert {
    condition     = output.image == var.image && output.smoke_url == "https://shop.example.com/.well-known/security.txt" && output.cluster_name == "stockade-production" && output.service_name == "service" && output.migration_task_definition == "stockade-production-migration" && output.migration_log_group == "/stockade-production/migration" && output.service_log_group == "/stockade-production/service"
    error_message = "A deployment is told other names."
  }

  assert {
    condition     = output.service_task_definition == aws_ecs_task_definition.service.arn && output.migration_containers == local.migration_containers && output.oidc_client_secret == aws_secretsmanager_secret.oidc_client.arn
    error_message = "A deployment is told of other tasks."
  }
}
