# Where a value of a plan comes from, for what has to come from a certain place.

# METADATA
# title: Where a value of a plan comes from
# description: >-
#   A value that is known comes from the resource that has it as its ARN; one that only the apply knows, from all that its expression
#   names. There always is an origin, so that what comes from nowhere that is seen is not taken for sound.
package lib.terraform_origins

import data.lib.terraform

# METADATA
# description: Addresses, without indices, or what else the value comes from.
of(resource, path) := object.get(owners, value, {"a value"}) if {
	value := terraform.setting(resource, path)
	is_string(value)
}

of(resource, path) := named(resource, path) if not is_string(terraform.setting(resource, path))

owners[terraform.setting(resource, ["arn"])] contains terraform.unindexed(resource.address) if some resource in terraform.planned

named(resource, path) := mentioned if {
	mentioned := mentions(resource, path)
	count(mentioned) > 0
} else := {"something unnamed"}

mentions(resource, path) := {target |
	block := terraform.configuration[terraform.unindexed(resource.address)]
	some name in names(block, path, count(terraform.as_list(terraform.setting(resource, [path[0]]))))
	mention := concat("", [terraform.module_of(resource.address), name])
	not regex.match(known_before, mention)
	some target in regex.find_n(`^(?:module\.[\w-]+\.)*(?:data\.)?[a-z]\w*\.[\w-]+`, terraform.unindexed(mention), 1)
}

# What is known when it is planned is not what made a value unknown: a variable of the root module, a key, an index.
known_before := `^var\.|(?:^|\.)(?:each\.key|count\.index)$`

# Blocks of a `dynamic` are not in the configuration as JSON: where there are more than it has, they are named by nothing.
names(block, path, blocks) := {name |
	count(terraform.as_list(block.expressions[path[0]])) == blocks
	walk(block.expressions, [at, references])
	at[0] == path[0]
	array.slice(at, count(at) - 2, count(at)) == [path[count(path) - 1], "references"]
	some reference in references
	some name in gone_through(block, reference)
}

# `each.value` comes from what for_each goes through.
gone_through(block, reference) := {name | some name in block.for_each_expression.references} if startswith(reference, "each.value")

gone_through(_, reference) := {reference} if not startswith(reference, "each.value")
