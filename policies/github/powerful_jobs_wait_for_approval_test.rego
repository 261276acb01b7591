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
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: vars.ON != ''
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: github.event.pull_request.head.repo.full_name == github.repository
    permissions: {id-token: write, contents: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    if: github.event.pull_request.head.repo.full_name == github.repository
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: vars.ON != '' || github.event.pull_request.head.repo.full_name == github.repository
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: vars.ON != '' && always() || github.event.pull_request.head.repo.full_name == github.repository
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: (vars.ON != '' || github.event.pull_request.head.repo.full_name == github.repository)
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: github.event.pull_request.head.repo.full_name == github.repository || github.event_name != 'pull_request'
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: github.event.pull_request.head.repo.full_name != github.repository
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: "(true && true) || github.event.pull_request.head.repo.full_name == github.repository && github.event.pull_request.head.repo.full_name == github.repository"
    permissions: {id-token: write}
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
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: vars.ON != '' && github.event.pull_request.head.repo.full_name == github.repository
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: vars.ON != '' && (github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository)
    permissions: {id-token: write}
`,
	`on: {pull_request: {}}
jobs:
  a:
    runs-on: ubuntu-24.04
    environment: staging-plan
    if: github.event_name != 'pull_request' && (github.event_name == 'push' || github.event_name == 'schedule')
    permissions: {id-token: write}
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
