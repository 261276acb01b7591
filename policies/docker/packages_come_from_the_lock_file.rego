# Packages come from a lock file, without their install scripts and development tools.

# METADATA
# title: Packages come from a lock file, without their install scripts and development tools
# description: >-
#   An install that resolves anew takes whatever was published a minute ago, and runs its scripts (CWE-1357).
# custom:
#   remediation: Install with npm ci --omit=dev, and leave .npmrc to keep scripts off; a Python package needs --require-hashes.
#   severity: error
#   control: SLSA build L3
package docker.packages_come_from_the_lock_file

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "The command resolves packages anew.") if {
	some instruction in dockerfile.runs
	some pattern in [
		`\bnpm\s+(--?\S+\s+)*(install|i|in|ins|inst|add|isntall|update|up|upgrade|udpate|install-test|it|exec|x|link|create|init)\b`,
		`\bnpx\s|\bbunx\s|\b(pnpm|yarn|bun)\s+(dlx|x|add|up|upgrade|create|global)\b|\bbun\s+(install|i)\b`,
		`\b(go|cargo|gem)\s+install\b|\bcorepack\s+(use|prepare|install)\b`,
		`--no-package-lock\b|--no-frozen-lockfile\b|--package-lock[= ]false|\brm\s+[^;&|]*(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml)`,
	]
	regex.match(pattern, instruction.text)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "The command installs without holding on to the lock file or the hashes.") if {
	some instruction in dockerfile.runs
	some [pattern, held] in [
		[`\byarn(\s+install\b|\s+--|\s*(&&|;|$))`, `--(immutable|frozen-lockfile)\b`],
		[`\bpnpm\s+(install|i)\b`, `--frozen-lockfile\b`],
		[`\bpip3?\s+install\b`, `--require-hashes\b`],
	]
	regex.match(pattern, instruction.text)
	not regex.match(held, instruction.text)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "Install scripts of packages are run.") if {
	some instruction in input.instructions
	instruction.command in {"run", "env"}
	regex.match(`(?i)ignore[-_]scripts["']?[= ]+["']?false|--no-ignore-scripts\b|\bnpm\s+rebuild\b|--foreground-scripts\b`, instruction.text)
}

# What only another stage builds with may have its tools.
deny contains dockerfile.finding(rego.metadata.chain(), install, "Development dependencies are copied into the shipped image.") if {
	some instruction in dockerfile.shipped_instructions
	instruction.command == "copy"
	some flag in instruction.flags
	stage := stage_named(trim_prefix(flag, "--from="))
	regex.match(`node_modules|/app/?\s`, concat(" ", instruction.values))
	some install in dockerfile.runs
	install.stage == stage
	regex.match(`\bnpm\s+(--?\S+\s+)*(ci|clean-install|ic)\b`, install.text)
	not omits_development(stage)
}

stage_named(name) := dockerfile.stage_of[lower(name)]

stage_named(name) := to_number(name) if regex.match(`^[0-9]+$`, name)

omits_development(stage) if {
	some instruction in input.instructions
	instruction.stage == stage
	regex.match(`--omit[= ]["']?dev|--production\b|--only[= ]prod|NODE_ENV["']?[= ]+["']?production`, instruction.text)
}
