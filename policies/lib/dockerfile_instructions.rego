# Instructions as the gate hands them to a policy, for the policies' tests.

# METADATA
# title: Instructions for tests
# description: Writes a Dockerfile of one instruction a line, so that a test says only what it is about.
package lib.dockerfile_instructions

digest := sprintf("@sha256:%s", [concat("", ["0" | some _ in numbers.range(1, 64)])])

distroless := sprintf("gcr.io/distroless/nodejs26-debian13:nonroot%s", [digest])

# METADATA
# description: Numbers the lines, and counts the stages by their FROM.
dockerfile(list) := {"file": "Dockerfile", "frontend": "", "ignore": {"file": ".dockerignore", "patterns": ["*", "!app"]}, "instructions": [placed |
	some index, instruction in list
	begun := [true | some earlier in array.slice(list, 0, index + 1); earlier.command == "from"]
	placed := object.union(instruction, {"line": index + 1, "stage": max([0, count(begun) - 1])})
]}

instruction(command, values) := {"command": command, "flags": [], "values": values, "json": false, "text": concat(" ", values)}

flagged(command, flags, values) := object.union(instruction(command, values), {"flags": flags, "text": concat(" ", array.concat(flags, values))})

exec(command, values) := object.union(instruction(command, values), {"json": true})

from(image) := instruction("from", [image])

stage(image, name) := instruction("from", [image, "AS", name])

run(text) := instruction("run", [text])
