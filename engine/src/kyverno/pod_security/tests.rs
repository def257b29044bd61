use super::{
    PodSecurityFailure, PodSecurityOutcome, PodSecurityRule, compile_exclusions, evaluate,
};
use crate::diagnostic::Severity;
use crate::read::{Limits, parse_yaml};
use crate::tree::Tree;

fn tree(text: &str) -> Tree {
    parse_yaml(text, &Limits::default()).unwrap()
}

fn rule(text: &str) -> PodSecurityRule {
    let tree = tree(text);
    let mut problems = Vec::new();
    let rule = PodSecurityRule::compile(tree.root(), &mut problems);
    rule.unwrap_or_else(|| panic!("{text}: {problems:?}"))
}

fn outcome(rule_text: &str, kind: &str, object: &str) -> Result<PodSecurityOutcome, String> {
    evaluate(&rule(rule_text), &[], tree(object).root(), kind, "check")
}

fn failure(rule_text: &str, kind: &str, object: &str) -> PodSecurityFailure {
    match outcome(rule_text, kind, object) {
        Ok(PodSecurityOutcome::Fail(failure)) => failure,
        other => panic!("{rule_text}, {object}: {other:?}"),
    }
}

/// The part of the message that lists what is forbidden.
fn forbidden(rule_text: &str, pod: &str) -> String {
    let message = failure(rule_text, "Pod", pod).message;
    message.split_once("\": ").unwrap().1.to_owned()
}

fn places(failure: &PodSecurityFailure) -> Vec<(&str, bool)> {
    failure.violations.iter().map(|found| (&*found.path, found.missing)).collect()
}

#[test]
fn messages_are_those_of_upstream_and_places_are_ours() {
    let failure = failure(
        "{level: baseline, version: latest}",
        "Pod",
        "{spec: {hostPID: true, volumes: [{name: v, hostPath: {path: ''}}], \
          containers: [{name: c, image: i, ports: [{hostPort: 80}], securityContext: {capabilities: {add: [B, A]}}}]}}",
    );
    assert_eq!(
        failure.message,
        "Validation rule 'check' failed. It violates PodSecurity \"baseline:latest\": \
         (Forbidden reason: non-default capabilities, field error list: [spec.containers[0].securityContext.capabilities.add is forbidden, forbidden values found: [A B]])\
         (Forbidden reason: host namespaces, field error list: [spec.hostPID is forbidden, forbidden values found: true])\
         (Forbidden reason: hostPath volumes, field error list: [spec.volumes[0].hostPath: Forbidden])\
         (Forbidden reason: hostPort, field error list: [spec.containers[0].ports[0].hostPort is forbidden, forbidden values found: 80])"
    );
    assert_eq!(
        places(&failure),
        [
            ("/spec/containers/0/securityContext/capabilities/add", false),
            ("/spec/hostPID", false),
            ("/spec/volumes/0/hostPath", false),
            ("/spec/containers/0/ports/0/hostPort", false),
        ]
    );
    assert_eq!(
        failure.violations[0].message,
        "capabilities.add must name only capabilities that a container has by default, found `A`, `B`"
    );
    let controls: Vec<_> = failure
        .controls
        .iter()
        .map(|control| (control.id, control.name, control.containers.clone()))
        .collect();
    assert_eq!(controls[0], ("capabilities_baseline", "Capabilities", Some(vec!["c".to_owned()])));
    assert_eq!(controls[1], ("hostNamespaces", "Host Namespaces", None));
}

#[test]
fn what_is_not_there_is_missing_at_the_wanted_key() {
    let failure = failure(
        "{level: restricted}",
        "Deployment",
        "{spec: {template: {spec: {containers: [{name: c, securityContext: {runAsNonRoot: true}}]}}}}",
    );
    let security = "/spec/template/spec/containers/0/securityContext";
    assert_eq!(
        places(&failure),
        [
            (&*format!("{security}/allowPrivilegeEscalation"), true),
            (&*format!("{security}/capabilities/drop"), true),
            (&*format!("{security}/seccompProfile/type"), true),
        ]
    );
    assert!(failure.message.starts_with(
        "Validation rule 'check' failed. It violates PodSecurity \"restricted:\": \
         (Forbidden reason: allowPrivilegeEscalation != false, field error list: \
         [spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation is forbidden, \
         forbidden values found: nil])(Forbidden reason: unrestricted capabilities, field error \
         list: [spec.template.spec.containers[0].securityContext.capabilities.drop: Required value])"
    ));
}

