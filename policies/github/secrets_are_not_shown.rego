# No credential gets into a log, into a file that is kept, or to another host.

# METADATA
# title: No script prints a credential or the environment, or sends one to a host of its own choice
# description: >-
#   Logs of public repositories are public, and a mask is undone by base64, a reversal or a second print (the
#   exfiltration of tj-actions and of the npm worms).
# custom:
#   remediation: >-
#     Remove it. Give the secret to the program that needs it by its environment or standard input.
#   severity: error
#   control: CWE-532; OWASP CICD-SEC-10
package github.secrets_are_not_shown

import data.lib.workflow

deny contains {"line": script.line, "message": "The script prints its environment or its commands, credentials among them."} if {
	some script in workflow.scripts
	regex.match(`(?m)(^|[;&|(]\s*)(env|printenv|export\s+-p|declare\s+-x|set|Get-ChildItem\s+env:|dir\s+env:|gci\s+env:)\s*($|[|>;&)])|\bset\s+-\w*x|\bset\s+-o\s+xtrace|/proc/(self|\d+|\$\S+|\*)/(environ|mem)|console\.log\(\s*(JSON\.stringify\(\s*)?process\.env\s*[,)]|\bcore\.(info|notice|warning|debug)\([^)]*process\.env`, script.text)
}

deny contains {"line": script.line, "message": "The script prints a credential."} if {
	some script in workflow.scripts
	some line in split(script.text, "\n")
	regex.match(`(^|[;&|({]\s*|\s)((echo|printf|Write-Output|Write-Host|tee|base64|xxd|rev)\b|cat\s*<<)|console\.\w+\(`, line)
	workflow.expands(line, credentials(script))
	not regex.match(`--password-stdin|--with-token|\|\s*(docker|podman|helm|gh|cosign|npm)\b`, line)
}

deny contains {"line": script.line, "message": "The script sends a credential to a host that is not GitHub's API."} if {
	some script in workflow.scripts
	some line in split(script.text, "\n")
	regex.match(`(?i)\b(curl|wget|nc|ncat|socat|iwr|irm|Invoke-(WebRequest|RestMethod)|nslookup|dig)\b|\bfetch\(`, line)
	workflow.expands(line, credentials(script))
	not regex.match(`https://(api|uploads)\.github\.com/|\$\{?GITHUB_API_URL`, line)
}

deny contains {"line": workflow.line_of(name), "message": sprintf("%s makes the runner write what it should keep to itself.", [name])} if {
	some entry in workflow.steps
	some name, _ in workflow.variables(entry)
	name in {"ACTIONS_ALLOW_UNSECURE_COMMANDS", "ACTIONS_RUNNER_DEBUG", "ACTIONS_STEP_DEBUG", "GIT_CURL_VERBOSE", "GIT_TRACE", "GIT_TRACE_CURL"}
}

credentials(entry) := workflow.holding(entry, workflow.secret) | {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GITHUB_TOKEN"}
