# What state_is_kept refuses, and what it lets pass.
package terraform.state_is_kept_test

import data.lib.terraform_plan as tf
import data.terraform.state_is_kept

denied(resources) := found if found := {finding.resource | some finding in state_is_kept.deny} with input as tf.plan(resources)

of_bucket := {"bucket": {"ref": "aws_s3_bucket.state.id"}}

bucket(force) := tf.resource("aws_s3_bucket", "state", {"bucket": "a", "force_destroy": force})

versions(status) := tf.resource("aws_s3_bucket_versioning", "state", object.union(of_bucket, {"versioning_configuration": [{"status": status}]}))

encryption(algorithm) := tf.resource("aws_s3_bucket_server_side_encryption_configuration", "state", object.union(of_bucket, {"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": algorithm}]}]}))

test_a_bucket_that_keeps_passes if denied([bucket(false), versions("Enabled"), encryption("aws:kms")]) == set()

test_each_hole_is_refused if {
	denied([bucket(false), encryption("aws:kms")]) == {"aws_s3_bucket.state"}
	denied([bucket(false), versions("Suspended"), encryption("aws:kms")]) == {"aws_s3_bucket.state"}
	denied([bucket(false), versions("Enabled"), encryption("AES256")]) == {"aws_s3_bucket.state"}
	denied([bucket(true), versions("Enabled"), encryption("aws:kms:dsse")]) == {"aws_s3_bucket.state"}
}

test_another_bucket_is_none if denied([tf.resource("aws_s3_bucket", "statements", {"force_destroy": true})]) == set()
