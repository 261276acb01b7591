# What the policies share, where no policy's own forms come by: settings that are no mapping, and text that no line has.
package lib.workflow_test

import data.lib.workflow

test_variables_that_an_expression_gives_are_none if {
	workflow.variables({"job": "a", "step": {"env": {"A": "1"}}}) == {"A": "1"} with input as {"text": "on: push\nenv: ${{ fromJSON(inputs.env) }}\njobs: {a: {}}\n"}
}

test_what_no_line_has_is_shown_at_the_first if {
	workflow.line_of("nowhere") == 1 with input as {"text": "on: push\njobs: {a: {}}\n"}
	workflow.line_of_job("a") == 1 with input as {"text": "on: push\njobs: {a: {}}\n"}
	workflow.line_of_job("b") == 3 with input as {"text": "on: push\njobs:\n  b: {}\n"}
}
