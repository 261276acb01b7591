# The service: ECS on Fargate, read-only, nobody's rights, at least two tasks in different zones, a rollout that takes itself back.
variable "image" {
  description = "Container image, by digest, in the registry that bootstrap/ makes: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:…"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[a-z0-9]+([._/-][a-z0-9]+)*@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image is in a private ECR registry and ends in @sha256: and 64 hexadecimal digits: a tag can be moved to other code."
  }
}

variable "security_contact" {
  description = "Where people report a vulnerability: mailto:, https:// or tel:. Published in security.txt."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(mailto:[!-~]+@|https://|tel:[+]?[0-9])[!-~]+$", var.security_contact))
    error_message = "security_contact is a URI that begins with mailto:, https:// or tel:."
  }
}

variable "task_cpu_units" {
  description = "CPU of a task, in units of 1/1024 vCPU. The service is one process of one thread; what is beyond 1024 is for the collector."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.task_cpu_units)
    error_message = "task_cpu_units is one that Fargate has: 256, 512, 1024, 2048 or 4096."
  }
}

variable "task_memory_mib" {
  description = "Memory of a task, in MiB."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
    condition     = var.task_memory_mib >= 2 * var.task_cpu_units && var.task_memory_mib <= min(8 * var.task_cpu_units, 30720) && (var.task_memory_mib % 1024 == 0 || var.task_memory_mib == 512)
    error_message = "task_memory_mib is 2 to 8 times task_cpu_units, at most 30720, and whole GiB (or 512)."
  }
}

variable "task_count" {
  description = "Tasks that run at least. Fargate spreads them over the zones."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.task_count >= 1 && var.task_count <= 100 && floor(var.task_count) == var.task_count
    error_message = "task_count is a whole number from 1 to 100."
  }

  validation {
    condition     = var.environment != "production" || var.task_count >= 2
    error_message = "Production needs a task_count of 2 or more: one in each of two zones."
  }
}

variable "connections_max" {
  description = "MAX_CONNECTIONS of a task, live streams among them: as many file descriptors, and some for itself, does it get."
  type        = number
  default     = 12000
  nullable    = false

  validation {
    condition     = var.connections_max >= 10 && var.connections_max <= 60000 && floor(var.connections_max) == var.connections_max
    error_message = "connections_max is a whole number from 10 to 60000."
  }
}

variable "database_pool_size" {
  description = "Connections to the database of a task; times tasks, twice over during a rollout, they stay below database_max_connections."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.database_pool_size >= 1 && var.database_pool_size <= 500 && floor(var.database_pool_size) == var.database_pool_size
    error_message = "database_pool_size is a whole number from 1 to 500."
  }
}

variable "outbound_https" {
  description = "Whether the service may open connections to port 443 anywhere, through NAT: to the identity provider, Cognito too."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = !var.outbound_https || var.nat_gateways != "none"
    error_message = "outbound_https needs nat_gateways: without one the provider is not reached, and the service does not get ready."
  }

  validation {
    condition     = var.outbound_https || length(setsubtract(["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager"], var.interface_endpoints)) == 0
    error_message = "Without outbound_https no task starts unless interface_endpoints has ecr.api, ecr.dkr, kms, logs and secretsmanager."
  }
}

variable "outbound_smtp" {
  description = "Whether the service may open connections to port 587 anywhere, through NAT: to a mail server, which local accounts need."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.outbound_smtp || var.nat_gateways != "none"
    error_message = "outbound_smtp needs nat_gateways."
  }
}

variable "settings" {
  description = "Further settings of .env.example and of features, by name. No secret: these are for all to read who may read the task definition."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "settings have names of capital letters, digits and underscores."
  }

  validation {
    condition     = alltrue([for name in keys(var.settings) : !can(regex("(SECRET|PASSWORD|TOKEN|KEYS?|CREDENTIALS?|SMTP_URL|VALKEY_URL|_FILE)$", name))])
    error_message = "settings hold no secret: put it into Secrets Manager, and its ARN into secret_settings."
  }
}

variable "secret_settings" {
  description = "Further settings that are secrets, by name: the ARNs of secrets in Secrets Manager, encrypted with the key of this environment."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, arn in var.secret_settings : can(regex("^[A-Z][A-Z0-9_]*$", name)) && can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$", arn))])
    error_message = "secret_settings are names of capital letters with the ARN of a whole secret: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME."
  }
}

