# That the verdict names every policy that it asked, and each that denies.
package lib.terraform_verdict_test

import data.lib.terraform_plan as tf
import data.lib.terraform_verdict

test_policies_are_asked_and_their_tests_are_not if {
	asked := {warning.msg | some warning in terraform_verdict.warn} with input as tf.plan([])
	count(asked) > 50
	"plan_is_whole" in asked
	count([claim | some claim in asked; endswith(claim, "_test")]) == 0
}

test_what_is_denied_names_its_policy if {
	found := {finding.policy | some finding in terraform_verdict.deny} with input as tf.plan([tf.resource("aws_iam_user", "a", {})])
	found == {"nobody_has_a_lasting_key"}
}
