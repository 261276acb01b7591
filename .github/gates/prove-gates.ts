// `npm run gates:prove`: applies every seeded defect to a throw-away copy and looks whether its gate turns red for that reason.
