# No setting of a bucket can make it public.

# METADATA
# title: Every bucket blocks public access in all four ways
# description: >-
#   A bucket is made public by one statement or one object's list, years later, by somebody else. The block holds whatever they
#   write.
# custom:
#   remediation: Give each bucket an aws_s3_bucket_public_access_block that refers to it, with all four arguments true.
#   severity: error
#   control: CIS AWS 2.1.4
#   resources: aws_s3_bucket, aws_s3_bucket_public_access_block
package terraform.buckets_block_public_access

import data.lib.terraform

four := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "No aws_s3_bucket_public_access_block refers to it.") if {
	some bucket in terraform.of_type({"aws_s3_bucket"})
	not terraform.has_companion(bucket, {"aws_s3_bucket_public_access_block"}, "bucket")
}

deny contains terraform.finding(rego.metadata.chain(), block.address, sprintf("Its %s is not true.", [argument])) if {
	some block in terraform.of_type({"aws_s3_account_public_access_block", "aws_s3_bucket_public_access_block"})
	some argument in four
	not terraform.setting(block, [argument]) == true
}
