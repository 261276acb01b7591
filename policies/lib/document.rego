# A YAML file as policies see it that have to say where in it something is.

# METADATA
# title: A YAML file with its lines
# description: The input is {file, text}, and what the gate adds. A file that is no mapping has nothing in it here; its gate refuses it before.
package lib.document

content := yaml.unmarshal(input.text)

lines := split(input.text, "\n")

# METADATA
# description: The first line that has the text; the first of the file where none has.
line_of(text) := min(found) if {
	found := [number |
		some index, line in lines
		contains(line, text)
		number := index + 1
	]
	count(found) > 0
} else := 1

# METADATA
# description: The first line that is the key of a mapping.
line_of_key(name) := min(found) if {
	found := [number |
		some index, line in lines
		regex.match(sprintf(`^\s*(- )?["']?%s["']?\s*:`, [name]), line)
		number := index + 1
	]
	count(found) > 0
} else := 1

as_list(value) := value if is_array(value)

as_list(value) := [value] if not is_array(value)

# METADATA
# description: A finding as the gate reads it, with what the policy's own annotations say of severity and remedy.
finding(annotated, line, message) := {
	"msg": message,
	"line": line,
	"file": input.file,
	"severity": custom.severity,
	"remediation": custom.remediation,
} if {
	some link in annotated
	custom := link.annotations.custom
}
