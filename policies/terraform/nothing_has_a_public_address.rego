# Machines, tasks and databases have no address on the internet.

# METADATA
# title: Nothing but the NAT gateway and the load balancer has a public address
# description: With an address on the internet one wrong rule is enough; without one there is no way to it.
# custom:
#   remediation: >-
#     Put it into a private subnet, and take the argument out. What it calls, it reaches through NAT or an endpoint.
#   severity: error
#   control: CIS AWS 2.2.3; AWS Well-Architected SEC05-BP01
#   resources: >-
#     aws_db_instance and all with publicly_accessible, aws_ecs_service, aws_instance, aws_launch_template, aws_subnet, aws_eip,
#     aws_eks_cluster
package terraform.nothing_has_a_public_address

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s is on.", [concat(".", [part | some part in path; is_string(part)])])) if {
	some resource in terraform.planned
	some path in switches
	value := terraform.setting(resource, path)
	lower(sprintf("%v", [value])) == "true"
}

switches := [
	["publicly_accessible"],
	["associate_public_ip_address"],
	["map_public_ip_on_launch"],
	["assign_ipv6_address_on_creation"],
	["network_configuration", 0, "assign_public_ip"],
	["network_interfaces", 0, "associate_public_ip_address"],
	["vpc_config", 0, "endpoint_public_access"],
]

deny contains terraform.finding(rego.metadata.chain(), address.address, "It belongs to no NAT gateway.") if {
	some address in terraform.of_type({"aws_eip"})
	not terraform.has_companion(address, {"aws_nat_gateway"}, "allocation_id")
}
