# What scripts_evaluate_no_input refuses, form by form, and its nearest relatives that it lets pass.
package github.scripts_evaluate_no_input_test

import data.github.scripts_evaluate_no_input

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          eval "$T"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          sh -c "echo $T"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          bash -ec "$T"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          node -e "$T"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          python3 -c "print($T)"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          source <(echo "$T")
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          bash <<<"$T"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "$T" | xargs -I{} sh -c "{}"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          iex $env:T
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          new Function(text)()
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "X=$T" >>"$GITHUB_ENV"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "${T}" | tee -a "$GITHUB_PATH"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          cat out.txt >> $GITHUB_ENV
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "V=$(cat v)" >>"$GITHUB_ENV"
        env:
          T: ${{ github.event.pull_request.title }}
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          printf "%s" "$T"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          sh -c 'echo "$1"' _ "$T"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          node -e 'console.log(1)'
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "x=$T" >>"$GITHUB_OUTPUT"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "A=b" >>"$GITHUB_ENV"
        env:
          T: ${{ github.event.pull_request.title }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm run evaluate
        env:
          T: ${{ github.event.pull_request.title }}
`,
]

test_refuses_every_form if {
	every text in refused {
		count(scripts_evaluate_no_input.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(scripts_evaluate_no_input.deny) == 0 with input as {"text": text}
	}
}
