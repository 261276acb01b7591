# Valkey, in which the tasks count rate limits together. Without it each task counts for itself, and sign-ins in the database; so it
# is off until that is too coarse.

variable "cache_prepared" {
  description = "Whether there is a Valkey for the rate limits, which nobody uses yet. Run the output cache_password_command before the next step."
  type        = bool
  default     = false
  nullable    = false
}

variable "cache_enabled" {
  description = "Whether the service counts its rate limits in Valkey; its tasks do not start before cache_password_command has been run once."
  type        = bool
  default     = false
  nullable    = false
}

variable "cache_node_type" {
  description = "Node type; what is in it are counters of one minute."
  type        = string
  default     = "cache.t4g.micro"
  nullable    = false

  validation {
    condition     = can(regex("^cache\\.[a-z0-9]+\\.[a-z0-9]+$", var.cache_node_type))
    error_message = "cache_node_type is a node type of ElastiCache such as cache.t4g.micro."
  }
}

locals {
  cache_count = var.cache_prepared || var.cache_enabled ? 1 : 0

  # ElastiCache wants id and name of a user alike before it may be one of IAM.
  cache_user       = "${local.name}-service"
  cache_secret_arn = one(aws_secretsmanager_secret.cache[*].arn)
}

resource "aws_elasticache_replication_group" "main" {
  count = local.cache_count

  replication_group_id = local.name
  description          = "Rate limits that hold for all tasks"
  engine               = "valkey"
  engine_version       = "8.0"
  parameter_group_name = "default.valkey8"
  node_type            = var.cache_node_type
  port                 = 6379

  # A replica in another zone. Where the whole of it is away, tasks count for themselves.
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true

  subnet_group_name          = aws_elasticache_subnet_group.main[0].name
  security_group_ids         = [aws_security_group.cache[0].id]
  user_group_ids             = [aws_elasticache_user_group.main[0].id]
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.database.arn

  # No copies: it holds nothing that is missed after a minute.
  snapshot_retention_limit   = 0
  maintenance_window         = "sun:04:00-sun:05:00"
  auto_minor_version_upgrade = true
  apply_immediately          = false

  dynamic "log_delivery_configuration" {
    for_each = toset(["slow-log", "engine-log"])

    content {
      destination      = aws_cloudwatch_log_group.cache[0].name
      destination_type = "cloudwatch-logs"
      log_format       = "json"
      log_type         = log_delivery_configuration.key
    }
  }
}

resource "aws_elasticache_subnet_group" "main" {
  count = local.cache_count

  name        = local.name
  description = "The subnets that have no way to the internet"
  subnet_ids  = [for subnet in aws_subnet.data : subnet.id]
}

# It may do what the counting of app/http/rate-limit.ts does, to those keys. Made as a user of IAM, as whom nobody may sign in: a
# password from here would stand in the state, so cache_password_command sets it.
resource "aws_elasticache_user" "service" {
  count = local.cache_count

  user_id       = local.cache_user
  user_name     = local.cache_user
  engine        = "valkey"
  access_string = "on ~rate:* -@all +ping +hello +auth +eval +set +incrby +pttl +expire"

  authentication_mode {
    type = "iam"
  }

  lifecycle {
    ignore_changes = [authentication_mode]
  }
}

resource "aws_elasticache_user_group" "main" {
  count = local.cache_count

  user_group_id = local.name
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.service[0].user_id]
}

# gates:allow terraform_follows_practice/CKV2_AWS_57 until 2027-11-20: cache_password_command rotates it, since the user's password changes with it; Secrets Manager would need a function to run
resource "aws_secretsmanager_secret" "cache" {
  count = local.cache_count

  name                    = "${local.name}/valkey-url"
  description             = "VALKEY_URL of the service, with its password, which cache_password_command makes"
  kms_key_id              = aws_kms_key.secrets.arn
  recovery_window_in_days = var.deletion_protection ? 30 : 0
}

resource "aws_cloudwatch_log_group" "cache" {
  count = local.cache_count

  name              = "/aws/elasticache/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_security_group" "cache" {
  count = local.cache_count

  name        = "${local.name}-cache"
  description = "Valkey, for the service alone"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${local.name}-cache" }
}

resource "aws_vpc_security_group_ingress_rule" "cache_from_service" {
  count = local.cache_count

  description                  = "Valkey from the service"
  security_group_id            = aws_security_group.cache[0].id
  referenced_security_group_id = aws_security_group.service.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_egress_rule" "service_to_cache" {
  count = local.cache_count

  description                  = "Valkey"
  security_group_id            = aws_security_group.service.id
  referenced_security_group_id = aws_security_group.cache[0].id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

output "cache_password_command" {
  description = "Gives the cache's user a new password and the secret the address with it; null without a cache. Deploy anew after it, until when running tasks keep their connections."
  value = local.cache_count == 0 ? null : join(" && ", [
    "password=$(aws secretsmanager get-random-password --region ${var.region} --password-length 48 --exclude-punctuation --query RandomPassword --output text)",
    "aws elasticache modify-user --region ${var.region} --user-id ${local.cache_user} --authentication-mode \"Type=password,Passwords=$password\"",
    "aws secretsmanager put-secret-value --region ${var.region} --secret-id ${local.name}/valkey-url --secret-string \"rediss://${local.cache_user}:$password@${aws_elasticache_replication_group.main[0].primary_endpoint_address}:6379\"",
  ])
}
