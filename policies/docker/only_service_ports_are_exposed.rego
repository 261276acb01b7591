# Only the service's own ports are exposed.

# METADATA
# title: Only the service's own ports are exposed
# description: >-
#   A port of a debugger, a shell or a database on the image invites somebody to publish it; one below 1024 wants root.
# custom:
#   remediation: Expose the service's ports above 1023 and no others.
#   severity: error
#   control: CIS Docker 5.7
package docker.only_service_ports_are_exposed

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("Port %s is exposed.", [port])) if {
	some instruction in input.instructions
	instruction.command == "expose"
	some port in instruction.values
	some edge in regex.find_n(`[0-9]+`, split(dockerfile.image(port), "/")[0], -1)
	is_foreign(to_number(edge))
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("%s exposes a whole range of ports.", [port])) if {
	some instruction in input.instructions
	instruction.command == "expose"
	some port in instruction.values
	regex.match(`[0-9]-[0-9]`, port)
}

is_foreign(port) if port < 1024

# Debuggers, Docker, databases, caches, remote desktops.
is_foreign(port) if port in {2375, 2376, 3306, 3389, 5005, 5432, 5900, 6379, 9229, 9230, 11211, 27017}
