# What a job fetches by itself has a hash, or a lock file that has it.

# METADATA
# title: No script runs a download, or installs what no lock file names
# description: >-
#   Whoever holds the host, or the name in the registry, gets into every run from then on (Codecov 2021, the worms
#   of 2025 and 2026). A lock file or a checksum notices.
# custom:
#   remediation: >-
#     Use `npm ci`, `pip install --require-hashes`, a `tool` line of go.mod, or an action at its commit; else
#     download to a file and compare it with `sha256sum --check` before it runs.
#   severity: error
#   control: CWE-494; OpenSSF Scorecard Pinned-Dependencies
package github.downloads_are_verified

import data.lib.workflow

unverified := {
	`\b(curl|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod|aria2c|gh\s+api)\b[^\n]*\|\s*(sudo\s+(-\S+\s+)*)?(env\s+)?(\S*/)?(ba|z|da|k|fi)?sh\b`: "It pipes a download into a shell.",
	`\|\s*(sudo\s+(-\S+\s+)*)?(\S*/)?((ba|z|da|k)?sh|node|python3?|perl|ruby|iex|Invoke-Expression)\s*(-\s*)?(-s\b[^\n]*|)(\n|$|;|&)`: "It pipes into an interpreter.",
	`(ba|z|da|k)?(sh|source|\.)\s+(-\w+\s+)*("?\$\(|<\()\s*(curl|wget)`: "It runs a download.",
	`\bnpm\s+((-C|-w|--(prefix|workspace|registry|userconfig))\s+\S+\s+|-\S+\s+)*(i|in|ins|inst|install|isntall|add|update|up|upgrade|exec|x)\b`: "It installs by npm without the lock file.",
	`\b(npx|bunx)\s+(--?\S+\s+)*(-y|--yes|-p|--package|\S+@)`: "It runs a package that no lock file names.",
	`\b(pnpm|yarn)\s+(dlx|add|up|upgrade)\b|\bbun\s+(add|x)\b`: "It installs without the lock file.",
	`\b(uvx|pipx\s+(run|install)|uv\s+(pip\s+install|tool\s+(run|install))|easy_install|gem\s+install|cargo\s+install|brew\s+install|choco\s+install|go\s+(install|run|get)\s+\S+@)`: "It installs a program that no lock file names.",
}

deny contains {"line": script.line, "message": message} if {
	some script in workflow.scripts
	some pattern, message in unverified
	regex.match(sprintf(`(?im)%s`, [pattern]), script.text)
}

deny contains {"line": script.line, "message": "It installs by pip without hashes."} if {
	some script in workflow.scripts
	some line in split(script.text, "\n")
	regex.match(`\bpip[0-9.]*\s+(-\S+\s+)*install\b`, line)
	not contains(line, "--require-hashes")
}

deny contains {"line": script.line, "message": "It downloads a file and runs it without comparing its checksum."} if {
	some script in workflow.scripts
	regex.match(`(?i)\b(curl|wget|iwr|Invoke-WebRequest)\b|\bgh\s+release\s+download`, script.text)
	regex.match(`(?m)\bchmod\s+(\S*x|[0-7]*[1357][0-7]*)\b|\btar\s+(-?\w*x|--extract)|\bunzip\b|\bdpkg\s+(-i|--install)|\brpm\s+-\w*i|^\s*(sudo\s+)?(ba|z|da)?sh\s+\S+\.sh|^\s*(sudo\s+)?(node|python3?)\s+\S+\.(m?js|py)|\binstall\s+-m`, script.text)
	not regex.match(`(sha(256|384|512)sum|shasum)\s.*(-c\b|--check)|cosign\s+verify|gh\s+attestation\s+verify`, script.text)
}
