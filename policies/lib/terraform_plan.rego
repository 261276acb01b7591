# Plans for the tests of the policies on them.

# METADATA
# title: Plans for the tests of the policies on them
# description: >-
#   An attribute `{"ref": "aws_kms_key.a.arn"}` (or several) is known only after the apply; `{"later": true}` as well, but nothing sets it.
package lib.terraform_plan

plan(resources) := in_environment("production", resources)

in_environment(environment, resources) := {
	"format_version": "1.2",
	"complete": true,
	"errored": false,
	"variables": {"environment": {"value": environment}},
	"resource_changes": [resource.planned | some resource in resources],
	"output_changes": {},
	"configuration": {"root_module": {"resources": [resource.configured | some resource in resources]}},
}

resource(type, name, attributes) := {
	"planned": {
		"address": sprintf("%s.%s", [type, name]),
		"mode": "managed",
		"type": type,
		"name": name,
		"change": {
			"actions": ["create"],
			"before": null,
			"after": {key: value | some key, value in attributes; not is_later(value)},
			"after_unknown": {key: true | some key, value in attributes; is_later(value)},
		},
	},
	"configured": {
		"address": sprintf("%s.%s", [type, name]),
		"mode": "managed",
		"type": type,
		"name": name,
		"expressions": {key: expression | some key, value in attributes; expression := expression_of(value)},
	},
}

# METADATA
# description: One of several, which share one configuration.
instance(type, name, index, attributes) := patched(resource(type, name, attributes), [
	{"op": "add", "path": "/planned/index", "value": index},
	{"op": "replace", "path": "/planned/address", "value": sprintf("%s.%s[%s]", [type, name, json.marshal(index)])},
	{"op": "replace", "path": "/configured/expressions", "value": {key: expression_of(value) | some key, value in attributes; value.ref}},
])

patched(one, operations) := json.patch(one, operations)

acting(one, actions) := patched(one, [{"op": "replace", "path": "/planned/change/actions", "value": actions}])

document(name, statements, unknown) := {
	"planned": {"address": sprintf("data.aws_iam_policy_document.%s", [name]), "mode": "data", "type": "aws_iam_policy_document", "name": name, "change": {"actions": ["read"], "before": null, "after": {"statement": statements}, "after_unknown": {"statement": unknown, "json": true}}},
	"configured": {"address": sprintf("data.aws_iam_policy_document.%s", [name]), "mode": "data", "type": "aws_iam_policy_document", "name": name, "expressions": {}},
}

# METADATA
# description: A resource with a policy of these statements, known as a whole.
holding(type, attribute, statements) := resource(type, "a", {attribute: json.marshal({"Version": "2012-10-17", "Statement": statements})})

task(containers) := resource("aws_ecs_task_definition", "service", {"family": "service", "container_definitions": json.marshal(containers)})

is_later(value) if value.ref

is_later(value) if value.later

expression_of(value) := {"references": [part | some reference in names_in(value.ref); some part in [reference, resource_in(reference)]]} if value.ref

expression_of(value) := {"constant_value": value} if not is_later(value)

names_in(value) := value if is_array(value)

names_in(value) := [value] if is_string(value)

resource_in(reference) := concat(".", array.slice(split(reference, "."), 0, count(split(reference, ".")) - 1))
