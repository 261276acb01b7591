# A plan as its policies see it: resources as they will be, what they point at, and the documents inside them.

# METADATA
# title: A Terraform plan as its policies see it
# description: >-
#   The input is what `terraform show -json` makes of a saved plan. What is only known after the apply is no value: it counts as set
#   where the configuration sets it, and never as right. Which resource belongs to which is read from the configuration, which names
#   what an expression refers to; a reference through a local value or a variable can't be followed, and so ties nothing together.
package lib.terraform

# METADATA
# description: Managed resources that are there after the apply, those of child modules too.
planned := {change.address: change |
	some change in input.resource_changes
	change.mode == "managed"
	is_object(change.change.after)
}

of_type(types) := [resource | some type in types; some resource in typed[type]]

typed[resource.type][address] := resource if some address, resource in planned

# METADATA
# description: What stands before a change and not after it, or is made anew.
removed contains change if {
	some change in input.resource_changes
	change.mode == "managed"
	"delete" in change.change.actions
}

# METADATA
# description: Without such a variable (the bootstrap) nothing is a trial.
environment := object.get(input, ["variables", "environment", "value"], "production")

is_production if environment == "production"

# METADATA
# description: Environments that keep what they hold; a preview is made to be thrown away.
is_lasting if not startswith(environment, "preview-")

# METADATA
# description: What is known at a path of attributes, blocks and indices, or null.
setting(resource, path) := object.get(resource.change.after, path, null)

is_unknown(resource, path) if {
	some length in numbers.range(1, count(path))
	object.get(resource.change.after_unknown, array.slice(path, 0, length), false) == true
}

blocks(resource, name) := [block | some block in as_list(setting(resource, [name]))]

# METADATA
# description: Known and not empty, or given by an expression whose value only the apply knows.
is_set(resource, attribute) if not setting(resource, [attribute]) in {null, "", []}

is_set(resource, attribute) if {
	is_unknown(resource, [attribute])
	is_configured(resource, attribute)
}

is_configured(resource, attribute) if {
	expression := configuration[unindexed(resource.address)].expressions[attribute]
	not expression.constant_value == null
}

# METADATA
# description: The configuration of each resource and data source by its address without indices.
configuration := {address: block |
	some prefix, module in modules
	some block in module.resources
	address := concat("", [prefix, block.address])
}

modules := object.union({"": input.configuration.root_module}, {prefix: module |
	walk(object.get(input.configuration.root_module, "module_calls", {}), [path, module])

	# The path is name, "module", "module_calls", and so on, inwards.
	count(path) % 3 == 2
	path[count(path) - 1] == "module"
	prefix := concat("", [part | some index, name in path; index % 3 == 0; part := sprintf("module.%s.", [name])])
})

unindexed(address) := regex.replace(address, `\[(?:"[^"]*"|\d+)\]`, "")

# METADATA
# description: What an attribute's expression names, as it names it, with the module that it is in.
mentions(address, attribute) := {mention |
	walk(configuration[unindexed(address)].expressions[attribute], [path, named])
	path[count(path) - 1] == "references"
	some name in named
	mention := concat("", [module_of(address), name])
}

module_of(address) := prefix if {
	[prefix] := regex.find_n(`^(?:module\.[\w-]+\.)+`, unindexed(address), 1)
} else := ""

# METADATA
# description: Addresses, without indices, of what an attribute refers to.
references(resource, attribute) := references_of(resource.address, attribute)

references_of(address, attribute) := {target |
	some mention in mentions(address, attribute)
	some target in regex.find_n(`^(?:module\.[\w-]+\.)*(?:data\.)?[a-z]\w*\.[\w-]+`, unindexed(mention), 1)
}

# METADATA
# description: Whether an attribute names that resource, by a reference or by a value that is known.
points_at(resource, attribute, target) if {
	unindexed(target.address) in references(resource, attribute)
	names_instance(resource, attribute, target)
}

points_at(resource, attribute, target) if {
	some value in as_list(setting(resource, [attribute]))
	not value in {null, ""}
	some key in ["arn", "bucket", "id", "name"]
	value == setting(target, [key])
}

names_instance(_, _, target) if not "index" in object.keys(target)

