# The provider is AWS as it is, and gets its rights from its surroundings.

# METADATA
# title: No provider but that of AWS, without credentials or switches of its own
# description: >-
#   A key in the configuration is in the history for ever; an endpoint of somebody else gets every request, with its secrets; and
#   a provider of whomever runs with the rights of the apply.
# custom:
#   remediation: >-
#     Take the argument out: Terraform reads credentials from its environment (OpenID Connect in CI). A further provider needs a
#     decision, and a place in this policy.
#   severity: error
#   control: CWE-798; OSPS-BR-07.01
#   resources: provider blocks
package terraform.provider_is_plain

import data.lib.terraform

known := {"registry.terraform.io/hashicorp/aws", "terraform.io/builtin/terraform"}

loose := {"access_key", "custom_ca_bundle", "endpoints", "http_proxy", "https_proxy", "insecure", "secret_key", "shared_credentials_files", "skip_credentials_validation", "skip_requesting_account_id", "sts_region", "token"}

deny contains terraform.finding(rego.metadata.chain(), sprintf("provider.%s", [key]), sprintf("The provider %s is not one of this template.", [provider.full_name])) if {
	some key, provider in input.configuration.provider_config
	not provider.full_name in known
}

deny contains terraform.finding(rego.metadata.chain(), sprintf("provider.%s", [key]), sprintf("It sets %s.", [argument])) if {
	some key, provider in input.configuration.provider_config
	some argument, _ in object.get(provider, "expressions", {})
	argument in loose
}
