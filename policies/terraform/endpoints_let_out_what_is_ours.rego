# An endpoint is no way out for somebody else's data.

# METADATA
# title: Every endpoint of AWS services has a policy that names accounts or resources
# description: >-
#   Without a policy an endpoint takes every request to the service, also one that puts our rows into the bucket of whoever broke
#   in.
# custom:
#   remediation: >-
#     Give the endpoint a policy with aws:PrincipalAccount or aws:ResourceAccount, or that names the resources.
#   severity: warning
#   control: AWS Well-Architected SEC05-BP02, SEC07-BP02
#   resources: aws_vpc_endpoint
package terraform.endpoints_let_out_what_is_ours

import data.lib.terraform

narrowing := `(?i)^aws:(PrincipalAccount|PrincipalArn|PrincipalOrgID|ResourceAccount|ResourceOrgID)$`

deny contains terraform.finding(rego.metadata.chain(), endpoint.address, "It has no policy, and so takes every request.") if {
	some endpoint in terraform.of_type({"aws_vpc_endpoint"})
	not terraform.is_set(endpoint, "policy")
	not terraform.has_companion(endpoint, {"aws_vpc_endpoint_policy"}, "vpc_endpoint_id")
}

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, "It takes requests of any account for any resource.") if {
	some allowance in terraform.allowances({"endpoint"})
	"*" in allowance.statement.resources
	not terraform.has_condition(allowance.statement, narrowing)
}
