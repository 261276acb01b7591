# What every policy on workflows asks of a workflow or a composite action: jobs, steps, scripts, triggers, lines.
# METADATA
# title: A workflow as its policies see it
# description: >-
#   The input is {text, ruleset}: a workflow's or a composite action's file, and what .github/ruleset.json requires. What has no jobs
#   and no steps is empty here; workflows_are_plain denies it.
package lib.workflow

# METADATA
# description: A composite action is a job of its own, named after what it is.
jobs[id] := job if some id, job in object.get(content, "jobs", {})

jobs["composite"] := content.runs if content.runs.using == "composite"

content := yaml.unmarshal(input.text)

lines := split(input.text, "\n")

triggers contains trigger if {
	is_string(content.on)
	trigger := content.on
}

triggers contains trigger if {
	is_array(content.on)
	some trigger in content.on
}

triggers contains trigger if {
	is_object(content.on)
	some trigger, _ in content.on
}

steps contains {"job": id, "index": index, "step": step} if {
	some id, job in jobs
	some index, step in object.get(job, "steps", [])
}

# METADATA
# description: Everything that an interpreter gets. Continued lines are one, as the shell has them.
scripts contains {"job": entry.job, "step": entry.step, "text": joined, "line": line_of(first_line(text))} if {
	some entry in steps
	some text in [object.get(entry.step, "run", null), object.get(object.get(entry.step, "with", {}), "script", null)]
	is_string(text)
	joined := regex.replace(text, `\\\r?\n\s*`, " ")
}

uses contains {"job": id, "with": {}, "reference": job.uses, "line": line_of(job.uses)} if some id, job in jobs

uses contains {"job": entry.job, "with": object.get(entry.step, "with", {}), "reference": entry.step.uses, "line": line_of(entry.step.uses)} if some entry in steps

# METADATA
# description: The variables that a script sees.
variables(entry) := object.union_n([
	of_mapping(object.get(content, "env", {})),
	of_mapping(object.get(jobs[entry.job], "env", {})),
	of_mapping(object.get(entry.step, "env", {})),
])

of_mapping(value) := value if is_object(value)

of_mapping(value) := {} if not is_object(value)

# METADATA
# description: What outsiders write, as far as expressions name it.
untrusted := `github\.(event\.(issue|pull_request|comment|review|discussion|head_commit|commits|workflow_run|pages|client_payload|release|inputs)\b.*|head_ref|ref_name)|\binputs\.|toJSON\(github`

secret := `secrets\s*[.\[]|github\.token|toJSON\(\s*secrets`

holding(entry, pattern) := {name |
	some name, value in variables(entry)
	regex.match(sprintf(`(?is)\$\{\{.*(%s)`, [pattern]), sprintf("%v", [value]))
}

expands(text, names) if {
	some name in names
	regex.match(sprintf(`\$(\{[#!]?%s\b|%s\b|env:%s\b|\{env:%s\b)|process\.env\.%s\b|%%%s%%`, [name, name, name, name, name, name]), text)
}

write_scopes(permissions) := {scope | some scope, "write" in permissions} if is_object(permissions)

write_scopes("write-all") := {"write-all"}

write_scopes(permissions) := set() if {
	not is_object(permissions)
	permissions != "write-all"
}

# METADATA
# description: The first line that has the text, so that a person finds it; the first of the file where none has.
line_of(text) := min(found) if {
	found := [number |
		some index, line in lines
		contains(line, text)
		number := index + 1
	]
	count(found) > 0
} else := 1

line_of_job(id) := min(found) if {
	found := [number |
		some index, line in lines
		regex.match(sprintf(`^\s+["']?%s["']?:`, [id]), line)
		number := index + 1
	]
	count(found) > 0
} else := 1

first_line(text) := trim_space(split(trim_space(text), "\n")[0])
