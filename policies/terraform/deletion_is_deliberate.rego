# What holds data or traffic is not deleted by one wrong command.

# METADATA
# title: Nothing that lasts can be deleted without a change that says so first
# description: >-
#   `terraform destroy` in the wrong folder asks once. Protection makes it two changes, of which a reviewer sees the first.
# custom:
#   remediation: Leave deletion_protection true; force_destroy, force_delete and a recovery window of 0 are for previews.
#   severity: error
#   control: AWS Well-Architected REL09-BP01
#   resources: >-
#     all with deletion_protection, enable_deletion_protection, deletion_protection_enabled, force_destroy, force_delete,
#     recovery_window_in_days
package terraform.deletion_is_deliberate

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s is %v.", [attribute, value])) if {
	terraform.is_production
	some resource in terraform.planned
	attribute := protections[resource.type]
	value := terraform.setting(resource, [attribute])
	not value in {true, "ACTIVE"}
}

protections := {
	"aws_alb": "enable_deletion_protection",
	"aws_cognito_user_pool": "deletion_protection",
	"aws_db_instance": "deletion_protection",
	"aws_dynamodb_table": "deletion_protection_enabled",
	"aws_lb": "enable_deletion_protection",
	"aws_rds_cluster": "deletion_protection",
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s is on.", [attribute])) if {
	terraform.is_production
	some resource in terraform.planned
	some attribute in ["force_delete", "force_destroy"]
	terraform.setting(resource, [attribute]) == true
}

deny contains terraform.finding(rego.metadata.chain(), secret.address, sprintf("It is gone %v days after it was deleted.", [days])) if {
	terraform.is_production
	some secret in terraform.of_type({"aws_secretsmanager_secret"})
	days := terraform.setting(secret, ["recovery_window_in_days"])
	days < 7
}
