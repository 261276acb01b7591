# Nobody changes or deletes a log, the one who wrote it included.

# METADATA
# title: A bucket that gets logs is locked, versioned, and emptied in time
# description: >-
#   Whoever breaks in deletes the logs next. A lock holds against every role of the account; in compliance mode against its root
#   too.
# custom:
#   remediation: >-
#     Object lock with a default retention of at least a day (COMPLIANCE in production), versioning Enabled, and a lifecycle rule
#     that expires.
#   severity: error
#   control: CIS AWS 3.3; AWS Well-Architected SEC04-BP02
#   resources: aws_s3_bucket that load balancers, flow logs, firewalls or trails write to
package terraform.log_buckets_are_locked

import data.lib.terraform

writers := {"aws_alb": ["access_logs", "connection_logs"], "aws_cloudtrail": ["s3_bucket_name"], "aws_flow_log": ["log_destination"], "aws_lb": ["access_logs", "connection_logs"], "aws_wafv2_web_acl_logging_configuration": ["log_destination_configs"]}

log_buckets contains bucket if {
	some writer in terraform.planned
	some attribute in writers[writer.type]
	some bucket in terraform.of_type({"aws_s3_bucket"})
	terraform.points_at(writer, attribute, bucket)
}

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "It gets logs, and no aws_s3_bucket_object_lock_configuration keeps them.") if {
	some bucket in log_buckets
	not is_locked(bucket)
}

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "It gets logs, and keeps no versions.") if {
	some bucket in log_buckets
	versioned := [versioning | some versioning in terraform.companions(bucket, {"aws_s3_bucket_versioning"}, "bucket"); terraform.setting(versioning, ["versioning_configuration", 0, "status"]) == "Enabled"]
	count(versioned) == 0
}

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "It gets logs, and nothing ever expires in it.") if {
	some bucket in log_buckets
	not expires(bucket)
}

is_locked(bucket) if {
	some lock in terraform.companions(bucket, {"aws_s3_bucket_object_lock_configuration"}, "bucket")
	retention := terraform.setting(lock, ["rule", 0, "default_retention", 0])
	some unit in ["days", "years"]
	retention[unit] > 0
	retention.mode in modes
}

modes := {"COMPLIANCE"} if terraform.is_production

modes := {"COMPLIANCE", "GOVERNANCE"} if not terraform.is_production

expires(bucket) if {
	some lifecycle in terraform.companions(bucket, {"aws_s3_bucket_lifecycle_configuration"}, "bucket")
	some rule in terraform.blocks(lifecycle, "rule")
	rule.status == "Enabled"
	rule.expiration[0].days > 0
}
