# A request that a machine is talked into does not get its credentials.

# METADATA
# title: Every machine demands a session for its metadata, one hop away at the most
# description: >-
#   The first version of the metadata service answers a plain GET: one forged request of a program on the machine (SSRF) hands
#   out its role, as at Capital One in 2019.
# custom:
#   remediation: metadata_options with http_tokens = "required" and http_put_response_hop_limit = 1.
#   severity: error
#   control: CIS AWS 5.7; CWE-918
#   resources: aws_instance, aws_launch_template, aws_launch_configuration, aws_ec2_instance_metadata_defaults
package terraform.machines_guard_their_credentials

import data.lib.terraform

machines := terraform.of_type({"aws_instance", "aws_launch_configuration", "aws_launch_template"})

deny contains terraform.finding(rego.metadata.chain(), machine.address, "Its metadata is there without a session.") if {
	some machine in machines
	not is_guarded(machine)
}

deny contains terraform.finding(rego.metadata.chain(), machine.address, "Its metadata reaches containers, more than one hop away.") if {
	some machine in machines
	terraform.setting(machine, ["metadata_options", 0, "http_put_response_hop_limit"]) > 1
}

deny contains terraform.finding(rego.metadata.chain(), defaults.address, "New machines answer without a session.") if {
	some defaults in terraform.of_type({"aws_ec2_instance_metadata_defaults"})
	terraform.setting(defaults, ["http_tokens"]) != "required"
}

is_guarded(machine) if terraform.setting(machine, ["metadata_options", 0, "http_tokens"]) == "required"

is_guarded(machine) if terraform.setting(machine, ["metadata_options", 0, "http_endpoint"]) == "disabled"
