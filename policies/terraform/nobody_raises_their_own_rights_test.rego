# What nobody_raises_their_own_rights refuses, and what it lets pass.
package terraform.nobody_raises_their_own_rights_test

import data.lib.terraform_plan as tf
import data.terraform.nobody_raises_their_own_rights

denied(resources) := found if found := {finding.resource | some finding in nobody_raises_their_own_rights.deny} with input as tf.plan(resources)

allowing(actions, resources, condition) := [tf.holding("aws_iam_policy", "policy", [{"Effect": "Allow", "Action": actions, "Resource": resources, "Condition": condition}])]

named := "arn:aws:iam::111122223333:role/stockade-*"

test_what_is_bounded_passes if {
	denied(allowing("iam:PassRole", named, {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}})) == set()
	denied(allowing(["iam:CreateRole", "iam:PutRolePolicy"], "*", {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/boundary"}})) == set()
	denied(allowing(["iam:GetRole", "iam:ListRoles", "iam:CreateServiceLinkedRole"], "*", {})) == set()
	denied(allowing("iam:DeleteRole", named, {})) == set()
}

test_every_step_up_is_refused if {
	denied(allowing("iam:PassRole", named, {})) == {"aws_iam_policy.a"}
	denied(allowing("iam:PassRole", named, {"StringLike": {"iam:PassedToService": "*"}})) == {"aws_iam_policy.a"}
	denied(allowing("iam:CreateAccessKey", named, {})) == {"aws_iam_policy.a"}
	denied(allowing("iam:AttachRolePolicy", "*", {})) == {"aws_iam_policy.a"}
	denied(allowing("iam:CreatePolicyVersion", "arn:aws:iam::111122223333:policy/*", {})) == {"aws_iam_policy.a"}
	denied(allowing("iam:UpdateAssumeRolePolicy", "arn:aws:iam::111122223333:role/*", {})) == {"aws_iam_policy.a"}
	denied(allowing("iam:Put*", "*", {})) == {"aws_iam_policy.a"}
	denied(allowing("iam:DeleteRolePermissionsBoundary", named, {})) == {"aws_iam_policy.a"}
}
