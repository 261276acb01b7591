# The shipped image has no shell, package manager or network client.

# METADATA
# title: The shipped image has no shell, package manager or network client
# description: >-
#   What is not in the image serves nobody who broke in, and needs no updates.
# custom:
#   remediation: Build in a stage of its own, and copy the result into a distroless image or scratch.
#   severity: error
#   control: CIS Docker 4.3
package docker.final_stage_is_minimal

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), dockerfile.froms[min(dockerfile.shipped)], sprintf("The image is built upon %s, which is not distroless.", [dockerfile.base])) if {
	not regex.match(`^(scratch$|gcr\.io/distroless/|cgr\.dev/chainguard/)`, dockerfile.base)
}

deny contains dockerfile.finding(rego.metadata.chain(), dockerfile.froms[min(dockerfile.shipped)], "The base is a variant for debugging, which brings a shell.") if {
	regex.match(`:([^@]*-)?(debug|latest-dev|dev)(-[^@]*)?(@|$)`, dockerfile.base)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "The shipped image installs packages.") if {
	some instruction in dockerfile.shipped_instructions
	instruction.command == "run"
	regex.match(`\b(apt|apt-get|aptitude|dpkg|apk|dnf|microdnf|yum|rpm|zypper|pacman|npm|npx|yarn|pnpm|pip3?|corepack)\b`, instruction.text)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("The shipped image gets %s.", [source])) if {
	some instruction in dockerfile.shipped_instructions
	instruction.command in {"copy", "add"}
	some source in array.slice(instruction.values, 0, count(instruction.values) - 1)
	regex.match(`(^|/)(sh|ash|bash|dash|zsh|busybox|toybox|npm|npx|yarn|pnpm|corepack|apt-get|apk|curl|wget|nc|ncat|socat|ssh|sudo|su)$`, source)
}