locals {
  repository_name = regex("/([^@]+)@", var.image)[0]
  repository_arn  = join(":", ["arn", local.partition, "ecr", split(".", var.image)[3], split(".", var.image)[0], "repository/${local.repository_name}"])

  # Fargate has taken a stopping task out of the load balancer before it sends SIGTERM, and waited for the deregistration delay; new
  # requests come no more. "Not ready" for that long again costs nothing and holds where somebody else stops the task.
  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
  unready_seconds = local.deregistration_seconds
  drain_seconds   = 45
  # Fargate's most is 120.
  stop_timeout_seconds = local.unready_seconds + local.drain_seconds + 15

  # What follows from the infrastructure, and is said nowhere else.
  determined_settings = merge(
    {
      NODE_ENV                   = "production"
      HOST                       = "0.0.0.0"
      ADMIN_HOST                 = "0.0.0.0"
      PORT                       = tostring(local.service_port)
      ADMIN_PORT                 = tostring(local.admin_port)
      PUBLIC_URL                 = "https://${var.domain_name}"
      SECURITY_CONTACT           = var.security_contact
      AWS_REGION                 = var.region
      DATABASE_AUTH              = "aws-iam"
      DATABASE_URL               = "postgres://${local.service_login}@${aws_db_instance.main.address}:${aws_db_instance.main.port}/${aws_db_instance.main.db_name}"
      DATABASE_POOL_SIZE         = tostring(var.database_pool_size)
      PRIVACY_KMS_KEY            = aws_kms_key.personal_data.arn
      LISTEN_TLS                 = "self-signed"
      LOAD_BALANCER_IDLE_SECONDS = tostring(local.load_balancer_idle_seconds)
      MAX_CONNECTIONS            = tostring(var.connections_max)
      SHUTDOWN_DRAIN_SECONDS     = tostring(local.drain_seconds)
      SHUTDOWN_UNREADY_SECONDS   = tostring(local.unready_seconds)
      # The load balancer writes X-Forwarded-For, nobody before it.
      TRUSTED_PROXIES = "1"
    },
    local.oidc_settings,
    local.trace_settings, # optional: collector.tf
  )

  container_environment = merge(var.settings, local.determined_settings)

  container_secrets = merge(
    var.secret_settings,
    { OIDC_CLIENT_SECRET = aws_secretsmanager_secret.oidc_client.arn },
    var.cache_enabled ? { VALKEY_URL = local.cache_secret_arn } : {}, # optional: cache.tf
  )

  # The login that the migration makes, and the only one that a task may ask a token for.
  service_login = "service"

  # What every container is held to. Fargate sets no-new-privileges by itself, and takes no privileged container.
  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html
  container_security = {
    readonlyRootFilesystem = true
    user                   = "65532:65532"
    linuxParameters = {
      capabilities = { add = [], drop = ["ALL"] }
      # Node is process 1, starts no other, and answers SIGTERM itself.
      initProcessEnabled = false
    }
    ulimits = [{ name = "nofile", softLimit = var.connections_max + 1024, hardLimit = var.connections_max + 1024 }]
  }

  # A container that waits for its log stands still: after 25 MiB of waiting lines the oldest are lost instead.
  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
  log_options = {
    awslogs-region  = var.region
    mode            = "non-blocking"
    max-buffer-size = "25m"
  }

  service_containers = concat([merge(local.container_security, {
    name      = "service"
    image     = var.image
    essential = true
    portMappings = [
      { name = "service", containerPort = local.service_port, hostPort = local.service_port, protocol = "tcp" },
      { name = "admin", containerPort = local.admin_port, hostPort = local.admin_port, protocol = "tcp" },
    ]
    environment = [for name in sort(keys(local.container_environment)) : { name = name, value = local.container_environment[name] }]
    secrets     = [for name in sort(keys(local.container_secrets)) : { name = name, valueFrom = local.container_secrets[name] }]
    # The Dockerfile's, word for word, since ECS does not look at the image's: service.tftest.hcl compares them.
    healthCheck = {
      command     = ["CMD", "/nodejs/bin/node", "--disable-warning=ExperimentalWarning", "--permission", "--allow-net", "--allow-fs-read=/app", "/app/app/healthcheck.command.ts"]
      interval    = 10
      timeout     = 5
      startPeriod = 30
      retries     = 3
    }
    stopTimeout = local.stop_timeout_seconds
    logConfiguration = {
      logDriver = "awslogs"
      options   = merge(local.log_options, { awslogs-group = aws_cloudwatch_log_group.service.name, awslogs-stream-prefix = "ecs" })
    }
    },
    { for each in local.collector_containers : "dependsOn" => [{ containerName = each.name, condition = "START" }] }, # optional: collector.tf
    )],
    local.collector_containers, # optional: collector.tf
  )
}

resource "aws_ecs_cluster" "main" {
  name = local.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_cloudwatch_log_group" "service" {
  name              = "/${local.name}/service"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_ecs_task_definition" "service" {
  family                   = "${local.name}-service"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task_cpu_units
  memory                   = var.task_memory_mib
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode(local.service_containers)

  # ECS starts no task of a revision that was deregistered, and after the apply it may still want the one before: the bake time of the
  # alarms is not over. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deregister-task-definition-v2.html
  skip_destroy = var.deletion_protection

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  lifecycle {
    # What a rollback goes back to stays until the new one serves.
    create_before_destroy = true

    precondition {
      condition     = length(setintersection(keys(var.settings), keys(local.determined_settings))) == 0
      error_message = "settings repeat what follows from the infrastructure: ${join(", ", setintersection(keys(var.settings), keys(local.determined_settings)))}."
    }

    precondition {
      condition     = local.stop_timeout_seconds <= 120
      error_message = "Fargate gives a task at most 120 seconds to stop: lower the deregistration delay."
    }
  }
}

