# Nobody is trusted who is not named.

# METADATA
# title: No policy of a resource, a key or a role allows everybody
# description: >-
#   "AWS": "*" is not "everybody in this account" but everybody with an account at AWS. A condition narrows it only if a stranger
#   can't fulfil it.
# custom:
#   remediation: >-
#     Name the role or the service. Where it has to be everybody, narrow by aws:PrincipalAccount, aws:PrincipalOrgID,
#     aws:SourceAccount, aws:SourceArn or kms:CallerAccount, without a wildcard alone.
#   severity: error
#   control: CIS AWS 1.16; CWE-284
#   resources: policies of resources and keys, trust of roles
package terraform.principals_are_named

import data.lib.terraform

narrowing := `(?i)^(aws:(PrincipalAccount|PrincipalArn|PrincipalOrgID|PrincipalOrgPaths|SourceAccount|SourceArn|SourceOrgID|SourceVpc|SourceVpce)|kms:CallerAccount)$`

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows everybody (%s).", [type])) if {
	some allowance in terraform.allowances({"key", "resource", "trust"})
	some type, names in allowance.statement.principals
	some name in names
	contains(name, "*")
	not terraform.has_condition(allowance.statement, narrowing)
}

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, "It says not whom it trusts.") if {
	some allowance in terraform.allowances({"key", "resource", "trust"})
	count(allowance.statement.principals) == 0
	count(allowance.statement.notPrincipals) == 0
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, "It shares with everybody.") if {
	some resource in terraform.planned
	is_shared(resource)
}

is_shared(resource) if "all" in [terraform.setting(resource, ["group"]) | resource.type == "aws_ami_launch_permission"]

is_shared(resource) if "all" in terraform.as_list(terraform.setting(resource, ["shared_accounts"]))
