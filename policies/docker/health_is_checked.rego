# The image says how its health is looked at, without a shell.

# METADATA
# title: The image says how its health is looked at, without a shell
# description: >-
#   An orchestrator that does not ask keeps sending requests to a process that hangs.
# custom:
#   remediation: Give the final stage HEALTHCHECK CMD with a JSON array, of a program that the image has.
#   severity: warning
#   control: CIS Docker 4.6
package docker.health_is_checked

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), dockerfile.froms[dockerfile.final], "The image has no HEALTHCHECK.") if not dockerfile.last("healthcheck")

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "The HEALTHCHECK is switched off, or needs a shell.") if {
	instruction := dockerfile.last("healthcheck")
	not instruction.json
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("The HEALTHCHECK calls %s, which a distroless image does not have.", [instruction.values[1]])) if {
	instruction := dockerfile.last("healthcheck")
	instruction.json
	regex.match(`^(/\S*/)?(curl|wget|nc|(ba|a|da)?sh|true|echo|exit)$`, instruction.values[1])
}
