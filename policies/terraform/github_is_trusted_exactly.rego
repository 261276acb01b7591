# GitHub may become a role for one workflow of one repository.

# METADATA
# title: >-
#   Who signs in by GitHub is one repository by its number, one environment, one workflow file, for AWS alone
# description: >-
#   A token of GitHub is signed for every repository there is. A name can be registered again by somebody else once it is free,
#   and with a wildcard at the wrong place every pull request deploys.
# custom:
#   remediation: >-
#     StringEquals on aud (sts.amazonaws.com), sub, repository_id and environment, and a condition on ref and job_workflow_ref
#     that names the workflow file. `*` is only for the number of a pull request, and not in a role that a pull request may not
#     have.
#   severity: error
#   control: CWE-287; ASVS 10.3.1; OSPS-AC-04.01
#   resources: aws_iam_role
package terraform.github_is_trusted_exactly

import data.lib.terraform

issuer := "token.actions.githubusercontent.com"

trusted := [{"role": allowance.resource, "statement": allowance.statement} |
	some allowance in terraform.allowances({"trust"})
	some provider in object.get(allowance.statement.principals, "Federated", set())
	is_github(provider, allowance.resource)
]

is_github(provider, _) if endswith(provider, issuer)

# Of a provider that is made in the same plan only the reference is known.
is_github(provider, role) if {
	provider == terraform.later
	regex.match(`github|AssumeRoleWithWebIdentity`, sprintf("%v", [terraform.statements_of(role, "assume_role_policy")]))
}

deny contains terraform.finding(rego.metadata.chain(), trust.role.address, sprintf("It does not hold %s to one value or a list of values.", [claim])) if {
	some trust in trusted
	some claim in ["aud", "environment", "repository_id", "sub"]
	not is_exact(trust.statement, claim)
}

deny contains terraform.finding(rego.metadata.chain(), trust.role.address, "It takes tokens for another audience than sts.amazonaws.com.") if {
	some trust in trusted
	some value in values(trust.statement, "aud")
	value != "sts.amazonaws.com"
}

deny contains terraform.finding(rego.metadata.chain(), trust.role.address, sprintf("It does not hold %s.", [claim])) if {
	some trust in trusted
	some claim in ["job_workflow_ref", "ref"]
	not terraform.has_condition(trust.statement, sprintf(`^%s:%s$`, [issuer, claim]))
}

deny contains terraform.finding(rego.metadata.chain(), trust.role.address, sprintf("%s matches more than one workflow or branch: %s.", [claim, value])) if {
	some trust in trusted
	some claim in ["job_workflow_ref", "ref", "sub"]
	some value in values(trust.statement, claim)
	contains(replace(value, "refs/pull/*/merge", ""), "*")
}

deny contains terraform.finding(rego.metadata.chain(), trust.role.address, "A subject names no environment.") if {
	some trust in trusted
	some value in values(trust.statement, "sub")
	not contains(value, ":environment:")
}

deny contains terraform.finding(rego.metadata.chain(), trust.role.address, "A pull request may become this role, which changes things.") if {
	some trust in trusted
	some claim in ["job_workflow_ref", "ref", "sub"]
	some value in values(trust.statement, claim)
	contains(value, "pull")
	regex.match(`(?i)apply|deploy|push|release`, trust.role.address)
}

is_exact(statement, claim) if {
	some condition in statement.conditions
	condition.test == "StringEquals"
	condition.variable == sprintf("%s:%s", [issuer, claim])
	count(condition.values - {"", "*"}) == count(condition.values)
}

values(statement, claim) := {value |
	some condition in statement.conditions
	condition.variable == sprintf("%s:%s", [issuer, claim])
	some value in condition.values
}