#[test]
fn a_cron_job_is_judged_by_the_annotations_of_its_job() {
    let annotation = |name: &str| {
        format!(
            "metadata: {{annotations: {{container.apparmor.security.beta.kubernetes.io/{name}: unconfined}}}}"
        )
    };
    let object = format!(
        "{{spec: {{jobTemplate: {{{}, spec: {{template: {{{}, spec: {{hostIPC: true}}}}}}}}}}}}",
        annotation("spec"),
        annotation("pod"),
    );
    let failure = failure("{level: baseline}", "CronJob", &object);
    assert_eq!(
        failure.message.split_once("\": ").unwrap().1,
        "(Forbidden reason: forbidden AppArmor profile, field error list: \
         [spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/spec.jobTemplate.spec.template.spec] \
         is forbidden, forbidden values found: unconfined])\
         (Forbidden reason: host namespaces, field error list: \
         [spec.jobTemplate.spec.template.spec.hostIPC is forbidden, forbidden values found: true])"
    );
    assert_eq!(
        places(&failure),
        [
            (
                "/spec/jobTemplate/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1spec",
                false
            ),
            ("/spec/jobTemplate/spec/template/spec/hostIPC", false),
        ]
    );
}

#[test]
fn levels_and_versions_are_odd_as_upstream() {
    let pod = "{spec: {containers: [{name: c, livenessProbe: {httpGet: {host: h, port: 1}}}]}}";
    // Newer than any version that can be asked for, and without a list of its fields.
    let newest = "(Forbidden reason: probe or lifecycle host, field error list: [])";
    assert_eq!(forbidden("{level: baseline, version: v1.19}", pod), newest);
    assert_eq!(
        failure("{level: baseline}", "Pod", pod).violations[0].path,
        "/spec/containers/0/livenessProbe/httpGet/host"
    );
    for rule in ["{level: privileged}", "{version: latest}"] {
        assert_eq!(forbidden(rule, pod).matches("(Forbidden").count(), 5, "{rule}");
    }
    // No control covers another, and a user namespace changes nothing.
    let pod = "{spec: {hostUsers: false, containers: [{name: c, securityContext: {procMount: Unmasked, \
               allowPrivilegeEscalation: false, runAsNonRoot: true, seccompProfile: {type: Localhost}, \
               capabilities: {add: [X], drop: [ALL]}}}]}}";
    let reasons = forbidden("{level: restricted}", pod);
    assert_eq!(reasons.matches("(Forbidden reason").count(), 3, "{reasons}");
}

#[test]
fn what_cannot_be_decoded_is_an_error() {
    assert_eq!(
        outcome(
            "{level: baseline}",
            "Pod",
            "{spec: {containers: [{securityContext: {privileged: 'true'}}]}}"
        ),
        Err(
            "Error while getting new resource: json: cannot unmarshal string into Go struct field \
             SecurityContext.spec.containers.securityContext.privileged of type bool"
                .to_owned()
        )
    );
    assert_eq!(
        outcome("{level: baseline}", "Service", "{spec: {}}"),
        Err("Error while getting new resource: could not find correct resource type".to_owned())
    );
    assert_eq!(
        outcome("{level: baseline}", "Pod", "{metadata: {name: a}}"),
        Ok(PodSecurityOutcome::Pass)
    );
}

#[test]
fn keys_are_the_same_whatever_their_case() {
    let shouting = "{spec: {containers: [{name: c, SecurityContext: {PRIVILEGED: true}}]}}";
    let failure = failure("{level: baseline}", "Pod", shouting);
    assert_eq!(places(&failure), [("/spec/containers/0/SecurityContext/PRIVILEGED", false)]);
}

/// Two containers that add a capability, one of an image that is excluded.
const TWO: &str = "{spec: {containers: [\
    {name: a, image: 'reg/a:1', securityContext: {capabilities: {add: [NET_RAW]}}}, \
    {name: b, image: 'reg/b:1', securityContext: {capabilities: {add: [NET_RAW]}}}]}}";