names_instance(resource, _, target) if resource.index == target.index

names_instance(resource, attribute, target) if {
	some mention in mentions(resource.address, attribute)
	startswith(mention, target.address)
}

# One resource, or one that is there or not, that takes all instances of another.
names_instance(resource, attribute, target) if {
	type_name(object.get(resource, "index", null)) != type_name(target.index)
	every mention in mentions(resource.address, attribute) {
		not startswith(mention, sprintf("%s[", [unindexed(target.address)]))
	}
}

# METADATA
# description: Whether a resource of these types points at the target.
has_companion(target, types, attribute) if {
	some resource in of_type(types)
	points_at(resource, attribute, target)
}

companions(target, types, attribute) := [resource | some resource in of_type(types); points_at(resource, attribute, target)]

as_list(value) := value if is_array(value)

as_list(value) := [value] if not is_array(value)

# METADATA
# description: Where a resource has a policy in the language of IAM, and what kind it is.
policy_attributes := {
	"aws_backup_vault_policy": {"policy": "resource"},
	"aws_cloudwatch_event_bus_policy": {"policy": "resource"},
	"aws_cloudwatch_log_resource_policy": {"policy_document": "resource"},
	"aws_dynamodb_resource_policy": {"policy": "resource"},
	"aws_ecr_registry_policy": {"policy": "resource"},
	"aws_ecr_repository_policy": {"policy": "resource"},
	"aws_efs_file_system_policy": {"policy": "resource"},
	"aws_iam_group_policy": {"policy": "identity"},
	"aws_iam_policy": {"policy": "identity"},
	"aws_iam_role": {"assume_role_policy": "trust"},
	"aws_iam_role_policy": {"policy": "identity"},
	"aws_iam_user_policy": {"policy": "identity"},
	"aws_kms_key": {"policy": "key"},
	"aws_kms_key_policy": {"policy": "key"},
	"aws_kms_replica_key": {"policy": "key"},
	"aws_opensearch_domain_policy": {"access_policies": "resource"},
	"aws_s3_access_point": {"policy": "resource"},
	"aws_s3_bucket_policy": {"policy": "resource"},
	"aws_secretsmanager_secret": {"policy": "resource"},
	"aws_secretsmanager_secret_policy": {"policy": "resource"},
	"aws_sns_topic": {"policy": "resource"},
	"aws_sns_topic_policy": {"policy": "resource"},
	"aws_sqs_queue": {"policy": "resource"},
	"aws_sqs_queue_policy": {"policy": "resource"},
	"aws_ssoadmin_permission_set_inline_policy": {"inline_policy": "identity"},
	"aws_vpc_endpoint": {"policy": "endpoint"},
	"aws_vpc_endpoint_policy": {"policy": "endpoint"},
}

# METADATA
# description: Every policy document that is given, with its statements as far as the plan shows them.
policies contains {"resource": resource, "attribute": attribute, "kind": kind, "statements": statements_of(resource, attribute), "isVisible": count(documents_of(resource, attribute)) > 0} if {
	some resource in planned
	some attribute, kind in policy_attributes[resource.type]
	is_set(resource, attribute)
}

policies contains {"resource": resource, "attribute": "inline_policy", "kind": "identity", "statements": [normal(raw) | some raw in as_list(document.Statement)], "isVisible": true} if {
	some resource in of_type({"aws_iam_role"})
	some block in blocks(resource, "inline_policy")
	document := json.unmarshal(block.policy)
}

# METADATA
# description: Statements that allow something, of the policies of these kinds.
allowances(kinds) := [{"resource": policy.resource, "statement": statement} |
	some policy in policies
	policy.kind in kinds
	some statement in policy.statements
	statement.effect == "Allow"
]

statements_of(resource, attribute) := [statement |
	some document in documents_of(resource, attribute)
	some statement in document
]

documents_of(resource, attribute) := [[normal(raw) | some raw in as_list(document.Statement)] |
	document := json.unmarshal(setting(resource, [attribute]))
] if {
	is_string(setting(resource, [attribute]))
}

documents_of(resource, attribute) := [statements |
	some address in graph.reachable(document_sources, references(resource, attribute))
	some statements in read_later[address]
] if {
	not is_string(setting(resource, [attribute]))
}

