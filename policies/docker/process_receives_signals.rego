# The process is started without a shell, and ends when it is asked to.

# METADATA
# title: The process is started without a shell, and ends when it is asked to
# description: >-
#   A shell or npm in between keeps SIGTERM to itself, so that every release cuts off the requests in flight.
# custom:
#   remediation: Write ENTRYPOINT and CMD as a JSON array that begins with the program itself, and STOPSIGNAL SIGTERM.
#   severity: error
#   control: NIST SP 800-190 4.4
package docker.process_receives_signals

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("%s starts a shell.", [upper(command)])) if {
	some command in ["entrypoint", "cmd"]
	instruction := dockerfile.last(command)
	not instruction.json
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("%s stands between the orchestrator and the process.", [program])) if {
	some command in ["entrypoint", "cmd"]
	instruction := dockerfile.last(command)
	some program in instruction.values
	regex.match(`^(/\S*/)?((ba|da|a|z)?sh|npm|npx|yarn|pnpm|nodemon|pm2|forever|supervisord)$`, program)
}

deny contains dockerfile.finding(rego.metadata.chain(), dockerfile.froms[dockerfile.final], "The image says not what it starts.") if count(dockerfile.process) == 0

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("%s ends it without a word.", [instruction.values[0]])) if {
	instruction := dockerfile.last("stopsignal")
	not upper(instruction.values[0]) in {"SIGTERM", "15", "TERM"}
}
