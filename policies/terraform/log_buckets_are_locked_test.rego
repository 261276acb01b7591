# What log_buckets_are_locked refuses, and what it lets pass.
package terraform.log_buckets_are_locked_test

import data.lib.terraform_plan as tf
import data.terraform.log_buckets_are_locked

denied(resources) := found if found := {finding.resource | some finding in log_buckets_are_locked.deny} with input as tf.plan(resources)

denied_in(environment, resources) := found if found := {finding.resource | some finding in log_buckets_are_locked.deny} with input as tf.in_environment(environment, resources)

of_bucket := {"bucket": {"ref": "aws_s3_bucket.logs.id"}}

writer := tf.patched(tf.resource("aws_lb", "main", {"access_logs": [{"enabled": true}]}), [{"op": "add", "path": "/configured/expressions/access_logs", "value": [{"bucket": {"references": ["aws_s3_bucket.logs.id", "aws_s3_bucket.logs"]}}]}])

bucket := tf.resource("aws_s3_bucket", "logs", {})

lock(mode, days) := tf.resource("aws_s3_bucket_object_lock_configuration", "logs", object.union(of_bucket, {"rule": [{"default_retention": [{"mode": mode, "days": days, "years": null}]}]}))

versions(status) := tf.resource("aws_s3_bucket_versioning", "logs", object.union(of_bucket, {"versioning_configuration": [{"status": status}]}))

lifecycle(rule) := tf.resource("aws_s3_bucket_lifecycle_configuration", "logs", object.union(of_bucket, {"rule": [rule]}))

ends := {"status": "Enabled", "expiration": [{"days": 400}]}

test_a_locked_bucket_passes if denied([writer, bucket, lock("COMPLIANCE", 30), versions("Enabled"), lifecycle(ends)]) == set()

test_each_hole_is_refused if {
	denied([writer, bucket, versions("Enabled"), lifecycle(ends)]) == {"aws_s3_bucket.logs"}
	denied([writer, bucket, lock("GOVERNANCE", 30), versions("Enabled"), lifecycle(ends)]) == {"aws_s3_bucket.logs"}
	denied([writer, bucket, lock("COMPLIANCE", 0), versions("Enabled"), lifecycle(ends)]) == {"aws_s3_bucket.logs"}
	denied([writer, bucket, lock("COMPLIANCE", 30), versions("Suspended"), lifecycle(ends)]) == {"aws_s3_bucket.logs"}
	denied([writer, bucket, lock("COMPLIANCE", 30), versions("Enabled"), lifecycle({"status": "Disabled", "expiration": [{"days": 400}]})]) == {"aws_s3_bucket.logs"}
}

test_staging_may_use_the_other_mode if denied_in("staging", [writer, bucket, lock("GOVERNANCE", 30), versions("Enabled"), lifecycle(ends)]) == set()

test_a_bucket_without_logs_is_none if denied([bucket]) == set()
