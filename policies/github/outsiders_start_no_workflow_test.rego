# What outsiders_start_no_workflow refuses, form by form, and its nearest relatives that it lets pass.
package github.outsiders_start_no_workflow_test

import data.github.outsiders_start_no_workflow

refused := [
	`on: pull_request_target
jobs: {}
`,
	`on: [push, issue_comment]
jobs: {}
`,
	`on: {discussion: {types: [created]}}
jobs: {}
`,
	`on: workflow_run
jobs: {}
`,
	`on: watch
jobs: {}
`,
]

allowed := [
	`on: [push, pull_request, merge_group]
jobs: {}
`,
	`on:
  schedule:
    - cron: "1 1 * * *"
jobs: {}
`,
]

test_refuses_every_form if {
	every text in refused {
		count(outsiders_start_no_workflow.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(outsiders_start_no_workflow.deny) == 0 with input as {"text": text}
	}
}
