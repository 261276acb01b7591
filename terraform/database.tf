# RDS for PostgreSQL: one instance with a standby in another zone, reached over TLS 1.3 by the service alone, with tokens of IAM.
# Its backups hold the keys of personal data, so none of them may be older than 30 days: .github/RESTORE.md.

variable "database_instance_class" {
  description = "Instance class; a burstable one (t4g) is cheap, and slow once its credits are used up."
  type        = string
  default     = "db.t4g.medium"
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.database_instance_class))
    error_message = "database_instance_class is a class of RDS such as db.t4g.medium."
  }
}

variable "database_storage_gib" {
  description = "Storage to begin with, in GiB."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.database_storage_gib >= 20 && var.database_storage_gib <= 65536 && floor(var.database_storage_gib) == var.database_storage_gib
    error_message = "database_storage_gib is a whole number of at least 20, the least of gp3."
  }
}

variable "database_storage_limit_gib" {
  description = "How far the storage may grow by itself, in GiB: the bound of what a runaway table costs. It never shrinks."
  type        = number
  default     = 100
  nullable    = false

  # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
  validation {
    condition     = var.database_storage_limit_gib >= 1.26 * var.database_storage_gib
    error_message = "database_storage_limit_gib has to be at least 26 % above database_storage_gib, or AWS warns that it can't grow."
  }
}

variable "database_multi_az" {
  description = "Whether a standby in another zone takes over when the instance or its zone fails. Doubles the cost; production must."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.database_multi_az || var.environment != "production"
    error_message = "Production needs database_multi_az."
  }
}

variable "database_max_connections" {
  description = "Connections that PostgreSQL takes: the most tasks, times DATABASE_POOL_SIZE, twice over during a rollout, and some for people."
  type        = number
  default     = 200
  nullable    = false

  validation {
    condition     = var.database_max_connections >= 50 && var.database_max_connections <= 5000 && floor(var.database_max_connections) == var.database_max_connections
    error_message = "database_max_connections is a whole number between 50 and 5000."
  }
}

variable "database_backup_days" {
  description = "How far back the database can be restored to any moment, in days. Never above 30: an erased person's key must be gone by then."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.database_backup_days >= 7 && var.database_backup_days <= 30 && floor(var.database_backup_days) == var.database_backup_days
    error_message = "database_backup_days is a whole number between 7 and 30: less is no backup, more keeps the keys of people who were erased."
  }
}

variable "database_final_snapshot" {
  description = "Whether a destroy leaves a snapshot behind. It has the keys of people and no expiry: delete it within 30 days. Production must."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.database_final_snapshot || var.environment != "production"
    error_message = "Production needs database_final_snapshot."
  }
}

variable "database_final_snapshot_number" {
  description = "Part of the final snapshot's name; raise it where an earlier one of that name is still there, or the destroy fails."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.database_final_snapshot_number >= 1 && floor(var.database_final_snapshot_number) == var.database_final_snapshot_number
    error_message = "database_final_snapshot_number is a whole number from 1 on."
  }
}

variable "database_authority" {
  description = "Amazon's authority that signs the server's certificate; the service knows all three of each region."
  type        = string
  default     = "rds-ca-ecc384-g1"
  nullable    = false

  validation {
    condition     = contains(["rds-ca-ecc384-g1", "rds-ca-rsa4096-g1", "rds-ca-rsa2048-g1"], var.database_authority)
    error_message = "database_authority is rds-ca-ecc384-g1, rds-ca-rsa4096-g1 or rds-ca-rsa2048-g1."
  }
}

locals {
  # Also in the names of the log groups, which have to be there before the instance: RDS would make them unencrypted and for ever.
  database_identifier = local.name

  database_parameters = {
    "rds.accepted_password_auth_method"   = "scram"
    "ssl_min_protocol_version"            = "TLSv1.3" # ASVS 5.0, 12.1.1; RDS has it from PostgreSQL 16 on.
    "log_connections"                     = "1"
    "log_disconnections"                  = "1"
    "log_lock_waits"                      = "1"
    "log_statement"                       = "ddl"   # Changes of tables, roles and rights; what people do is in the audit trail, so no pgaudit.
    "log_min_duration_statement"          = "1000"  # Milliseconds.
    "log_parameter_max_length"            = "0"     # Values are personal data; the statements have placeholders.
    "idle_in_transaction_session_timeout" = "60000" # Milliseconds; such a session holds back vacuum.
  }
}

