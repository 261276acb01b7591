# What people_prove_two_factors refuses, and what it lets pass.
package terraform.people_prove_two_factors_test

import data.lib.terraform_plan as tf
import data.terraform.people_prove_two_factors

denied(resources) := found if found := {finding.resource | some finding in people_prove_two_factors.deny} with input as tf.plan(resources)

pool(attributes) := [tf.resource("aws_cognito_user_pool", "a", object.union({"mfa_configuration": "ON", "password_policy": [{"minimum_length": 12}], "admin_create_user_config": [{"allow_admin_create_user_only": true}]}, attributes))]

test_a_strict_pool_passes if denied(pool({})) == set()

test_each_hole_is_refused if {
	every attributes in [{"mfa_configuration": "OPTIONAL"}, {"mfa_configuration": null}, {"password_policy": [{"minimum_length": 8}]}, {"password_policy": []}, {"admin_create_user_config": []}, {"admin_create_user_config": [{"allow_admin_create_user_only": false}]}] {
		denied(pool(attributes)) == {"aws_cognito_user_pool.a"}
	}
}
