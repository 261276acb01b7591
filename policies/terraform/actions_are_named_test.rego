# What actions_are_named refuses, and what it lets pass.
package terraform.actions_are_named_test

import data.lib.terraform_plan as tf
import data.terraform.actions_are_named

denied(resources) := found if found := {finding.resource | some finding in actions_are_named.deny} with input as tf.plan(resources)

allowing(type, attribute, actions) := [tf.holding(type, attribute, [{"Effect": "Allow", "Action": actions, "Resource": "*", "Principal": {"AWS": "arn:aws:iam::111122223333:role/a"}}])]

test_actions_and_prefixes_pass if {
	denied(allowing("aws_iam_policy", "policy", ["s3:GetObject", "ec2:Describe*"])) == set()
	denied([tf.holding("aws_iam_policy", "policy", [{"Effect": "Deny", "Action": "*", "Resource": "*"}])]) == set()
}

test_wildcards_are_refused_wherever_they_are if {
	denied(allowing("aws_iam_policy", "policy", "*")) == {"aws_iam_policy.a"}
	denied(allowing("aws_iam_role_policy", "policy", ["s3:GetObject", "s3:*"])) == {"aws_iam_role_policy.a"}
	denied(allowing("aws_sns_topic_policy", "policy", "*:*")) == {"aws_sns_topic_policy.a"}
	denied([tf.resource("aws_iam_role", "a", {"inline_policy": [{"policy": json.marshal({"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}})}]})]) == {"aws_iam_role.a"}
}

statement(changes) := object.union({"sid": null, "effect": null, "actions": ["kms:*"], "not_actions": null, "resources": ["*"], "not_resources": null, "principals": [], "not_principals": [], "condition": []}, changes)

test_a_document_that_is_known_later_is_looked_into if {
	denied([tf.document("a", [statement({})], [{}]), tf.resource("aws_iam_policy", "a", {"policy": {"ref": "data.aws_iam_policy_document.a.json"}})]) == {"aws_iam_policy.a"}
	denied([tf.document("a", [statement({"effect": "Deny"})], [{}]), tf.resource("aws_iam_policy", "a", {"policy": {"ref": "data.aws_iam_policy_document.a.json"}})]) == set()
}

test_what_a_document_takes_over_from_another_counts if {
	outer := tf.patched(tf.document("b", [], []), [{"op": "add", "path": "/configured/expressions/source_policy_documents", "value": {"references": ["data.aws_iam_policy_document.a.json", "data.aws_iam_policy_document.a"]}}])
	denied([tf.document("a", [statement({})], [{}]), outer, tf.resource("aws_iam_policy", "a", {"policy": {"ref": "data.aws_iam_policy_document.b.json"}})]) == {"aws_iam_policy.a"}
}

test_a_key_belongs_to_its_account if {
	denied(allowing("aws_kms_key", "policy", "kms:*")) == {"aws_kms_key.a"}
	denied([tf.holding("aws_kms_key", "policy", [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}])]) == set()
	denied([tf.holding("aws_kms_key", "policy", [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": "*"}])]) == {"aws_kms_key.a"}
}