resource "aws_db_parameter_group" "main" {
  name_prefix = "${local.name}-"
  family      = "postgres17"
  description = "TLS 1.3 and SCRAM alone, and a log without values"

  # Read at PostgreSQL's start, or its default already, which RDS reports as pending whatever one says.
  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "pending-reboot"
  }

  parameter {
    name         = "max_connections"
    value        = var.database_max_connections
    apply_method = "pending-reboot"
  }

  parameter {
    name         = "log_parameter_max_length_on_error"
    value        = "0"
    apply_method = "pending-reboot"
  }

  dynamic "parameter" {
    for_each = local.database_parameters

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  # Another family means another group, and the instance has to leave this one first.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_subnet_group" "main" {
  name        = local.name
  description = "The subnets that have no way to the internet"
  subnet_ids  = [for subnet in aws_subnet.data : subnet.id]
}

resource "aws_db_instance" "main" {
  identifier     = local.database_identifier
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.database_instance_class
  db_name        = "stockade"
  port           = 5432

  # The owner of the schema. RDS makes its password, keeps it in Secrets Manager, and changes it every seven days.
  username                            = "stockade_owner"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.secrets.arn
  iam_database_authentication_enabled = true

  multi_az               = var.database_multi_az
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false
  network_type           = "IPV4"
  ca_cert_identifier     = var.database_authority
  parameter_group_name   = aws_db_parameter_group.main.name

  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.database.arn
  allocated_storage     = var.database_storage_gib
  max_allocated_storage = var.database_storage_limit_gib

  # UTC. AWS Backup (backup.tf) comes at 06:00: it fails within these windows and the hour before them.
  backup_window               = "01:30-02:00"
  maintenance_window          = "sun:03:00-sun:04:00"
  apply_immediately           = false
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false

  backup_retention_period   = var.database_backup_days
  delete_automated_backups  = true
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.database_final_snapshot
  final_snapshot_identifier = var.database_final_snapshot ? "${local.database_identifier}-final-${var.database_final_snapshot_number}" : null

  enabled_cloudwatch_logs_exports       = keys(aws_cloudwatch_log_group.database)
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.database_monitoring.arn
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.database.arn
  performance_insights_retention_period = 7 # Days; more is paid for.

  depends_on = [aws_iam_role_policy.database_monitoring]
}

resource "aws_cloudwatch_log_group" "database" {
  for_each = toset(["postgresql", "upgrade", "iam-db-auth-error"])

  name              = "/aws/rds/instance/${local.database_identifier}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_security_group" "database" {
  name        = "${local.name}-database"
  description = "PostgreSQL, for the service alone"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${local.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "database_from_service" {
  description                  = "PostgreSQL from the service and its migrations"
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = aws_security_group.service.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_vpc_security_group_egress_rule" "service_to_database" {
  description                  = "PostgreSQL"
  security_group_id            = aws_security_group.service.id
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

# Figures of the operating system go to the log group RDSOSMetrics, which RDS makes and all instances of the account share.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html
resource "aws_iam_role" "database_monitoring" {
  name                 = "${local.name}-database-monitoring"
  description          = "Lets RDS write the figures of this instance's operating system"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals    = { "aws:SourceArn" = "arn:${local.partition}:rds:${var.region}:${local.account_id}:db:${local.database_identifier}" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "database_monitoring" {
  name = "write-figures"
  role = aws_iam_role.database_monitoring.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
        Resource = "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:RDSOSMetrics"
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:GetLogEvents"]
        Resource = "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:RDSOSMetrics:log-stream:*"
      },
    ]
  })
}
