# What keys_are_our_own refuses, and what it lets pass.
package terraform.keys_are_our_own_test

import data.lib.terraform_plan as tf
import data.terraform.keys_are_our_own

denied(resources) := found if found := {finding.resource | some finding in keys_are_our_own.deny} with input as tf.plan(resources)

key := {"ref": "aws_kms_key.a.arn"}

test_a_key_of_ours_passes if denied([
	tf.resource("aws_cloudwatch_log_group", "a", {"kms_key_id": key}),
	tf.resource("aws_sns_topic", "a", {"kms_master_key_id": "arn:aws:kms:eu-central-1:111122223333:key/a"}),
	tf.resource("aws_ecr_repository", "a", {"encryption_configuration": [{"encryption_type": "KMS"}]}),
	tf.resource("aws_db_instance", "a", {"kms_key_id": key, "performance_insights_enabled": true, "performance_insights_kms_key_id": key, "manage_master_user_password": null}),
]) == set()

test_none_or_that_of_aws_is_refused if {
	denied([tf.resource("aws_cloudwatch_log_group", "a", {"kms_key_id": null})]) == {"aws_cloudwatch_log_group.a"}
	denied([tf.resource("aws_db_instance", "a", {"kms_key_id": {"later": true}})]) == {"aws_db_instance.a"}
	denied([tf.resource("aws_sns_topic", "a", {"kms_master_key_id": "alias/aws/sns"})]) == {"aws_sns_topic.a"}
	denied([tf.resource("aws_ecr_repository", "a", {"encryption_configuration": []})]) == {"aws_ecr_repository.a"}
	denied([tf.resource("aws_ecr_repository", "a", {"encryption_configuration": [{"encryption_type": "AES256"}]})]) == {"aws_ecr_repository.a"}
	denied([tf.resource("aws_db_instance", "a", {"kms_key_id": key, "manage_master_user_password": true})]) == {"aws_db_instance.a"}
}
