# A browser never holds a token that it was handed in its address.

# METADATA
# title: Clients of a user pool use the code flow, over HTTPS, and learn nothing about who exists
# description: >-
#   The implicit flow puts tokens into addresses, and so into logs and histories; a password flow has every client see the
#   password.
# custom:
#   remediation: >-
#     allowed_oauth_flows = ["code"], HTTPS callbacks, prevent_user_existence_errors = "ENABLED", no password flow,
#     enable_token_revocation.
#   severity: error
#   control: ASVS 10.4.4, 6.3.8; RFC 9700
#   resources: aws_cognito_user_pool_client
package terraform.clients_sign_in_by_code

import data.lib.terraform

clients := terraform.of_type({"aws_cognito_user_pool_client"})

deny contains terraform.finding(rego.metadata.chain(), client.address, sprintf("It allows the flow %s.", [flow])) if {
	some client in clients
	some flow in terraform.as_list(terraform.setting(client, ["allowed_oauth_flows"]))
	flow == "implicit"
}

deny contains terraform.finding(rego.metadata.chain(), client.address, sprintf("It allows the flow %s.", [flow])) if {
	some client in clients
	some flow in terraform.as_list(terraform.setting(client, ["explicit_auth_flows"]))
	regex.match(`(^|_)USER_PASSWORD_AUTH$|ADMIN_USER_PASSWORD|ADMIN_NO_SRP`, sprintf("%v", [flow]))
}

deny contains terraform.finding(rego.metadata.chain(), client.address, sprintf("It sends people to %s.", [address])) if {
	some client in clients
	some attribute in ["callback_urls", "logout_urls"]
	some address in terraform.as_list(terraform.setting(client, [attribute]))
	address != null
	not regex.match(`^https://[^*]+$`, address)
}

deny contains terraform.finding(rego.metadata.chain(), client.address, "It tells who has an account.") if {
	some client in clients
	terraform.setting(client, ["prevent_user_existence_errors"]) != "ENABLED"
}

deny contains terraform.finding(rego.metadata.chain(), client.address, "Its tokens can't be revoked.") if {
	some client in clients
	terraform.setting(client, ["enable_token_revocation"]) == false
}
