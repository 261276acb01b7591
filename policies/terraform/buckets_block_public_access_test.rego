# What buckets_block_public_access refuses, and what it lets pass.
package terraform.buckets_block_public_access_test

import data.lib.terraform_plan as tf
import data.terraform.buckets_block_public_access

denied(resources) := found if found := {finding.resource | some finding in buckets_block_public_access.deny} with input as tf.plan(resources)

block(attributes) := tf.resource("aws_s3_bucket_public_access_block", "a", object.union({"bucket": {"ref": "aws_s3_bucket.a.id"}, "block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true}, attributes))

bucket := tf.resource("aws_s3_bucket", "a", {"bucket": "name"})

test_a_bucket_with_its_block_passes if {
	denied([bucket, block({})]) == set()
	denied([bucket, block({"bucket": "name"})]) == set()
}

test_a_bucket_without_its_own_is_refused if {
	denied([bucket]) == {"aws_s3_bucket.a"}
	denied([bucket, block({"bucket": {"ref": "aws_s3_bucket.b.id"}})]) == {"aws_s3_bucket.a"}
	denied([bucket, block({"bucket": {"ref": "var.bucket.id"}})]) == {"aws_s3_bucket.a"}
}

test_each_of_many_buckets_needs_its_own if {
	many := [tf.instance("aws_s3_bucket", "a", "x", {}), tf.instance("aws_s3_bucket", "a", "y", {})]
	one := tf.instance("aws_s3_bucket_public_access_block", "a", "x", block({}).planned.change.after)
	refers := tf.patched(one, [{"op": "add", "path": "/configured/expressions/bucket", "value": {"references": ["aws_s3_bucket.a", "each.key"]}}])
	denied(array.concat(many, [refers])) == {"aws_s3_bucket.a[\"y\"]"}
	named := tf.patched(block({}), [{"op": "replace", "path": "/configured/expressions/bucket/references", "value": ["aws_s3_bucket.a[\"x\"].id", "aws_s3_bucket.a[\"x\"]", "aws_s3_bucket.a"]}])
	denied(array.concat(many, [named])) == {"aws_s3_bucket.a[\"y\"]"}
}

test_a_block_with_a_hole_is_refused if {
	denied([bucket, block({"restrict_public_buckets": false})]) == {"aws_s3_bucket_public_access_block.a"}
	denied([bucket, block({"block_public_policy": {"ref": "var.block.policy"}})]) == {"aws_s3_bucket_public_access_block.a"}
}
