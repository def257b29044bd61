# METADATA
# title: Image references
# description: An image is named with a tag that stays, or by its digest
# custom:
#   severity: medium
#   help: name the version that was tested, or the digest
package images.references

import rego.v1

deny contains msg if {
	some container in containers
	tag := tag_of(container.image)
	tag == ""
	msg := sprintf("container `%s`: image `%s` has neither tag nor digest", [container.name, container.image])
}

deny contains msg if {
	some container in containers
	tag_of(container.image) == "latest"
	msg := sprintf("container `%s`: image `%s` changes under its tag", [container.name, container.image])
}

# The containers of a Pod, of a workload's template, or of a CronJob's.
containers contains container if {
	some spec in pod_specs
	some kind in ["containers", "initContainers", "ephemeralContainers"]
	some container in spec[kind]
}

pod_specs contains input.spec if input.kind == "Pod"

pod_specs contains input.spec.template.spec

pod_specs contains input.spec.jobTemplate.spec.template.spec

# The tag, empty where there is none; a digest stands for itself.
tag_of(image) := "@" if contains(image, "@")

tag_of(image) := tag if {
	not contains(image, "@")
	parts := split(image, "/")
	named := split(parts[count(parts) - 1], ":")
	tag := concat(":", array.slice(named, 1, count(named)))
}
