# The migration: a one-off task of the same image that brings the schema up to date, as its owner, before the service rolls out.
# Old and new code run on its schema for a while (expand, then contract), so that a rollback needs no migration back.
locals {
  migration_environment = {
    NODE_ENV               = "production"
    AWS_REGION             = var.region
    DATABASE_AUTH          = "aws-iam"
    DATABASE_MIGRATION_URL = "postgres://${aws_db_instance.main.username}@${aws_db_instance.main.address}:${aws_db_instance.main.port}/${aws_db_instance.main.db_name}"
    # It makes this login, with tokens of IAM and no password, and no more rights than row-level security holds.
    DATABASE_SERVICE_LOGIN = local.service_login
  }

  migration_containers = [merge(local.container_security, {
    name      = "migration"
    image     = var.image
    essential = true
    # The grants of the image's own command, without those that only the service needs.
    command     = ["--disable-warning=ExperimentalWarning", "--permission", "--allow-fs-read=/app", "--allow-fs-read=/run/secrets", "--allow-net", "app/migrate.command.ts"]
    environment = [for name in sort(keys(local.migration_environment)) : { name = name, value = local.migration_environment[name] }]
    # RDS changes it every seven days; a task that ends reads the one of today.
    secrets     = [{ name = "DATABASE_MIGRATION_PASSWORD", valueFrom = "${aws_db_instance.main.master_user_secret[0].secret_arn}:password::" }]
    stopTimeout = 120
    logConfiguration = {
      logDriver = "awslogs"
      # Blocking, unlike the service's: what a migration did may not be lost.
      options = {
        awslogs-region        = var.region
        awslogs-group         = aws_cloudwatch_log_group.migration.name
        awslogs-stream-prefix = "ecs"
        mode                  = "blocking"
      }
    }
  })]
}

resource "aws_cloudwatch_log_group" "migration" {
  name              = "/${local.name}/migration"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

# No task role: to AWS it is nobody.
resource "aws_ecs_task_definition" "migration" {
  family                   = "${local.name}-migration"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.migration.arn
  container_definitions    = jsonencode(local.migration_containers)

  # As the service's: a release that somebody goes back to brings its own.
  skip_destroy = var.deletion_protection

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }
}

# What ECS may do to start it. The only role that may read the owner's password, hence not the service's. What both have is written
# twice: by source_policy_documents a first plan would show none of it, and the policies on the plan could not judge it.
resource "aws_iam_role" "migration" {
  name                 = "${local.name}-migration"
  description          = "ECS, while it starts a migration of ${local.name}"
  assume_role_policy   = data.aws_iam_policy_document.tasks_trust.json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "migration" {
  statement {
    # Takes no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
    sid       = "RegistrySignIn"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "Image"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [local.repository_arn]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.migration.arn}:log-stream:*"]
  }

  statement {
    sid       = "OwnerPassword"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_db_instance.main.master_user_secret[0].secret_arn]
  }

  statement {
    sid       = "KeyOfSecrets"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.secrets.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.${local.dns_suffix}"]
    }
  }
}

resource "aws_iam_role_policy" "migration" {
  name   = "start"
  role   = aws_iam_role.migration.id
  policy = data.aws_iam_policy_document.migration.json
}

# The first time there is nothing to migrate in, and the service does not start before: a plan with
# -target=terraform_data.migration makes all that the task needs, and the secret to be filled; the full plan makes the rest.
resource "terraform_data" "migration" {
  input = aws_ecs_task_definition.migration.family

  depends_on = [
    aws_cognito_user_pool_client.service,
    aws_ecs_cluster.main,
    aws_iam_role_policy.migration,
    aws_route.private_nat,
    aws_route_table_association.private,
    aws_secretsmanager_secret_policy.oidc_client,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.service_to_database,
    aws_vpc_security_group_egress_rule.service_to_endpoints,
    aws_vpc_security_group_egress_rule.service_to_internet,
    aws_vpc_security_group_egress_rule.service_to_s3,
    aws_vpc_security_group_ingress_rule.database_from_service,
    aws_vpc_security_group_ingress_rule.endpoints_service,
  ]
}
