# What a subject may do: asked for every request, evaluated in the service.

# METADATA
# title: What a subject may do
# description: >-
#   One decision for each request: whether, why, and what the answer must leave out. What no rule grants is denied
#   (OWASP ASVS 8.2.1). Which role may do what is data: data.rules, made of what the features declare. The input's type and
#   verb are the two halves of its action; the caller takes it apart, as doing so here would double the time of a decision.
package stockade.access

# METADATA
# entrypoint: true
decision := {"allowed": true, "reason": reason, "obligations": obligations} if reason == "granted"

decision := {"allowed": false, "reason": reason} if not reason in {"granted", "step-up-required", "second-factor-missing"}

# RFC 9470: what the person has to prove before they may.
decision := {"allowed": false, "reason": reason, "stepUp": wanted} if reason == "step-up-required"

# No sign-in is older than a session may be: what is missing is the factor.
decision := {"allowed": false, "reason": reason, "stepUp": {"maxAgeS": 604800, "factors": 2}} if reason == "second-factor-missing"

# The first that holds. What tells least about the resource comes first.
reason := "action-unknown" if {
	not data.rules.grants[input.action]
} else := "other-tenant" if {
	input.resource.tenant != input.subject.tenant
} else := "scope-missing" if {
	not within_scope
} else := "role-not-granted" if {
	not granted
} else := "sensitivity-not-cleared" if {
	not cleared_for_resource
} else := "second-factor-missing" if {
	below_two_factors
} else := "step-up-required" if {
	wanted
} else := "granted"

granted if holds_one_of(data.rules.grants[input.action])

# Whose it is may do so to it, whatever their role.
granted if {
	input.action in data.rules.ownerActions
	input.resource.owner == input.subject.id
}

# A token without scopes is limited by its roles alone (RFC 9068, 2.2.3).
within_scope if not input.subject.scopes

within_scope if "api" in input.subject.scopes

within_scope if input.action in input.subject.scopes

cleared_for_resource if not input.resource.sensitivity

cleared_for_resource if input.resource.sensitivity in sensitivities

# Where the service asks people for two factors, one opens nothing but what gets them another (OWASP ASVS 6.3.3).
below_two_factors if {
	data.rules.signInFactors == 2
	input.subject.person
	not input.action in data.rules.enrolment
	not has_two_factors
}

has_two_factors if input.subject.factors >= 2

# A cookie that turned up in another browser: reading goes on, changing takes a new sign-in.
wanted := {"maxAgeS": 0, "factors": 1} if {
	input.subject.risk == "elevated"
	input.verb != "read"
} else := data.rules.stepUp[input.action] if {
	not fresh_and_strong
}

# Unknown is neither.
fresh_and_strong if {
	not data.rules.stepUp[input.action]
}

fresh_and_strong if {
	input.subject.authenticatedAgeS <= data.rules.stepUp[input.action].maxAgeS
	input.subject.factors >= data.rules.stepUp[input.action].factors
}

obligations := {"omit": omitted, "sensitivities": sensitivities}

# Sorted, since the compiled module goes through an object in another order than `opa eval`.
omitted := sort([field |
	some field, roles in data.rules.fields[input.type]
	not holds_one_of(roles)
])

sensitivities := sort(array.concat(["normal"], [sensitivity |
	some sensitivity, roles in data.rules.sensitivities[input.type]
	holds_one_of(roles)
]))

holds_one_of(roles) if {
	some role in input.subject.roles
	role in roles
}
