use super::{CRON_JOB, DEPLOYMENT, POD, Shape, check};
use crate::read::{Limits, parse_yaml};

fn result(shape: &'static Shape, text: &str) -> Result<(), String> {
    check(parse_yaml(text, &Limits::default()).unwrap().root(), shape)
}

#[test]
fn a_whole_pod_is_decoded() {
    let pod = "
        metadata: {name: a, creationTimestamp: null, labels: {a: b}, deletionTimestamp: '2026-01-02T03:04:05Z'}
        spec:
          terminationGracePeriodSeconds: 30
          nodeSelector: {a: b}
          volumes: [{name: v, configMap: {name: c, items: [{key: k, path: p, mode: 420}]}}, null]
          containers:
          - name: a
            env: [{name: A, value: b}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}]
            resources: {limits: {cpu: 1.5, memory: 1Gi}, requests: {cpu: 100m}}
            livenessProbe: {httpGet: {port: http, path: /}, periodSeconds: 1.0}
            ports: [{containerPort: 80}]
            unknownField: [1, {2: 3}]
        status: {whatever: 1}
        ";
    assert_eq!(result(&POD, pod), Ok(()));
}

#[test]
fn a_wrong_type_is_told_as_go_tells_it() {
    for (pod, expected) in [
        (
            "{spec: {containers: x}}",
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            "{spec: {containers: [{securityContext: []}]}}",
            "json: cannot unmarshal array into Go struct field Container.spec.containers.securityContext of type v1.SecurityContext",
        ),
        (
            "{spec: {containers: [{env: [{name: a, value: 1}]}]}}",
            "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
        ),
        (
            "{spec: {containers: [{ports: [{containerPort: 80.5}]}]}}",
            "json: cannot unmarshal number 80.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (
            "{spec: {containers: [{ports: [{hostPort: 8000000000}]}]}}",
            "json: cannot unmarshal number 8000000000 into Go struct field ContainerPort.spec.containers.ports.hostPort of type int32",
        ),
        (
            "{metadata: {annotations: {a: true}}}",
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.annotations of type string",
        ),
        (
            "{spec: {containers: [{resources: {limits: []}}]}}",
            "json: cannot unmarshal array into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList",
        ),
        // A struct that is embedded stands in the path.
        (
            "{spec: {volumes: [{hostPath: {path: 3}}]}}",
            "json: cannot unmarshal number into Go struct field HostPathVolumeSource.spec.volumes.VolumeSource.hostPath.path of type string",
        ),
        (
            "{spec: {containers: [{livenessProbe: {httpGet: {port: true}}}]}}",
            "json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32",
        ),
        // Keys are decoded in their order, not as written; a quantity ends it at once.
        (
            "{spec: {hostPID: 1, hostIPC: 1}}",
            "json: cannot unmarshal number into Go struct field PodSpec.spec.hostIPC of type bool",
        ),
        (
            "{spec: {containers: [{image: 1, resources: {limits: {cpu: lots}}}]}}",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "{metadata: {creationTimestamp: soon}}",
            "parsing time \"soon\" as \"2006-01-02T15:04:05Z07:00\"",
        ),
    ] {
        assert_eq!(result(&POD, pod), Err(expected.to_owned()), "{pod}");
    }
    assert_eq!(
        result(&DEPLOYMENT, "{spec: {template: {spec: {hostPID: x}}}}"),
        Err("json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.hostPID of type bool".to_owned()),
    );
    assert_eq!(
        result(&CRON_JOB, "{spec: {jobTemplate: {spec: {template: []}}}}"),
        Err("json: cannot unmarshal array into Go struct field JobSpec.spec.jobTemplate.spec.template of type v1.PodTemplateSpec".to_owned()),
    );
}

#[test]
fn keys_are_the_same_whatever_their_case() {
    assert_eq!(
        result(&POD, "{spec: {HostPid: x}}"),
        Err("json: cannot unmarshal string into Go struct field PodSpec.spec.hostPID of type bool"
            .to_owned()),
    );
}
