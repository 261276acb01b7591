# That the verdict names every policy that it asked, and each that denies.
package lib.terraform_verdict_test

import data.lib.terraform_plan as tf
import data.lib.terraform_verdict

test_every_policy_is_asked if {
	asked := {warning.msg | some warning in terraform_verdict.warn} with input as tf.plan([])
	asked == {claim | some claim, _ in data.terraform; not endswith(claim, "_test")}
}

test_what_is_denied_names_its_policy if {
	found := {finding.policy | some finding in terraform_verdict.deny} with input as tf.plan([tf.resource("aws_iam_user", "a", {})])
	found == {"nobody_has_a_lasting_key"}
}
