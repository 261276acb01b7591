# A key gets new material, and is not gone at once.

# METADATA
# title: Every key of KMS rotates, has a policy of its own and is deleted only after weeks
# description: >-
#   What a deleted key encrypted is lost for good; the waiting time is the only way back. Without a policy the key's use is
#   whatever any role of the account is given.
# custom:
#   remediation: >-
#     enable_key_rotation = true, rotation_period_in_days at most 365, deletion_window_in_days of 30 (7 in a preview), and a
#     policy.
#   severity: error
#   control: CIS AWS 3.6; ASVS 13.3.4; AWS Well-Architected SEC08-BP01
#   resources: aws_kms_key
package terraform.keys_change_and_wait

import data.lib.terraform

shortest := 30 if terraform.is_lasting

shortest := 7 if not terraform.is_lasting

deny contains terraform.finding(rego.metadata.chain(), key.address, "Its material never changes.") if {
	some key in symmetric
	terraform.setting(key, ["enable_key_rotation"]) != true
}

deny contains terraform.finding(rego.metadata.chain(), key.address, sprintf("Its material changes every %v days only.", [days])) if {
	some key in symmetric
	days := terraform.setting(key, ["rotation_period_in_days"])
	days > 365
}

deny contains terraform.finding(rego.metadata.chain(), key.address, "It can be gone before anybody notices.") if {
	some key in terraform.of_type({"aws_kms_key"})
	not waits(key)
}

deny contains terraform.finding(rego.metadata.chain(), key.address, "It has no policy of its own.") if {
	some key in terraform.of_type({"aws_kms_key"})
	not terraform.is_set(key, "policy")
	not terraform.has_companion(key, {"aws_kms_key_policy"}, "key_id")
}

deny contains terraform.finding(rego.metadata.chain(), key.address, "Its policy may lock everybody out.") if {
	some key in terraform.of_type({"aws_kms_key", "aws_kms_key_policy"})
	terraform.setting(key, ["bypass_policy_lockout_safety_check"]) == true
}

# KMS changes the material of no other kind.
symmetric := [key | some key in terraform.of_type({"aws_kms_key"}); terraform.setting(key, ["customer_master_key_spec"]) in {null, "SYMMETRIC_DEFAULT"}]

waits(key) if terraform.setting(key, ["deletion_window_in_days"]) >= shortest

# AWS's own default is 30.
waits(key) if {
	terraform.setting(key, ["deletion_window_in_days"]) == null
	not terraform.is_configured(key, "deletion_window_in_days")
}
