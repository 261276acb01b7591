# What ports_stay_on_this_machine refuses, and what it lets pass.
package compose.ports_stay_on_this_machine_test

import data.compose.ports_stay_on_this_machine

refused := [
	`services:
  a:
    ports: ["9090:9090"]
`,
	`services:
  a:
    ports: [9090]
`,
	`services:
  a:
    ports: ["0.0.0.0:9090:9090"]
`,
	`services:
  a:
    ports:
      - target: 9090
        published: 9090
`,
	`services:
  a:
    ports: ["[::]:9090:9090"]
`,
]

allowed := [
	`services:
  a:
    ports: ["127.0.0.1:9090:9090"]
`,
	`services:
  a:
    ports: ["[::1]:9090:9090"]
`,
	`services:
  a:
    ports:
      - target: 9090
        published: 9090
        host_ip: 127.0.0.1
`,
	`services:
  a:
    expose: [9090]
`,
]

test_refuses_every_form if {
	every text in refused {
		count(ports_stay_on_this_machine.deny) > 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(ports_stay_on_this_machine.deny) == 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}
