# What services_act_for_this_account refuses, and what it lets pass.
package terraform.services_act_for_this_account_test

import data.lib.terraform_plan as tf
import data.terraform.services_act_for_this_account

denied(resources) := found if found := {finding.resource | some finding in services_act_for_this_account.deny} with input as tf.plan(resources)

trusting(service, condition) := [tf.holding("aws_iam_role", "assume_role_policy", [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}, "Condition": condition}])]

test_a_service_that_acts_for_this_account_passes if {
	denied(trusting("ecs-tasks.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "111122223333"}})) == set()
	denied(trusting("ecs-tasks.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-central-1:111122223333:*"}})) == set()
	denied(trusting("ec2.amazonaws.com", {})) == set()
	denied([tf.holding("aws_kms_key", "policy", [{"Effect": "Allow", "Action": "kms:Decrypt", "Principal": {"Service": "logs.eu-central-1.amazonaws.com"}, "Resource": "*", "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:111122223333:log-group:/a"}}}])]) == set()
}

encrypting(service, actions) := [tf.holding("aws_kms_key", "policy", [{"Effect": "Allow", "Action": actions, "Principal": {"Service": service}, "Resource": "*"}])]

test_eventbridge_may_encrypt_what_it_publishes_and_nothing_else if {
	denied(encrypting("events.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey"])) == set()
	denied(encrypting("events.amazonaws.com", ["kms:Decrypt", "kms:CreateGrant"])) == {"aws_kms_key.a"}
	denied(encrypting("cloudwatch.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey"])) == {"aws_kms_key.a"}
	denied([tf.holding("aws_sns_topic_policy", "policy", [{"Effect": "Allow", "Action": "sns:Publish", "Principal": {"Service": "events.amazonaws.com"}, "Resource": "*"}])]) == {"aws_sns_topic_policy.a"}
}

test_one_that_acts_for_anybody_is_refused if {
	denied(trusting("ecs-tasks.amazonaws.com", {})) == {"aws_iam_role.a"}
	denied(trusting(["ec2.amazonaws.com", "backup.amazonaws.com"], {})) == {"aws_iam_role.a"}
	denied(trusting("ecs-tasks.amazonaws.com", {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}})) == {"aws_iam_role.a"}
	denied(trusting("ecs-tasks.amazonaws.com", {"StringLike": {"aws:SourceArn": "*"}})) == {"aws_iam_role.a"}
	denied([tf.holding("aws_sns_topic_policy", "policy", [{"Effect": "Allow", "Action": "sns:Publish", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Resource": "*"}])]) == {"aws_sns_topic_policy.a"}
}
