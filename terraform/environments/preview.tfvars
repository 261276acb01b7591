# A pull request's own environment, which is destroyed with it; the workflow names it (TF_VAR_environment=preview-N). Small, and
# nothing in it resists.
availability_zone_count = 2
nat_gateways            = "one"
interface_endpoints     = []

deletion_protection = false
log_retention_days  = 7
log_lock_mode       = "GOVERNANCE"
log_lock_days       = 1

database_instance_class = "db.t4g.micro"
database_multi_az       = false
database_backup_days    = 7
database_final_snapshot = false
backup_days             = 7
backup_vault_lock       = "none"

task_cpu_units  = 256
task_memory_mib = 512
task_count      = 1
task_count_max  = 2
connections_max = 1000
cognito_tier    = "LITE"
