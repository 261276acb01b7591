# What principals_are_named refuses, and what it lets pass.
package terraform.principals_are_named_test

import data.lib.terraform_plan as tf
import data.terraform.principals_are_named

denied(resources) := found if found := {finding.resource | some finding in principals_are_named.deny} with input as tf.plan(resources)

trusting(principal, condition) := [tf.holding("aws_iam_role", "assume_role_policy", [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": condition}])]

test_names_and_a_condition_that_binds_pass if {
	denied(trusting({"Service": "ecs-tasks.amazonaws.com"}, {})) == set()
	denied(trusting({"AWS": "*"}, {"StringEquals": {"aws:PrincipalOrgID": "o-a"}})) == set()
	denied([tf.holding("aws_s3_bucket_policy", "policy", [{"Effect": "Deny", "Action": "s3:*", "Principal": "*", "Resource": "*"}])]) == set()
}

test_everybody_is_refused if {
	denied(trusting("*", {})) == {"aws_iam_role.a"}
	denied(trusting({"AWS": ["arn:aws:iam::111122223333:root", "*"]}, {})) == {"aws_iam_role.a"}
	denied(trusting({"AWS": "arn:aws:iam::*:root"}, {})) == {"aws_iam_role.a"}
	denied(trusting({"AWS": "*"}, {"StringLike": {"aws:PrincipalOrgID": "*"}})) == {"aws_iam_role.a"}
	denied(trusting({"AWS": "*"}, {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}})) == {"aws_iam_role.a"}
	denied(trusting({"AWS": "*"}, {"Bool": {"aws:SecureTransport": "true"}})) == {"aws_iam_role.a"}
	denied(trusting({}, {})) == {"aws_iam_role.a"}
}

test_other_ways_of_sharing_are_refused if {
	denied([tf.resource("aws_ami_launch_permission", "a", {"group": "all"})]) == {"aws_ami_launch_permission.a"}
	denied([tf.resource("aws_db_snapshot", "a", {"shared_accounts": ["all"]})]) == {"aws_db_snapshot.a"}
	denied([tf.resource("aws_db_snapshot", "a", {"shared_accounts": ["111122223333"]})]) == set()
}
