# What privileges_are_dropped refuses, and what it lets pass.
package compose.privileges_are_dropped_test

import data.compose.privileges_are_dropped

refused := [
	`services:
  a:
    image: a
`,
	`services:
  a:
    cap_drop: [ALL]
`,
	`services:
  a:
    security_opt: [no-new-privileges:true]
`,
	`services:
  a:
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true]
    cap_add: [NET_ADMIN]
`,
	`services:
  a:
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true]
    privileged: true
`,
	`services:
  a:
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true]
    network_mode: host
`,
	`services:
  a:
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true, seccomp=unconfined]
`,
]

allowed := [
	`services:
  a:
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true]
`,
	`services:
  a:
    cap_drop: [ALL]
    security_opt: [no-new-privileges]
    privileged: false
`,
]

test_refuses_every_form if {
	every text in refused {
		count(privileges_are_dropped.deny) > 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(privileges_are_dropped.deny) == 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}
