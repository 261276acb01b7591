# Node runs in production mode, with its permissions narrowed, and no debugger.

# METADATA
# title: Node runs in production mode, with its permissions narrowed, and no debugger
# description: >-
#   What the process may not do, code that was smuggled into it may not do either (CWE-250); a debugger's port runs any code.
# custom:
#   remediation: Start Node with --permission and the narrowest grants, NODE_ENV=production, and neither --inspect nor NODE_OPTIONS.
#   severity: error
#   control: NIST SP 800-190 4.4
package docker.process_stays_confined

import data.lib.dockerfile

runs_node if regex.match(`nodejs|/node:|^node:|(^|\s)(/\S*/)?node(\s|$)`, concat(" ", array.concat([dockerfile.base], dockerfile.process)))

started := lasts.cmd

started := lasts.entrypoint if not lasts.cmd

lasts[command] := dockerfile.last(command) if some command in ["cmd", "entrypoint"]

deny contains dockerfile.finding(rego.metadata.chain(), started, "Node starts without --permission.") if {
	runs_node
	not "--permission" in dockerfile.process
}

deny contains dockerfile.finding(rego.metadata.chain(), started, sprintf("The grant %s is too wide.", [word])) if {
	some word in dockerfile.process
	regex.match(`^--allow-fs-(read|write)=(\*|/\*?|/(app|etc|proc|usr|nodejs)/?\*?)$|^--allow-(child-process|worker|wasi|inspector)$`, word)
	word != "--allow-fs-read=/app"
}

deny contains dockerfile.finding(rego.metadata.chain(), started, sprintf("%s weakens the process.", [word])) if {
	some word in dockerfile.process
	weakens(word)
}

deny contains dockerfile.finding(rego.metadata.chain(), assignment.instruction, sprintf("NODE_OPTIONS weakens the process: %s.", [assignment.value])) if {
	some assignment in dockerfile.assignments
	assignment.name == "NODE_OPTIONS"
	some word in regex.split(`\s+`, assignment.value)
	weakens(word)
}

deny contains dockerfile.finding(rego.metadata.chain(), assignment.instruction, sprintf("NODE_ENV is %s.", [assignment.value])) if {
	some assignment in shipped_environment
	assignment.name == "NODE_ENV"
	assignment.value != "production"
}

deny contains dockerfile.finding(rego.metadata.chain(), dockerfile.froms[dockerfile.final], "NODE_ENV is not set.") if {
	runs_node
	every assignment in shipped_environment {
		assignment.name != "NODE_ENV"
	}
}

shipped_environment contains assignment if {
	some assignment in dockerfile.assignments
	assignment.instruction.command == "env"
	assignment.instruction.stage in dockerfile.shipped
}

weakens(word) if regex.match(`^--(inspect|debug|tls-min-v1\.[01]|tls-cipher-list|insecure|disable-proto=|security-revert|allow-natives-syntax|expose-|eval$|print$|require|watch|no-permission|permission-audit)|^-[re]$`, word)
