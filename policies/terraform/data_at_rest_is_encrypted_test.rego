# What data_at_rest_is_encrypted refuses, and what it lets pass.
package terraform.data_at_rest_is_encrypted_test

import data.lib.terraform_plan as tf
import data.terraform.data_at_rest_is_encrypted

denied(resources) := found if found := {finding.resource | some finding in data_at_rest_is_encrypted.deny} with input as tf.plan(resources)

test_what_is_encrypted_passes if denied([
	tf.resource("aws_db_instance", "a", {"storage_encrypted": true}),
	tf.resource("aws_kinesis_stream", "a", {"kms_key_id": {"ref": "aws_kms_key.a.arn"}}),
	tf.resource("aws_opensearch_domain", "a", {"encrypt_at_rest": [{"enabled": true}]}),
	tf.resource("aws_instance", "a", {"root_block_device": [{"encrypted": true}]}),
	tf.resource("aws_launch_template", "a", {"block_device_mappings": [{"device_name": "a", "ebs": [{"encrypted": "true"}]}]}),
]) == set()

test_what_is_not_or_does_not_say_so_is_refused if {
	denied([tf.resource("aws_db_instance", "a", {"storage_encrypted": false})]) == {"aws_db_instance.a"}
	denied([tf.resource("aws_db_instance", "a", {"storage_encrypted": null})]) == {"aws_db_instance.a"}
	denied([tf.resource("aws_ebs_volume", "a", {"encrypted": {"later": true}})]) == {"aws_ebs_volume.a"}
	denied([tf.resource("aws_opensearch_domain", "a", {})]) == {"aws_opensearch_domain.a"}
	denied([tf.resource("aws_instance", "a", {"ebs_block_device": [{"device_name": "a"}]})]) == {"aws_instance.a"}
	denied([tf.resource("aws_launch_template", "a", {"block_device_mappings": [{"ebs": [{"encrypted": "false"}]}]})]) == {"aws_launch_template.a"}
}

test_a_bucket_says_how_it_encrypts if {
	bucket := tf.resource("aws_s3_bucket", "a", {"bucket": "name"})
	denied([bucket]) == {"aws_s3_bucket.a"}
	denied([bucket, tf.resource("aws_s3_bucket_server_side_encryption_configuration", "a", {"bucket": {"ref": "aws_s3_bucket.a.id"}})]) == set()
}