# METADATA
# description: Documents of aws_iam_policy_document that only the apply makes whole. Their statements are in the plan already.
read_later[unindexed(change.address)] contains statements if {
	some change in input.resource_changes
	change.type == "aws_iam_policy_document"
	is_array(change.change.after.statement)
	statements := [read(statement, object.get(change.change.after_unknown, ["statement", index], {})) | some index, statement in change.change.after.statement]
}

document_sources[address] := references_of(address, "source_policy_documents") | references_of(address, "override_policy_documents") if some address, _ in read_later

# METADATA
# description: Stands for a name that only the apply knows. It is of something in the plan, and so no wildcard of its own.
later := "(known after apply)"

known(value) := value if value != null

known(null) := later

normal(raw) := {
	"sid": object.get(raw, "Sid", ""),
	"effect": raw.Effect,
	"actions": texts(object.get(raw, "Action", [])),
	"notActions": texts(object.get(raw, "NotAction", [])),
	"resources": texts(object.get(raw, "Resource", [])),
	"notResources": texts(object.get(raw, "NotResource", [])),
	"principals": principals_of(object.get(raw, "Principal", {})),
	"notPrincipals": principals_of(object.get(raw, "NotPrincipal", {})),
	"conditions": [{"test": test, "variable": variable, "values": texts(values)} |
		some test, variables in object.get(raw, "Condition", {})
		some variable, values in variables
	],
}

read(statement, unknown) := {
	"sid": text_or(statement.sid, ""),
	"effect": text_or(statement.effect, "Allow"),
	"actions": names(statement.actions, unknown, "actions"),
	"notActions": names(statement.not_actions, unknown, "not_actions"),
	"resources": names(statement.resources, unknown, "resources"),
	"notResources": names(statement.not_resources, unknown, "not_resources"),
	"principals": {principal.type: identifiers | some principal in statement.principals; identifiers := {known(id) | some id in object.get(principal, "identifiers", [null])}},
	"notPrincipals": {principal.type: identifiers | some principal in statement.not_principals; identifiers := {known(id) | some id in object.get(principal, "identifiers", [null])}},
	"conditions": [{"test": condition.test, "variable": condition.variable, "values": {known(value) | some value in object.get(condition, "values", [null])}} | some condition in statement.condition],
}

text_or(value, _) := value if is_string(value)

text_or(value, default_text) := default_text if not is_string(value)

# A set that is unknown as a whole is one name that is not known.
names(_, unknown, attribute) := {later} if unknown[attribute] == true

names(values, unknown, attribute) := {known(value) | is_array(values); some value in values} if not unknown[attribute] == true

texts(value) := {text | some text in as_list(value)}

principals_of("*") := {"AWS": {"*"}}

principals_of(value) := {type: texts(named) | some type, named in value} if is_object(value)

has_condition(statement, pattern) if {
	some condition in statement.conditions
	regex.match(pattern, condition.variable)
	not regex.match(`(?i)^Null$|IfExists$|Not`, condition.test)
	count(condition.values - {"*", ""}) == count(condition.values)
}

# METADATA
# description: >-
#   The containers of each task definition. Where a name in them is known only later, their JSON is unknown as a whole; then an output
#   of the same local value shows them.
containers contains {"task": task, "container": container} if {
	some task in of_type({"aws_ecs_task_definition"})
	some container in containers_of(task)
}

containers_of(task) := json.unmarshal(setting(task, ["container_definitions"])) if is_string(setting(task, ["container_definitions"]))

containers_of(task) := change.after if {
	is_unknown(task, ["container_definitions"])
	[reference] := configuration[unindexed(task.address)].expressions.container_definitions.references
	name := trim_prefix(reference, "local.")
	name != reference
	input.configuration.root_module.outputs[name].expression.references == [reference]
	change := input.output_changes[name]
	is_array(change.after)
}

# METADATA
# description: A finding as the gate reads it, with what the policy's own annotations say of severity and remedy.
finding(annotated, address, message) := {
	"msg": message,
	"resource": address,
	"severity": custom.severity,
	"remediation": custom.remediation,
} if {
	some link in annotated
	custom := link.annotations.custom
}
