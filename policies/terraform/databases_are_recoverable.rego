# A database can be had back as it was a moment ago.

# METADATA
# title: Every database keeps a week of backups; production leaves a last snapshot and is not deleted by mistake
# description: >-
#   Most losses of data are orders that were given: a wrong statement, a wrong environment. Backups of a day end before the
#   weekend does.
# custom:
#   remediation: >-
#     backup_retention_period of 7 or more, copy_tags_to_snapshot, deletion_protection; skip_final_snapshot false in production.
#   severity: error
#   control: AWS Well-Architected REL09-BP02; ASVS 14.2.4
#   resources: aws_db_instance, aws_rds_cluster
package terraform.databases_are_recoverable

import data.lib.terraform

databases := terraform.of_type({"aws_db_instance", "aws_rds_cluster"})

deny contains terraform.finding(rego.metadata.chain(), database.address, sprintf("It keeps backups for %v days.", [terraform.setting(database, ["backup_retention_period"])])) if {
	terraform.is_lasting
	some database in databases
	not terraform.setting(database, ["backup_retention_period"]) >= 7
}

deny contains terraform.finding(rego.metadata.chain(), database.address, "Its snapshots don't say whose they are.") if {
	some database in databases
	not terraform.setting(database, ["copy_tags_to_snapshot"]) == true
}

deny contains terraform.finding(rego.metadata.chain(), database.address, "It leaves no last snapshot.") if {
	terraform.is_production
	some database in databases
	not terraform.setting(database, ["skip_final_snapshot"]) == false
}
