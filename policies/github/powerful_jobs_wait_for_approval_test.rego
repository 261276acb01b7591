# What powerful_jobs_wait_for_approval refuses, form by form, and its nearest relatives that it lets pass.
package github.powerful_jobs_wait_for_approval_test

import data.github.powerful_jobs_wait_for_approval

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: {id-token: write}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: write-all
`,
	`on: [push, pull_request]
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: release
    permissions: {packages: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: release
    permissions: {contents: write}
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: release
    permissions: {id-token: write}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: {contents: read, security-events: write}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: read-all
`,
]

test_refuses_every_form if {
	every text in refused {
		count(powerful_jobs_wait_for_approval.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(powerful_jobs_wait_for_approval.deny) == 0 with input as {"text": text}
	}
}
