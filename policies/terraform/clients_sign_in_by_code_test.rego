# What clients_sign_in_by_code refuses, and what it lets pass.
package terraform.clients_sign_in_by_code_test

import data.lib.terraform_plan as tf
import data.terraform.clients_sign_in_by_code

denied(resources) := found if found := {finding.resource | some finding in clients_sign_in_by_code.deny} with input as tf.plan(resources)

client(attributes) := [tf.resource("aws_cognito_user_pool_client", "a", object.union({"allowed_oauth_flows": ["code"], "callback_urls": ["https://example.com/callback"], "prevent_user_existence_errors": "ENABLED"}, attributes))]

test_the_code_flow_passes if denied(client({})) == set()

test_each_other_way_is_refused if {
	every attributes in [{"allowed_oauth_flows": ["code", "implicit"]}, {"explicit_auth_flows": ["ALLOW_USER_PASSWORD_AUTH"]}, {"callback_urls": ["http://example.com/callback"]}, {"logout_urls": ["https://*.example.com/"]}, {"prevent_user_existence_errors": null}, {"enable_token_revocation": false}] {
		denied(client(attributes)) == {"aws_cognito_user_pool_client.a"}
	}
}
