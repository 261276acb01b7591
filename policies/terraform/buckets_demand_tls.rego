# Nobody reads or writes a bucket in the clear.

# METADATA
# title: Every bucket denies requests without TLS
# description: >-
#   S3 answers plain HTTP, also to a client that was configured wrong, and then keys and content pass by in the clear.
# custom:
#   remediation: Deny `s3:*` to everybody where aws:SecureTransport is false, in the policy of the bucket.
#   severity: error
#   control: CIS AWS 2.1.1; ASVS 12.2.1
#   resources: aws_s3_bucket, aws_s3_bucket_policy
package terraform.buckets_demand_tls

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "No policy of it denies requests without TLS.") if {
	some bucket in terraform.of_type({"aws_s3_bucket"})
	not demands_tls(bucket)
}

demands_tls(bucket) if {
	some policy in terraform.companions(bucket, {"aws_s3_bucket_policy"}, "bucket")
	some statement in terraform.statements_of(policy, "policy")
	statement.effect == "Deny"
	statement.principals.AWS == {"*"}
	statement.actions == {"s3:*"}
	some condition in statement.conditions
	condition.test == "Bool"
	condition.variable == "aws:SecureTransport"
	condition.values == {"false"}
}
