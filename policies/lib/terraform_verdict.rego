# All policies on a plan in one question, since each that is asked alone reads the plan anew.

# METADATA
# title: The verdict of all policies on a plan
# description: What each of them denies, with its name, and as warnings the names of those that were asked, so that none is left out unseen.
package lib.terraform_verdict

deny contains object.union(finding, {"policy": claim}) if {
	some claim
	some finding in data.terraform[claim].deny
}

warn contains {"msg": claim} if {
	some claim
	_ = data.terraform[claim].deny
}
