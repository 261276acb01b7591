# Who reads the state learns no secret.

# METADATA
# title: No secret passes through an argument that Terraform keeps
# description: >-
#   Terraform writes every argument and every computed value into the state as plain text. The role that plans, and so every pull
#   request of the repository, has to read it.
# custom:
#   remediation: >-
#     Use the write-only argument (password_wo, secret_string_wo) with an ephemeral value, let AWS keep it
#     (manage_master_user_password), or let the operator set it.
#   severity: error
#   control: CWE-312; ASVS 13.3.1
#   resources: >-
#     aws_db_instance, aws_secretsmanager_secret_version, aws_ssm_parameter, aws_elasticache_user, aws_cognito_user_pool_client,
#     aws_iam_access_key, random_password, tls_private_key and others
package terraform.state_holds_no_secret

import data.lib.terraform

kept := {"access_key", "auth_token", "certificate_private_key", "client_secret", "master_password", "master_user_password", "password", "passwords", "private_key", "secret", "secret_binary", "secret_key", "secret_string", "token"}

makers := {"aws_iam_access_key", "aws_iam_service_specific_credential", "random_password", "tls_private_key"}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s would be in the state.", [attribute])) if {
	some resource in terraform.planned
	some attribute in kept
	terraform.is_set(resource, attribute)
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, "The secret that it makes would be in the state.") if some resource in terraform.of_type(makers)

deny contains terraform.finding(rego.metadata.chain(), client.address, "The secret that Cognito makes for it would be in the state.") if {
	some client in terraform.of_type({"aws_cognito_user_pool_client"})
	terraform.setting(client, ["generate_secret"]) == true
}

deny contains terraform.finding(rego.metadata.chain(), parameter.address, "Its value would be in the state.") if {
	some parameter in terraform.of_type({"aws_ssm_parameter"})
	terraform.setting(parameter, ["type"]) == "SecureString"
	terraform.is_set(parameter, "value")
}

deny contains terraform.finding(rego.metadata.chain(), user.address, "Its passwords would be in the state.") if {
	some user in terraform.of_type({"aws_elasticache_user", "aws_memorydb_user"})
	some mode in terraform.blocks(user, "authentication_mode")
	not object.get(mode, "passwords", null) in {null, []}
}
