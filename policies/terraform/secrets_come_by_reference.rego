# What a task definition says is no secret.

# METADATA
# title: No container has a secret among its environment variables
# description: >-
#   Whoever may describe a task, read the state or the plan sees them; a reference is resolved when the task starts, by the
#   execution role alone.
# custom:
#   remediation: Put it into Secrets Manager, and its ARN into `secrets`, as `secret_settings` does.
#   severity: error
#   control: CWE-522; ASVS 13.3.1; CIS Docker 4.10
#   resources: aws_ecs_task_definition
package terraform.secrets_come_by_reference

import data.lib.terraform

sensitive := `(?i)(SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIALS?|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY|(^|_)KEYS?)$`

# Settings that only look so: names of keys, and kinds of tokens.
harmless := `^(arn:|alias/|https?://[^:/@]+(/|$))|^(true|false|\d+)$`

credential := `(?i)^[a-z][a-z0-9+.-]*://[^/:@\s]*:[^/@\s]+@|-----BEGIN|\b(AKIA|ASIA)[0-9A-Z]{16}\b|^(gh[pousr]_|sk-|xox[abp]-)\w+`

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("%s has %s in its environment.", [entry.container.name, variable.name])) if {
	some entry in terraform.containers
	some variable in object.get(entry.container, "environment", [])
	is_secret(variable)
}

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("%s takes %s from what is no secret's ARN.", [entry.container.name, secret.name])) if {
	some entry in terraform.containers
	some secret in object.get(entry.container, "secrets", [])
	not regex.match(`^arn:aws[a-z-]*:(secretsmanager|ssm):`, object.get(secret, "valueFrom", "arn:aws:ssm:"))
}

is_secret(variable) if {
	regex.match(sensitive, variable.name)
	value := object.get(variable, "value", "")
	value != ""
	not regex.match(harmless, value)
}

is_secret(variable) if regex.match(credential, object.get(variable, "value", ""))
