# What changes_name_their_resources refuses, and what it lets pass.
package terraform.changes_name_their_resources_test

import data.lib.terraform_plan as tf
import data.terraform.changes_name_their_resources

denied(resources) := found if found := {finding.resource | some finding in changes_name_their_resources.deny} with input as tf.plan(resources)

allowing(actions, resources, condition) := [tf.holding("aws_iam_policy", "policy", [{"Effect": "Allow", "Action": actions, "Resource": resources, "Condition": condition}])]

test_reading_and_what_is_named_pass if {
	denied(allowing(["ec2:DescribeVpcs", "ecr:GetAuthorizationToken", "xray:PutTraceSegments"], "*", {})) == set()
	denied(allowing("s3:PutObject", "arn:aws:s3:::a/*", {})) == set()
	denied(allowing("kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/a", {})) == set()
	denied(allowing("cloudwatch:PutMetricData", "*", {"StringEquals": {"cloudwatch:namespace": "stockade"}})) == set()
}

test_changes_of_everything_are_refused if {
	denied(allowing("s3:PutObject", "*", {})) == {"aws_iam_policy.a"}
	denied(allowing(["ec2:Describe*", "ec2:TerminateInstances"], ["*"], {})) == {"aws_iam_policy.a"}
	denied(allowing("sqs:SendMessage", "arn:aws:*:*:*:*", {})) == {"aws_iam_policy.a"}
	denied(allowing("ec2:TerminateInstances", "*", {"StringLike": {"aws:ResourceTag/Project": "*"}})) == {"aws_iam_policy.a"}
	denied(allowing("ec2:TerminateInstances", "*", {"StringEqualsIfExists": {"aws:ResourceTag/Project": "a"}})) == {"aws_iam_policy.a"}
}

test_opening_everything_secret_is_refused if {
	denied(allowing("kms:Decrypt", "*", {})) == {"aws_iam_policy.a"}
	denied(allowing("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:*", {})) == {"aws_iam_policy.a"}
	denied(allowing("s3:GetObject", "arn:aws:s3:::*", {})) == {"aws_iam_policy.a"}
	denied(allowing("logs:GetLogEvents", "*", {})) == {"aws_iam_policy.a"}
	denied(allowing("logs:GetLogDelivery", "*", {})) == set()
	denied(allowing("kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/*", {"StringEquals": {"kms:ViaService": "rds.eu-central-1.amazonaws.com"}})) == set()
}

boundary := tf.patched(tf.holding("aws_iam_policy", "policy", [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]), [{"op": "add", "path": "/planned/change/after/name", "value": "a-boundary"}])

test_a_boundary_grants_nothing_unless_it_is_attached if {
	denied([boundary]) == set()
	denied([boundary, tf.resource("aws_iam_role_policy_attachment", "a", {"policy_arn": {"ref": "aws_iam_policy.a.arn"}})]) == {"aws_iam_policy.a"}
}
