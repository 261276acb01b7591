# What managed_policies_stay_out refuses, and what it lets pass.
package terraform.managed_policies_stay_out_test

import data.lib.terraform_plan as tf
import data.terraform.managed_policies_stay_out

denied(resources) := found if found := {finding.resource | some finding in managed_policies_stay_out.deny} with input as tf.plan(resources)

attaching(arn) := [tf.resource("aws_iam_role_policy_attachment", "a", {"role": "a", "policy_arn": arn})]

test_policies_of_our_own_pass if {
	denied(attaching("arn:aws:iam::111122223333:policy/a")) == set()
	denied(attaching("arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole")) == set()
	denied(attaching({"ref": "aws_iam_policy.a.arn"})) == set()
}

test_those_of_aws_are_refused if {
	denied(attaching("arn:aws:iam::aws:policy/AdministratorAccess")) == {"aws_iam_role_policy_attachment.a"}
	denied(attaching("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")) == {"aws_iam_role_policy_attachment.a"}
	denied([tf.resource("aws_iam_role", "a", {"managed_policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]})]) == {"aws_iam_role.a"}
}