# gates:allow terraform_follows_practice/CKV_AWS_332 until 2027-11-20: 1.4.0 is the latest for Linux, and by its number a plan shows when it changes
resource "aws_ecs_service" "service" {
  name            = "service"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.service.arn
  launch_type     = "FARGATE"
  # Not LATEST: what runs changes with a plan that somebody has read.
  platform_version = "1.4.0"

  desired_count                      = var.task_count
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"
  # Its own health check allows 30 seconds for the start.
  health_check_grace_period_seconds = 60

  # Nobody gets a shell in production: there is none in the image, and this lets nobody bring one.
  enable_execute_command  = false
  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"

  # `terraform apply` ends when the new tasks serve, or fails when they were rolled back (the postcondition below).
  wait_for_steady_state = true

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.deployment_errors.alarm_name]
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.service.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.service.arn
    container_name   = "service"
    container_port   = local.service_port
  }

  timeouts {
    create = "20m"
    update = "30m"
  }

  lifecycle {
    # Autoscaling's, from the first minute on.
    ignore_changes = [desired_count]

    precondition {
      condition     = length(aws_subnet.private) >= 2
      error_message = "Tasks need private subnets in at least two zones."
    }

    # The provider takes a rollback for a steady state: https://github.com/hashicorp/terraform-provider-aws/issues/20858
    postcondition {
      condition     = self.task_definition == aws_ecs_task_definition.service.arn
      error_message = "ECS has taken the rollout back: the tasks of before serve. The log of the service says why its new ones did not."
    }
  }

  depends_on = [
    aws_lb_listener_rule.service,
    aws_iam_role_policy.collector,       # optional: collector.tf
    aws_iam_role_policy.collector_start, # optional: collector.tf
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    # Without a way to the registry, the secrets and the log its tasks fail one after the other, and the circuit breaker takes the first rollout back.
    aws_route.private_nat,
    aws_route_table_association.private,
    aws_vpc_endpoint.interface,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.service_to_endpoints,
    aws_vpc_security_group_egress_rule.service_to_internet,
    aws_vpc_security_group_egress_rule.service_to_s3,
    aws_vpc_security_group_ingress_rule.endpoints_service,
    aws_vpc_security_group_ingress_rule.service_from_load_balancer,
  ]
}

# Who may talk to a task, and to whom it may talk. The database and the cache bring their own rules; DNS needs none.
resource "aws_security_group" "service" {
  name_prefix            = "${local.name}-service-"
  description            = "Tasks of the service, and its migration"
  vpc_id                 = aws_vpc.main.id
  revoke_rules_on_delete = true

  tags = { Name = "${local.name}-service" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "service_from_load_balancer" {
  for_each = { service = local.service_port, admin = local.admin_port }

  security_group_id            = aws_security_group.service.id
  referenced_security_group_id = aws_security_group.load_balancer.id
  description                  = each.key == "admin" ? "Health checks" : "Requests"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_egress_rule" "service_to_endpoints" {
  security_group_id            = aws_security_group.service.id
  referenced_security_group_id = aws_security_group.endpoints.id
  description                  = "AWS services by their endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# Where the layers of images are.
resource "aws_vpc_security_group_egress_rule" "service_to_s3" {
  security_group_id = aws_security_group.service.id
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  description       = "Image layers"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "service_to_internet" {
  for_each = merge(var.outbound_https ? { https = 443 } : {}, var.outbound_smtp ? { smtp = 587 } : {})

  security_group_id = aws_security_group.service.id
  cidr_ipv4         = "0.0.0.0/0"
  description       = each.key == "https" ? "Identity provider" : "Mail server"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

# ECS may hand these roles to tasks of this account in this region, and to nobody else's (the confused deputy).
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#create_task_iam_policy_and_role
data "aws_iam_policy_document" "tasks_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:ecs:${var.region}:${local.account_id}:*"]
    }
  }
}

# What the running service may do: open the keys of people, and sign in to the database as one login.
resource "aws_iam_role" "task" {
  name                 = "${local.name}-task"
  description          = "The running service of ${local.name}"
  assume_role_policy   = data.aws_iam_policy_document.tasks_trust.json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "task" {
  statement {
    sid       = "KeysOfPeople"
    actions   = ["kms:Decrypt", "kms:Encrypt"]
    resources = [aws_kms_key.personal_data.arn]
  }

  statement {
    sid       = "DatabaseLogin"
    actions   = ["rds-db:connect"]
    resources = ["arn:${local.partition}:rds-db:${var.region}:${local.account_id}:dbuser:${aws_db_instance.main.resource_id}/${local.service_login}"]
  }
}

resource "aws_iam_role_policy" "task" {
  name   = "service"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}

# What ECS may do to start it: pull this image, write to this log, read these secrets.
resource "aws_iam_role" "execution" {
  name                 = "${local.name}-execution"
  description          = "ECS, while it starts a task of ${local.name}"
  assume_role_policy   = data.aws_iam_policy_document.tasks_trust.json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "execution" {
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
    resources = ["${aws_cloudwatch_log_group.service.arn}:log-stream:*"]
  }

  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = values(local.container_secrets)
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

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}
