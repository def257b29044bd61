package images.references_test

import rego.v1

import data.images.references

images := {
	"registry.example/shop/web:1.2": 0,
	"registry.example:5000/web:1.2": 0,
	"web@sha256:0123": 0,
	"web:1.2@sha256:0123": 0,
	"web": 1,
	"registry.example:5000/web": 1,
	"web:latest": 1,
}

test_images[image] if {
	some image, findings in images
	count(references.deny) == findings with input as pod([{"name": "app", "image": image}])
}

test_each_container_is_looked_at if {
	references.deny == {
		"container `a`: image `one` has neither tag nor digest",
		"container `b`: image `two:latest` changes under its tag",
	} with input as pod([{"name": "a", "image": "one"}, {"name": "b", "image": "two:latest"}])
}

test_init_containers if {
	count(references.deny) == 1 with input as {
		"kind": "Pod",
		"spec": {"initContainers": [{"name": "a", "image": "one"}]},
	}
}

test_workloads[kind] if {
	some kind, workload in {
		"Deployment": {"spec": {"template": pod([{"name": "a", "image": "one"}])}},
		"CronJob": {"spec": {"jobTemplate": {"spec": {"template": pod([{"name": "a", "image": "one"}])}}}},
	}
	count(references.deny) == 1 with input as object.union(workload, {"kind": kind})
}

test_other_objects if count(references.deny) == 0 with input as {"kind": "ConfigMap", "data": {"image": "web"}}

pod(containers) := {"kind": "Pod", "spec": {"containers": containers}}
