# What buckets_demand_tls refuses, and what it lets pass.
package terraform.buckets_demand_tls_test

import data.lib.terraform_plan as tf
import data.terraform.buckets_demand_tls

denied(resources) := found if found := {finding.resource | some finding in buckets_demand_tls.deny} with input as tf.plan(resources)

bucket := tf.resource("aws_s3_bucket", "a", {"bucket": "name"})

policy(statement) := tf.resource("aws_s3_bucket_policy", "a", {"bucket": {"ref": "aws_s3_bucket.a.id"}, "policy": json.marshal({"Statement": [object.union({"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, statement)]})})

test_a_bucket_that_denies_it_passes if {
	denied([bucket, policy({})]) == set()
	denied([bucket, policy({"Principal": "*"})]) == set()
}

test_no_policy_or_one_that_leaves_a_way_is_refused if {
	denied([bucket]) == {"aws_s3_bucket.a"}
	denied([bucket, policy({"Effect": "Allow"})]) == {"aws_s3_bucket.a"}
	denied([bucket, policy({"Action": "s3:GetObject"})]) == {"aws_s3_bucket.a"}
	denied([bucket, policy({"Condition": {"Bool": {"aws:SecureTransport": "true"}}})]) == {"aws_s3_bucket.a"}
	denied([bucket, policy({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}})]) == {"aws_s3_bucket.a"}
}