fn excluding(exclusion: &str) -> String {
    format!("{{level: baseline, exclude: [{exclusion}]}}")
}

#[test]
fn exclusions_by_image() {
    let one = excluding("{controlName: Capabilities, images: ['reg/a*']}");
    assert_eq!(
        forbidden(&one, TWO),
        "(Forbidden reason: non-default capabilities, field error list: \
         [spec.containers[1].securityContext.capabilities.add is forbidden, forbidden values found: [NET_RAW]])"
    );
    let all = excluding("{controlName: Capabilities, images: ['reg/b:?', 'reg/a*']}");
    assert_eq!(outcome(&all, "Pod", TWO), Ok(PodSecurityOutcome::Pass));
    let other = excluding("{controlName: Privileged Containers, images: ['*']}");
    assert_eq!(places(&failure(&other, "Pod", TWO)).len(), 2);
}

#[test]
fn exclusions_by_field_and_value() {
    let field = "restrictedField: 'spec.containers[*].securityContext.capabilities.add'";
    for (values, passes) in [("[NET_RAW]", true), ("['NET_*', X]", true), ("[X]", false)] {
        let rule = excluding(&format!(
            "{{controlName: Capabilities, images: ['*'], {field}, values: {values}}}"
        ));
        assert_eq!(outcome(&rule, "Pod", TWO) == Ok(PodSecurityOutcome::Pass), passes, "{values}");
    }
    let init = field.replace("containers", "initContainers");
    let rule =
        excluding(&format!("{{controlName: Capabilities, images: ['*'], {init}, values: ['*']}}"));
    assert!(matches!(outcome(&rule, "Pod", TWO), Ok(PodSecurityOutcome::Fail(_))));
    let rule = excluding(
        "{controlName: Host Namespaces, restrictedField: spec.hostPID, values: ['true']}",
    );
    assert_eq!(
        forbidden(&rule, "{spec: {hostPID: true, hostIPC: true}}"),
        "(Forbidden reason: host namespaces, field error list: [spec.hostIPC is forbidden, forbidden values found: true])"
    );
}

#[test]
fn a_value_that_is_missing_is_excluded_with_any_values() {
    let rule = "{level: restricted, exclude: [{controlName: Seccomp, images: ['*'], \
                restrictedField: 'spec.containers[*].securityContext.seccompProfile.type', values: [Unconfined]}]}";
    assert!(!forbidden(rule, "{spec: {containers: [{name: c}]}}").contains("seccomp"));
}

#[test]
fn an_exclusion_without_images_excuses_the_first_container_alone() {
    let rule = "{level: restricted, exclude: [{controlName: Running as Non-root}]}";
    let pod = "{spec: {containers: [{name: a}, {name: b}, {name: c}]}}";
    let reasons = forbidden(rule, pod);
    // Upstream moves the last field into the gap.
    assert!(
        reasons.contains(
            "[spec.containers[2].securityContext.runAsNonRoot: Required value, \
             spec.containers[1].securityContext.runAsNonRoot: Required value]"
        ),
        "{reasons}"
    );
}

#[test]
fn exceptions_excuse_what_the_policy_does_not() {
    let exception = tree("[{controlName: Capabilities, images: ['*']}]");
    let mut problems = Vec::new();
    let excused = compile_exclusions(exception.root(), &mut problems).unwrap();
    let excused: Vec<_> = excused.iter().collect();
    let rule = rule("{level: baseline, version: latest}");
    let judge = |pod: &str| evaluate(&rule, &excused, tree(pod).root(), "Pod", "check").unwrap();
    assert_eq!(judge(TWO), PodSecurityOutcome::Excepted);
    assert_eq!(judge("{spec: {containers: []}}"), PodSecurityOutcome::Pass);
    let hosted = TWO.replace("{spec: {", "{spec: {hostPID: true, ");
    let PodSecurityOutcome::Fail(failure) = judge(&hosted) else { panic!("{hosted}") };
    assert_eq!(places(&failure), [("/spec/hostPID", false)]);
}

