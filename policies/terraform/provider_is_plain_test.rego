# What provider_is_plain refuses, and what it lets pass.
package terraform.provider_is_plain_test

import data.lib.terraform_plan as tf
import data.terraform.provider_is_plain

with_provider(provider) := object.union(tf.plan([]), {"configuration": {"provider_config": {"a": provider}}})

aws(expressions) := with_provider({"full_name": "registry.terraform.io/hashicorp/aws", "expressions": expressions})

test_a_region_and_tags_pass if {
	count(provider_is_plain.deny) == 0 with input as aws({"region": {"references": ["var.region"]}, "default_tags": [{}]})
	count(provider_is_plain.deny) == 0 with input as with_provider({"full_name": "terraform.io/builtin/terraform"})
}

test_credentials_endpoints_and_other_providers_are_refused if {
	count(provider_is_plain.deny) == 2 with input as aws({"access_key": {"constant_value": "x"}, "secret_key": {"references": ["var.key"]}})
	count(provider_is_plain.deny) == 1 with input as aws({"endpoints": [{"s3": {"constant_value": "http://localhost"}}]})
	count(provider_is_plain.deny) == 1 with input as with_provider({"full_name": "registry.terraform.io/hashicorp/random"})
}
