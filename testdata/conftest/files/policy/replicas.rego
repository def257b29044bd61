# METADATA
# title: Replicas
# description: How many replicas there may be.
package main

import data.limits.replicas

# METADATA
# title: Too many replicas
# related_resources:
# - https://example.com/replicas
deny contains {"msg": msg, "severity": "high", "_loc": {"file": data.conftest.file.name, "line": 4}} if {
	input.spec.replicas > replicas.max
	msg := sprintf("%s has %d replicas; at most %d are allowed", [input.metadata.name, input.spec.replicas, replicas.max])
}

deny_latest contains "the image is the latest" if endswith(input.spec.image, ":latest")

warn contains "there is no owner" if not input.metadata.owner

exception contains rules if {
	input.metadata.name == "demo"
	rules := ["latest"]
}
