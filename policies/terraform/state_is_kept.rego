# The state of Terraform survives a mistake, and only those who need it read it.

# METADATA
# title: The bucket of the state keeps versions, is encrypted with a key of ours and can't be emptied
# description: The state maps every resource. Without it Terraform knows none of them; whoever reads it knows them all.
# custom:
#   remediation: versioning Enabled, server-side encryption aws:kms with a key, force_destroy left out.
#   severity: error
#   control: OSPS-AC-04.02; AWS Well-Architected SEC08-BP02
#   resources: aws_s3_bucket with state in its name
package terraform.state_is_kept

import data.lib.terraform

state_buckets := [bucket |
	some bucket in terraform.of_type({"aws_s3_bucket"})
	regex.match(`(^|[^a-z])(tf)?state([^a-z]|$)`, lower(sprintf("%s %v %v", [bucket.address, terraform.setting(bucket, ["bucket"]), terraform.setting(bucket, ["bucket_prefix"])])))
]

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "It holds the state, and keeps no versions.") if {
	some bucket in state_buckets
	versioned := [versioning | some versioning in terraform.companions(bucket, {"aws_s3_bucket_versioning"}, "bucket"); terraform.setting(versioning, ["versioning_configuration", 0, "status"]) == "Enabled"]
	count(versioned) == 0
}

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "It holds the state, and is not encrypted with a key of ours.") if {
	some bucket in state_buckets
	encrypted := [encryption |
		some encryption in terraform.companions(bucket, {"aws_s3_bucket_server_side_encryption_configuration"}, "bucket")
		some rule in terraform.blocks(encryption, "rule")
		startswith(rule.apply_server_side_encryption_by_default[0].sse_algorithm, "aws:kms")
	]
	count(encrypted) == 0
}

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "It holds the state, and would be destroyed with it.") if {
	some bucket in state_buckets
	terraform.setting(bucket, ["force_destroy"]) == true
}
