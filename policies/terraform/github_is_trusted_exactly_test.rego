# What github_is_trusted_exactly refuses, and what it lets pass.
package terraform.github_is_trusted_exactly_test

import data.lib.terraform_plan as tf
import data.terraform.github_is_trusted_exactly

denied(resources) := found if found := {finding.resource | some finding in github_is_trusted_exactly.deny} with input as tf.plan(resources)

good := {
	"StringEquals": {
		"token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
		"token.actions.githubusercontent.com:sub": ["repo:o/r:environment:production", "repo:o@1/r@2:environment:production"],
		"token.actions.githubusercontent.com:repository_id": "2",
		"token.actions.githubusercontent.com:environment": "production",
	},
	"StringLike": {
		"token.actions.githubusercontent.com:ref": "refs/heads/main",
		"token.actions.githubusercontent.com:job_workflow_ref": "o/r/.github/workflows/deploy.yml@refs/heads/main",
	},
}

role(name, condition) := tf.resource("aws_iam_role", name, {"assume_role_policy": json.marshal({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Condition": condition}]})})

without(test, claim) := object.union(object.remove(good, [test]), {test: object.remove(good[test], [sprintf("token.actions.githubusercontent.com:%s", [claim])])})

with_claim(test, claim, value) := json.patch(good, [{"op": "replace", "path": [test, sprintf("token.actions.githubusercontent.com:%s", [claim])], "value": value}])

test_one_workflow_of_one_repository_passes if {
	denied([role("apply", good)]) == set()
	denied([role("plan", with_claim("StringLike", "ref", ["refs/heads/main", "refs/pull/*/merge"]))]) == set()
	denied([tf.holding("aws_iam_role", "assume_role_policy", [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "a"}}])]) == set()
}

test_each_condition_is_needed if {
	every claim in ["aud", "sub", "repository_id", "environment"] {
		denied([role("apply", without("StringEquals", claim))]) == {"aws_iam_role.apply"}
	}
	every claim in ["ref", "job_workflow_ref"] {
		denied([role("apply", without("StringLike", claim))]) == {"aws_iam_role.apply"}
	}
}

test_wildcards_and_other_audiences_are_refused if {
	denied([role("apply", with_claim("StringEquals", "aud", "https://github.com/o"))]) == {"aws_iam_role.apply"}
	denied([role("apply", with_claim("StringEquals", "sub", "repo:o/r:*"))]) == {"aws_iam_role.apply"}
	denied([role("apply", with_claim("StringEquals", "sub", "repo:o/r:ref:refs/heads/main"))]) == {"aws_iam_role.apply"}
	denied([role("apply", with_claim("StringLike", "ref", "refs/heads/*"))]) == {"aws_iam_role.apply"}
	denied([role("apply", with_claim("StringLike", "job_workflow_ref", "o/r/.github/workflows/*@refs/heads/main"))]) == {"aws_iam_role.apply"}
}

test_a_pull_request_applies_nothing if {
	denied([role("apply", with_claim("StringLike", "ref", ["refs/heads/main", "refs/pull/*/merge"]))]) == {"aws_iam_role.apply"}
	denied([role("push", with_claim("StringEquals", "sub", ["repo:o/r:environment:production", "repo:o/r:pull_request:environment:a"]))]) == {"aws_iam_role.push"}
}

test_a_provider_of_the_same_plan_is_recognised if {
	statement := {"sid": null, "effect": null, "actions": ["sts:AssumeRoleWithWebIdentity"], "not_actions": null, "resources": null, "not_resources": null, "principals": [{"type": "Federated", "identifiers": [null]}], "not_principals": [], "condition": []}
	denied([tf.document("a", [statement], [{}]), tf.resource("aws_iam_role", "a", {"assume_role_policy": {"ref": "data.aws_iam_policy_document.a.json"}})]) == {"aws_iam_role.a"}
}
