# Who signs in proves two things, and was invited.

# METADATA
# title: Every user pool demands a second factor and long passwords, and nobody signs up by themselves
# description: >-
#   Passwords are guessed and stolen by the million; a pool that anybody can join is one whose members mean nothing.
# custom:
#   remediation: mfa_configuration = "ON", minimum_length of 12 or more, allow_admin_create_user_only = true.
#   severity: error
#   control: ASVS 6.3.3, 6.2.1; CIS AWS 1.10
#   resources: aws_cognito_user_pool
package terraform.people_prove_two_factors

import data.lib.terraform

pools := terraform.of_type({"aws_cognito_user_pool"})

deny contains terraform.finding(rego.metadata.chain(), pool.address, "It lets people in with one factor.") if {
	some pool in pools
	terraform.setting(pool, ["mfa_configuration"]) != "ON"
}

deny contains terraform.finding(rego.metadata.chain(), pool.address, "Its passwords may be shorter than 12 characters.") if {
	some pool in pools
	not terraform.setting(pool, ["password_policy", 0, "minimum_length"]) >= 12
}

deny contains terraform.finding(rego.metadata.chain(), pool.address, "Anybody can join it.") if {
	some pool in pools
	not terraform.setting(pool, ["admin_create_user_config", 0, "allow_admin_create_user_only"]) == true
}
