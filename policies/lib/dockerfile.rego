# A Dockerfile as its policies see it: stages, what the shipped image inherits, and the images that it names.

# METADATA
# title: A Dockerfile as its policies see it
# description: >-
#   The input is {file, frontend, instructions, ignore}; an instruction is {line, stage, command, flags, values, json, text}, where
#   text is all that it says, continued lines and here-documents included. What ONBUILD defers counts as said.
package lib.dockerfile

# METADATA
# description: The stage that `docker build` ships when no target is named.
final := max({instruction.stage | some instruction in input.instructions})

froms[stage] := instruction if {
	some instruction in input.instructions
	instruction.command == "from"
	stage := instruction.stage
}

stage_of[name] := stage if {
	some stage, from in froms
	lower(from.values[1]) == "as"
	name := lower(from.values[2])
}

# What a build argument says by default may be an image, or a part of its name.
defaults[placeholder] := value if {
	some instruction in input.instructions
	instruction.command == "arg"
	some declared in instruction.values
	[name, value] := split(declared, "=")
	some placeholder in [sprintf("${%s}", [name]), sprintf("$%s", [name])]
}

image(reference) := strings.replace_n(defaults, reference)

is_stage(reference) if stage_of[lower(reference)]

is_stage(reference) if regex.match(`^[0-9]+$`, reference)

parents[stage] := {stage_of[lower(from.values[0])] | some _ in [1]; is_stage(from.values[0])} if some stage, from in froms

# METADATA
# description: The final stage and the stages that it is built upon; what is only copied from is not among them.
shipped := graph.reachable(parents, {final})

shipped_instructions contains instruction if {
	some instruction in input.instructions
	instruction.stage in shipped
}

# METADATA
# description: What the shipped image begins with.
base := image(froms[min(shipped)].values[0])

# METADATA
# description: The one of these commands that counts, as later ones replace earlier ones.
last(command) := instruction if {
	lines := [instruction.line | some instruction in shipped_instructions; instruction.command == command]
	some instruction in shipped_instructions
	instruction.line == max(lines)
}

# METADATA
# description: What the image starts, word by word.
process := array.concat(words("entrypoint"), words("cmd"))

default words(_) := []

words(command) := last(command).values

# METADATA
# description: Names and values that ENV and ARG set.
assignments contains {"instruction": instruction, "name": instruction.values[index], "value": trim(instruction.values[index + 1], `"'`)} if {
	some instruction in input.instructions
	instruction.command == "env"
	some index in numbers.range(0, count(instruction.values) - 1)
	index % 3 == 0
}

assignments contains {"instruction": instruction, "name": name, "value": concat("=", array.slice(parts, 1, count(parts)))} if {
	some instruction in input.instructions
	instruction.command == "arg"
	some declared in instruction.values
	parts := split(declared, "=")
	name := parts[0]
}

runs contains instruction if {
	some instruction in input.instructions
	instruction.command == "run"
}

copies contains instruction if {
	some instruction in input.instructions
	instruction.command in {"copy", "add"}
}

# METADATA
# description: A finding as the gate reads it, with what the policy's own annotations say of severity and remedy.
finding(annotated, instruction, message) := {
	"msg": message,
	"line": instruction.line,
	"file": object.get(instruction, "file", input.file),
	"severity": custom.severity,
	"remediation": custom.remediation,
} if {
	some link in annotated
	custom := link.annotations.custom
}
