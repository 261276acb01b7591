# Every rule of access.rego by itself: when it holds, and when it must not.
package stockade.access_test

import data.stockade.access

rules := {
	"grants": {
		"items:read": ["viewer", "clerk", "manager"],
		"items:move": ["clerk", "manager"],
		"items:retire": ["manager"],
		"items:burn": [],
		"movements:read": ["viewer", "clerk", "manager"],
		"notes:change": ["manager"],
	},
	"ownerActions": ["notes:change"],
	"stepUp": {"items:retire": {"maxAgeS": 900, "factors": 2}},
	"fields": {"movements": {"actor": ["clerk", "manager"]}},
	"sensitivities": {"items": {"restricted": ["manager"]}},
}

subject_with(roles) := {"id": "u-1", "tenant": "acme", "roles": roles}

asked(subject, type, verb) := {"subject": subject, "action": sprintf("%s:%s", [type, verb]), "type": type, "verb": verb}

decided(request) := decision if decision := access.decision with input as request with data.rules as rules

about(request, resource) := object.union(request, {"resource": resource})

test_role_is_granted if {
	decided(asked(subject_with(["clerk"]), "items", "move")) == {"allowed": true, "reason": "granted", "obligations": {"omit": [], "sensitivities": ["normal"]}}
}

test_role_is_not_granted if {
	decided(asked(subject_with(["viewer"]), "items", "move")) == {"allowed": false, "reason": "role-not-granted"}
	decided(asked(subject_with([]), "items", "read")).reason == "role-not-granted"
	decided(asked(subject_with(["manager"]), "items", "burn")).reason == "role-not-granted"
}

test_action_is_unknown if {
	decided(asked(subject_with(["manager"]), "items", "paint")) == {"allowed": false, "reason": "action-unknown"}
}

test_nothing_is_known if {
	access.decision.allowed == false with input as {} with data.rules as {}
}

test_other_tenant_is_denied_first if {
	request := asked(subject_with(["manager"]), "items", "read")
	decided(about(request, {"tenant": "globex"})).reason == "other-tenant"
	decided(about(request, {"tenant": "acme"})).allowed
}

test_owner_may_what_owners_may if {
	request := asked(subject_with(["viewer"]), "notes", "change")
	decided(about(request, {"owner": "u-1"})).allowed
	decided(about(request, {"owner": "u-2"})).reason == "role-not-granted"
	decided(about(asked(subject_with(["viewer"]), "items", "retire"), {"owner": "u-1"})).reason == "role-not-granted"
}

token_with(scopes) := object.union(subject_with(["clerk"]), {"scopes": scopes})

test_scopes_bound_a_token if {
	decided(asked(token_with(["api"]), "items", "move")).allowed
	decided(asked(token_with(["items:move"]), "items", "move")).allowed
	decided(asked(token_with(["items:read"]), "items", "move")).reason == "scope-missing"
	decided(asked(token_with([]), "items", "move")).reason == "scope-missing"
}

test_scope_grants_nothing if {
	decided(asked(object.union(subject_with(["viewer"]), {"scopes": ["items:move"]}), "items", "move")).reason == "role-not-granted"
}

test_sensitivity_takes_clearance if {
	decided(about(asked(subject_with(["clerk"]), "items", "read"), {"sensitivity": "restricted"})).reason == "sensitivity-not-cleared"
	decided(about(asked(subject_with(["clerk"]), "items", "read"), {"sensitivity": "normal"})).allowed
	decided(about(asked(subject_with(["manager"]), "items", "read"), {"sensitivity": "restricted"})).allowed
	decided(about(asked(subject_with(["manager"]), "items", "read"), {"sensitivity": "unheard of"})).reason == "sensitivity-not-cleared"
}

test_obligations_name_what_to_leave_out if {
	decided(asked(subject_with(["viewer"]), "movements", "read")).obligations == {"omit": ["actor"], "sensitivities": ["normal"]}
	decided(asked(subject_with(["viewer", "clerk"]), "movements", "read")).obligations.omit == []
	decided(asked(subject_with(["manager"]), "items", "read")).obligations == {"omit": [], "sensitivities": ["normal", "restricted"]}
}

test_step_up_takes_a_fresh_and_strong_sign_in if {
	manager := subject_with(["manager"])
	wanted := {"allowed": false, "reason": "step-up-required", "stepUp": {"maxAgeS": 900, "factors": 2}}
	decided(asked(manager, "items", "retire")) == wanted
	decided(asked(object.union(manager, {"authenticatedAgeS": 901, "factors": 2}), "items", "retire")) == wanted
	decided(asked(object.union(manager, {"authenticatedAgeS": 1, "factors": 1}), "items", "retire")) == wanted
	decided(asked(object.union(manager, {"authenticatedAgeS": 900, "factors": 2}), "items", "retire")).allowed
}

strict_rules := object.union(rules, {"signInFactors": 2, "enrolment": ["notes:change"]})

person_with(roles) := object.union(subject_with(roles), {"person": true})

decided_strictly(request) := decision if decision := access.decision with input as request with data.rules as strict_rules

test_one_factor_opens_nothing_but_enrolment if {
	manager := person_with(["manager"])
	missing := {"allowed": false, "reason": "second-factor-missing", "stepUp": {"maxAgeS": 604800, "factors": 2}}
	decided_strictly(asked(manager, "items", "read")) == missing
	decided_strictly(asked(object.union(manager, {"factors": 1, "authenticatedAgeS": 1}), "items", "retire")) == missing
	decided_strictly(asked(object.union(manager, {"factors": 1}), "notes", "change")).allowed
	decided_strictly(asked(object.union(manager, {"factors": 2}), "items", "read")).allowed
	decided_strictly(asked(person_with(["viewer"]), "items", "move")).reason == "role-not-granted"
}

test_programs_have_no_second_factor if {
	decided_strictly(asked(token_with(["api"]), "items", "move")).allowed
}

test_one_factor_is_enough_where_two_are_not_asked_for if {
	decided(asked(object.union(person_with(["clerk"]), {"factors": 1}), "items", "move")).allowed
}

test_risk_lets_read_and_no_more if {
	risky := object.union(subject_with(["manager"]), {"risk": "elevated", "authenticatedAgeS": 1, "factors": 2})
	decided(asked(risky, "items", "read")).allowed
	decided(asked(risky, "items", "move")) == {"allowed": false, "reason": "step-up-required", "stepUp": {"maxAgeS": 0, "factors": 1}}
	decided(asked(risky, "items", "retire")).stepUp.maxAgeS == 0
}
