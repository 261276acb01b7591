# The process can change none of the image's files.

# METADATA
# title: The process can change none of the image's files
# description: >-
#   Who takes over the process then cannot replace the code that it starts with next time (CWE-732).
# custom:
#   remediation: Copy without --chown and --chmod, so that files are root's; give the process a tmpfs or a volume for what it writes.
#   severity: error
#   control: CIS Docker 5.12
package docker.files_belong_to_root

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("Files are given away: %s.", [flag])) if {
	some instruction in dockerfile.shipped_instructions
	some flag in instruction.flags
	startswith(flag, "--chown=")
	not regex.match(`^--chown=(0|root)?(:(0|root))?$`, flag)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "Files are given away.") if {
	some instruction in dockerfile.shipped_instructions
	instruction.command == "run"
	some owner in regex.find_all_string_submatch_n(`\b(?:chown|install\s+-o)\s+(?:-\S+\s+)*(\S+)`, instruction.text, -1)
	not regex.match(`^["']?(0|root)(:(0|root))?["']?$`, owner[1])
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("Others than the owner may write, or it runs as its owner: %s.", [mode[1]])) if {
	some instruction in input.instructions
	instruction.command in {"run", "copy", "add"}
	some mode in regex.find_all_string_submatch_n(`(?:\bchmod\s+(?:-\S+\s+)*|--chmod=)["']?([0-7]{3,4}|[ugoa]*[-+=][rwxXst]+(?:,[ugoa]*[-+=][rwxXst]+)*)`, concat(" ", array.concat(instruction.flags, [instruction.text])), -1)
	regex.match(`^[0-7]?[0-7]([2367][0-7]|[0-7][2367])$|^[2-7][0-7]{3}$|(^|,)[ugo]*[goa][ugo]*[+=][rxX]*w|(^|,)[ugoa]*\+[rwxX]*s`, mode[1])
}
