# Neither build nor process takes more rights than a container has.

# METADATA
# title: Neither build nor process takes more rights than a container has
# description: >-
#   A build that leaves its sandbox can read what the machine has, other builds and their credentials included (CWE-250).
# custom:
#   remediation: Do as root what needs root before USER, and without the host's network, socket or capabilities.
#   severity: error
#   control: CIS Docker 5.4
package docker.privileges_are_not_raised

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("The build leaves its sandbox: %s.", [flag])) if {
	some instruction in input.instructions
	some flag in instruction.flags
	regex.match(`^--(security=insecure|network=host)$|docker\.sock|--mount=type=ssh\b.*required=false`, flag)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("Rights are raised: %s.", [trim_space(found[0])])) if {
	some instruction in input.instructions
	instruction.command in {"run", "entrypoint", "cmd", "volume", "copy", "add"}
	some found in regex.find_all_string_submatch_n(`(?:^|[\s;&|("'/])(sudo|su|gosu|su-exec|doas|setcap|nsenter|insmod|modprobe)(?:\s|$)|docker\.sock|--privileged\b|--cap-add\b|NOPASSWD|\busermod\s+[^;&|]*\b(sudo|wheel|docker|root)\b`, concat(" ", array.concat(instruction.values, [instruction.text])), 1)
}
