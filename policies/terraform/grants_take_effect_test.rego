# What grants_take_effect refuses, and what it lets pass.
package terraform.grants_take_effect_test

import data.lib.terraform_plan as tf
import data.terraform.grants_take_effect

denied(resources) := found if found := {finding.resource | some finding in grants_take_effect.deny} with input as tf.plan(resources)

allowing(actions, resources) := [tf.holding("aws_iam_role_policy", "policy", [{"Effect": "Allow", "Action": actions, "Resource": resources}])]

clusters := "arn:aws:ecs:eu-central-1:111122223333:*/a*"

test_what_takes_a_resource_or_is_allowed_on_all_passes if {
	denied(allowing(["ecs:RunTask", "ecs:Update*", "*"], clusters)) == set()
	denied(allowing("ecs:RegisterTaskDefinition", "*")) == set()
	denied(allowing("ecs:RegisterTaskDefinition", [clusters, "*"])) == set()
	denied(allowing("sts:GetCallerIdentity", clusters)) == set()
}

test_what_takes_none_is_refused_on_what_is_named if {
	denied(allowing(["ecs:RunTask", "ecs:RegisterTaskDefinition"], clusters)) == {"aws_iam_role_policy.a"}
	denied(allowing("sns:Unsubscribe", ["arn:aws:sns:eu-central-1:111122223333:a"])) == {"aws_iam_role_policy.a"}
}

test_a_refusal_may_say_what_it_likes if denied([tf.holding("aws_iam_role_policy", "policy", [{"Effect": "Deny", "Action": "sns:Unsubscribe", "Resource": clusters}])]) == set()
