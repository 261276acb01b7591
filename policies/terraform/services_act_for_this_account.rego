# A service of AWS acts for this account only, whoever asks it.

# METADATA
# title: What a service of AWS is allowed, it is allowed for this account alone
# description: >-
#   A service uses its own name for all customers. Without a condition another customer can make it write into our bucket, use
#   our key or hand out our role: the confused deputy.
# custom:
#   remediation: >-
#     Add aws:SourceAccount (StringEquals) or aws:SourceArn (ArnLike); for CloudWatch Logs and a key
#     kms:EncryptionContext:aws:logs:arn.
#   severity: error
#   control: CWE-441; AWS Well-Architected SEC03-BP07
#   resources: policies of resources and keys, trust of roles
package terraform.services_act_for_this_account

import data.lib.terraform

narrowing := `(?i)^(aws:(SourceAccount|SourceArn|SourceOrgID|SourceOrgPaths)|kms:(CallerAccount|EncryptionContext:aws:logs:arn|ViaService))$`

# Act inside the account that made them, and send neither key: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
alone := {"ec2.amazonaws.com"}

# EventBridge sends neither key to the key of an encrypted topic: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
# What it is for is what encrypting takes, and the topic's policy, which is judged here too, says whose rules publish.
publishes("key", statement, "events.amazonaws.com") if count(statement.actions - {"kms:Decrypt", "kms:GenerateDataKey"}) == 0

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It trusts %s on behalf of any account.", [service])) if {
	some kind in ["key", "resource", "trust"]
	some allowance in terraform.allowances({kind})
	some service in object.get(allowance.statement.principals, "Service", set())
	not service in alone
	not publishes(kind, allowance.statement, service)
	not terraform.has_condition(allowance.statement, narrowing)
}
