# What nothing_is_granted_by_exclusion refuses, and what it lets pass.
package terraform.nothing_is_granted_by_exclusion_test

import data.lib.terraform_plan as tf
import data.terraform.nothing_is_granted_by_exclusion

denied(resources) := found if found := {finding.resource | some finding in nothing_is_granted_by_exclusion.deny} with input as tf.plan(resources)

stating(statement) := [tf.holding("aws_s3_bucket_policy", "policy", [object.union({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Resource": "*"}, statement)])]

test_what_is_named_and_what_denies_pass if {
	denied(stating({"Action": "s3:GetObject"})) == set()
	denied(stating({"Effect": "Deny", "NotAction": "s3:GetObject"})) == set()
}

test_each_exclusion_is_refused if {
	denied(stating({"NotAction": "s3:DeleteObject"})) == {"aws_s3_bucket_policy.a"}
	denied(stating({"Action": "s3:GetObject", "NotResource": ["arn:aws:s3:::a"]})) == {"aws_s3_bucket_policy.a"}
	denied(stating({"Action": "s3:GetObject", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/a"}})) == {"aws_s3_bucket_policy.a"}
}