#[test]
fn a_policy_that_upstream_would_not_load_is_refused() {
    for (text, message, help) in [
        ("{}", "podSecurity is empty", "write `level: baseline` or `level: restricted`"),
        ("[]", "expected a map in `podSecurity`", ""),
        ("{level: Restricted}", "unknown level `Restricted`", "did you mean `restricted`?"),
        ("{level: 1}", "expected a string in `level`, found `1`", ""),
        (
            "{level: baseline, version: v1.18}",
            "unknown version `v1.18`",
            "write `latest`, or one of `v1.19` to `v1.32`",
        ),
        (
            "{level: baseline, versoin: latest}",
            "unknown field `versoin` in `podSecurity`",
            "did you mean `version`?",
        ),
        (
            "{level: baseline, exclude: [{controlName: Capabilites, images: ['*']}]}",
            "unknown control `Capabilites`",
            "did you mean `Capabilities`?",
        ),
        (
            "{level: baseline, exclude: [{controlName: Seccomp, image: ['*']}]}",
            "unknown field `image` in `exclude`",
            "did you mean `images`?",
        ),
        (
            "{level: baseline, exclude: [{controlName: Host Ports}]}",
            "control `Host Ports` is about containers: its exclusion needs `images`",
            "write `images: [\"*\"]` for all containers",
        ),
        (
            "{level: baseline, exclude: [{controlName: Sysctls, images: [a]}]}",
            "control `Sysctls` is about the pod: its exclusion takes no `images`",
            "leave `images` out",
        ),
        (
            "{level: baseline, exclude: [{controlName: Volume Types}]}",
            "control `Volume Types` is not part of level `baseline`",
            "leave the exclusion out",
        ),
        (
            "{level: baseline, exclude: [{controlName: Seccomp, values: [a]}]}",
            "an exclusion with `values` needs a `restrictedField`",
            "",
        ),
        (
            "{level: baseline, exclude: [{controlName: Seccomp, restrictedField: spec.securityContext.seccompProfile.type}]}",
            "an exclusion with a `restrictedField` needs `values`",
            "",
        ),
        (
            "{level: baseline, exclude: [{controlName: Seccomp, images: [1]}]}",
            "expected a string in `images`, found `1`",
            "",
        ),
    ] {
        let tree = tree(text);
        let mut problems = Vec::new();
        assert!(PodSecurityRule::compile(tree.root(), &mut problems).is_none(), "{text}");
        let told: Vec<_> = problems
            .iter()
            .map(|problem| (&*problem.message, problem.help.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(told, [(message, help)], "{text}");
        assert_eq!(problems[0].severity, Severity::Error);
    }
}

#[test]
fn a_policy_that_is_odd_is_told_so() {
    for (text, part) in [
        ("{level: privileged}", "does not allow everything"),
        ("{version: latest}", "has no level"),
        (
            "{level: baseline, exclude: [{controlName: SELinux, restrictedField: spec.seLinuxOptions.type, values: [a]}]}",
            "never names the field `spec.seLinuxOptions.type`",
        ),
    ] {
        let tree = tree(text);
        let mut problems = Vec::new();
        assert!(PodSecurityRule::compile(tree.root(), &mut problems).is_some(), "{text}");
        assert_eq!(problems.len(), 1, "{text}");
        assert_eq!(problems[0].severity, Severity::Warning);
        assert!(problems[0].message.contains(part), "{}", problems[0].message);
    }
    // Upstream loads an exception whatever it excludes.
    let exception = tree("[{controlName: Host Ports}]");
    let mut problems = Vec::new();
    assert_eq!(compile_exclusions(exception.root(), &mut problems).unwrap().len(), 1);
    assert_eq!(problems[0].severity, Severity::Warning);
}

#[test]
fn many_containers_are_excluded_in_bounded_time() {
    let containers: Vec<_> =
        (0..2_000).map(|number| format!("{{name: c{number}, image: a}}")).collect();
    let pod = format!("{{spec: {{containers: [{}]}}}}", containers.join(", "));
    let rule = "{level: restricted, exclude: [{controlName: Running as Non-root, images: [a]}, \
                {controlName: Seccomp, images: [a]}, {controlName: Privilege Escalation, images: [a]}, \
                {controlName: Capabilities, images: [a]}]}";
    assert_eq!(outcome(rule, "Pod", &pod), Ok(PodSecurityOutcome::Pass));
}
