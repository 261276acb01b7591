# Production: nothing hangs on one zone, and what is logged can't be taken back. What is this account's own (region, domain_name,
# zone_id, repository, image, permissions_boundary) comes from the workflow as TF_VAR_….
environment = "production"

availability_zone_count = 3
nat_gateways            = "per-zone"

deletion_protection = true
log_retention_days  = 365
log_lock_mode       = "COMPLIANCE"
log_lock_days       = 90

database_instance_class = "db.t4g.medium"
database_multi_az       = true
database_backup_days    = 30
backup_days             = 30
backup_vault_lock       = "governance"
budget_monthly_usd      = 500

task_cpu_units  = 1024
task_memory_mib = 2048
task_count      = 2
task_count_max  = 6
