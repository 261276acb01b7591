# A secret that leaked ends by itself.

# METADATA
# title: Every secret is rotated, or a waiver says who does it
# description: >-
#   A secret that never changes is good for whoever once saw it: in a log, a backup, on the laptop of somebody who left.
# custom:
#   remediation: >-
#     Add an aws_secretsmanager_secret_rotation of 90 days or fewer, or let AWS manage it. What only a provider can issue anew
#     gets a waiver with the runbook.
#   severity: warning
#   control: CIS AWS 1.14; ASVS 13.3.4
#   resources: aws_secretsmanager_secret, aws_secretsmanager_secret_rotation
package terraform.secrets_rotate

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), secret.address, "Nothing rotates it.") if {
	some secret in terraform.of_type({"aws_secretsmanager_secret"})
	not terraform.has_companion(secret, {"aws_secretsmanager_secret_rotation"}, "secret_id")
}

deny contains terraform.finding(rego.metadata.chain(), rotation.address, "It rotates less often than every 90 days.") if {
	some rotation in terraform.of_type({"aws_secretsmanager_secret_rotation"})
	terraform.setting(rotation, ["rotation_rules", 0, "automatically_after_days"]) > 90
}
