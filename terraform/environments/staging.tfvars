# Staging: as production is built, at less cost. One NAT gateway, two zones, logs that an administrator may still delete.
environment = "staging"

availability_zone_count = 2
nat_gateways            = "one"
interface_endpoints     = []

deletion_protection = true
log_retention_days  = 90
log_lock_mode       = "GOVERNANCE"
log_lock_days       = 7

database_instance_class = "db.t4g.small"
database_multi_az       = false
database_backup_days    = 7
backup_days             = 7

task_cpu_units  = 512
task_memory_mib = 1024
task_count      = 2
task_count_max  = 4
