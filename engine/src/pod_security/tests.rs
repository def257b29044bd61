use super::{Level, Version, evaluate};
use crate::read::{Limits, parse_yaml};

/// `spec` is what stands in a pod's `spec`, `expected` the checks that forbid it.
fn check(level: Level, versions: &[&str], spec: &str, expected: &[(&str, &str)]) {
    check_pod(level, versions, &format!("{{spec: {spec}}}"), expected);
}

fn check_pod(level: Level, versions: &[&str], pod: &str, expected: &[(&str, &str)]) {
    let tree = parse_yaml(pod, &Limits::default()).unwrap();
    for word in versions {
        let version = Version::parse(word).unwrap();
        let found = evaluate(level, version, tree.root()).unwrap();
        let found: Vec<_> = found.iter().map(|found| (found.check, &*found.detail)).collect();
        assert_eq!(found, expected, "{} {word}: {pod}", level.as_str());
    }
}

const BASELINE: Level = Level::Baseline;
const RESTRICTED: Level = Level::Restricted;

/// What every container needs at the restricted level, without the braces.
const HARDENED: &str = "allowPrivilegeEscalation: false, runAsNonRoot: true, \
                        capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}";

fn restricted(versions: &[&str], pod_fields: &str, more: &str, expected: &[(&str, &str)]) {
    let spec = format!(
        "{{{pod_fields} containers: [{{name: a, securityContext: {{{HARDENED}{more}}}}}]}}"
    );
    check(RESTRICTED, versions, &spec, expected);
}

#[test]
fn an_ordinary_pod_is_baseline_but_not_restricted() {
    check(BASELINE, &["v1.0", "latest"], "{containers: [{name: a}]}", &[]);
    check(
        RESTRICTED,
        &["latest"],
        "{containers: [{name: a}, {name: b}]}",
        &[
            (
                "allowPrivilegeEscalation",
                r#"containers "a", "b" must set securityContext.allowPrivilegeEscalation=false"#,
            ),
            (
                "capabilities_restricted",
                r#"containers "a", "b" must set securityContext.capabilities.drop=["ALL"]"#,
            ),
            (
                "runAsNonRoot",
                r#"pod or containers "a", "b" must set securityContext.runAsNonRoot=true"#,
            ),
            (
                "seccompProfile_restricted",
                r#"pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost""#,
            ),
        ],
    );
    restricted(&["v1.0", "v1.24", "latest"], "", "", &[]);
    check(Level::Privileged, &["latest"], "{hostPID: true, containers: [{name: a}]}", &[]);
}

#[test]
fn restricted_controls_begin_with_their_release() {
    let names = |word: &str| {
        let tree = parse_yaml(
            "{spec: {containers: [{name: a, securityContext: {runAsUser: 0}}]}}",
            &Limits::default(),
        );
        let tree = tree.unwrap();
        let found = evaluate(RESTRICTED, Version::parse(word).unwrap(), tree.root()).unwrap();
        found.iter().map(|found| found.check).collect::<Vec<_>>()
    };
    assert_eq!(names("v1.7"), ["runAsNonRoot"]);
    assert_eq!(names("v1.8"), ["allowPrivilegeEscalation", "runAsNonRoot"]);
    assert_eq!(names("v1.19").len(), 3);
    assert_eq!(names("v1.22").len(), 4);
    assert_eq!(names("v1.23").last(), Some(&"seccompProfile_restricted"));
    assert_eq!(names("v1.23").len(), 5);
}

#[test]
fn containers_of_every_list_are_looked_at_init_containers_first() {
    check(
        BASELINE,
        &["latest"],
        "{containers: [{name: a, securityContext: {privileged: true}}], \
          ephemeralContainers: [{name: e, securityContext: {privileged: true}}], \
          initContainers: [{name: i, securityContext: {privileged: true}}, {name: j, securityContext: {privileged: false}}]}",
        &[(
            "privileged",
            r#"containers "i", "a", "e" must not set securityContext.privileged=true"#,
        )],
    );
}

#[test]
fn capabilities() {
    check(
        BASELINE,
        &["v1.0", "latest"],
        "{containers: [{name: a, securityContext: {capabilities: {add: [CHOWN, SYS_TIME, NET_RAW, SYS_TIME]}}}]}",
        &[(
            "capabilities_baseline",
            r#"container "a" must not include "NET_RAW", "SYS_TIME" in securityContext.capabilities.add"#,
        )],
    );
    let adds = "{containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, \
                runAsNonRoot: true, seccompProfile: {type: Localhost}, \
                capabilities: {add: [NET_BIND_SERVICE, CHOWN], drop: [all]}}}]}";
    check(
        RESTRICTED,
        &["v1.22", "latest"],
        adds,
        &[(
            "capabilities_restricted",
            r#"container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add"#,
        )],
    );
    check(RESTRICTED, &["v1.21"], adds, &[]);
}

#[test]
fn windows_pods_need_not_do_what_only_linux_can() {
    let spec =
        "{os: {name: windows}, containers: [{name: a, securityContext: {runAsNonRoot: true}}]}";
    check(RESTRICTED, &["v1.25", "latest"], spec, &[]);
    let tree = parse_yaml(format!("{{spec: {spec}}}"), &Limits::default()).unwrap();
    assert_eq!(evaluate(RESTRICTED, Version::Minor(24), tree.root()).unwrap().len(), 3);
    check(
        BASELINE,
        &["latest"],
        "{securityContext: {windowsOptions: {hostProcess: true}}, \
          containers: [{name: a, securityContext: {windowsOptions: {hostProcess: true}}}]}",
        &[(
            "windowsHostProcess",
            r#"pod and container "a" must not set securityContext.windowsOptions.hostProcess=true"#,
        )],
    );
}

#[test]
fn a_user_namespace_relaxes_who_one_may_be_since_1_35() {
    let more = ", procMount: Unmasked, runAsUser: 0, runAsNonRoot: false";
    let hardened = HARDENED.replace("runAsNonRoot: true, ", "");
    let spec = |namespace: &str| {
        format!("{{{namespace} containers: [{{name: a, securityContext: {{{hardened}{more}}}}}]}}")
    };
    let mount = r#"container "a" must not set securityContext.procMount to "Unmasked""#;
    let root = r#"container "a" must not set securityContext.runAsNonRoot=false"#;
    let user = r#"container "a" must not set runAsUser=0"#;
    check(BASELINE, &["v1.35", "latest"], &spec("hostUsers: false,"), &[]);
    check(BASELINE, &["v1.34"], &spec("hostUsers: false,"), &[("procMount", mount)]);
    check(BASELINE, &["latest"], &spec(""), &[("procMount", mount)]);
    check(RESTRICTED, &["v1.35"], &spec("hostUsers: false,"), &[("procMount_restricted", mount)]);
    let all = [("procMount", mount), ("runAsNonRoot", root), ("runAsUser", user)];
    check(RESTRICTED, &["v1.34"], &spec("hostUsers: false,"), &all);
    let all = [("procMount_restricted", mount), ("runAsNonRoot", root), ("runAsUser", user)];
    check(RESTRICTED, &["latest"], &spec("hostUsers: true,"), &all);
}

#[test]
fn what_is_set_wrongly_is_told_before_what_is_not_set() {
    check_pod(
        RESTRICTED,
        &["v1.7"],
        "{spec: {securityContext: {runAsNonRoot: false}, containers: [{name: a}]}}",
        &[("runAsNonRoot", "pod must not set securityContext.runAsNonRoot=false")],
    );
    check(
        RESTRICTED,
        &["v1.19"],
        &format!(
            "{{securityContext: {{seccompProfile: {{type: Unconfined}}}}, containers: [{{name: a, securityContext: {{{HARDENED}}}}}, \
              {{name: b, securityContext: {{allowPrivilegeEscalation: false, runAsNonRoot: true}}}}]}}"
        ),
        &[(
            "seccompProfile_restricted",
            r#"pod must not set securityContext.seccompProfile.type to "Unconfined""#,
        )],
    );
}

#[test]
fn host_namespaces_ports_and_probes() {
    check(
        BASELINE,
        &["v1.0", "latest"],
        "{hostIPC: true, hostNetwork: true, hostPID: false, containers: [{name: a}]}",
        &[("hostNamespaces", "hostNetwork=true, hostIPC=true")],
    );
    check(
        BASELINE,
        &["v1.0", "latest"],
        "{containers: [{name: a, ports: [{hostPort: 0}, {hostPort: 9}, {hostPort: 80}]}, {name: b, ports: [{hostPort: 80}]}]}",
        &[("hostPorts", r#"containers "a", "b" use hostPorts 80, 9"#)],
    );
    let spec = "{containers: [{name: a, livenessProbe: {httpGet: {host: '', port: 1}}, \
                lifecycle: {preStop: {tcpSocket: {host: example.org, port: 1}}}}]}";
    check(BASELINE, &["v1.33"], spec, &[]);
    let host = r#"container "a" uses probe or lifecycle host "example.org""#;
    check(BASELINE, &["v1.34", "latest"], spec, &[("hostProbesAndHostLifecycle", host)]);
}

#[test]
fn volumes() {
    let volumes = "volumes: [{name: p, hostPath: {path: /run}}, {name: w, nfs: {}}, {name: u}, \
                   {name: s, secret: {}}, {name: i, image: {}}, {name: e, hostPath: null, emptyDir: {}}],";
    check(
        BASELINE,
        &["v1.0", "latest"],
        &format!("{{{volumes} containers: []}}"),
        &[("hostPathVolumes", r#"volume "p""#)],
    );
    restricted(
        &["v1.0", "latest"],
        volumes,
        "",
        &[(
            "restrictedVolumes",
            r#"volumes "p", "w", "u" use restricted volume types "hostPath", "nfs", "unknown""#,
        )],
    );
}

#[test]
fn sysctls_become_safe_with_their_release() {
    for (name, last_forbidden) in [
        ("net.ipv4.ip_local_reserved_ports", 26),
        ("net.ipv4.tcp_fin_timeout", 28),
        ("net.ipv4.tcp_wmem", 31),
        ("net.ipv4.tcp_notsent_lowat", 36),
    ] {
        let spec = format!(
            "{{securityContext: {{sysctls: [{{name: kernel.shm_rmid_forced}}, {{name: {name}}}]}}}}"
        );
        let forbidden = format!("v1.{last_forbidden}");
        check(BASELINE, &["v1.0", &forbidden], &spec, &[("sysctls", name)]);
        check(BASELINE, &[&format!("v1.{}", last_forbidden + 1), "latest"], &spec, &[]);
    }
}

#[test]
fn se_linux_options() {
    let engine =
        "{securityContext: {seLinuxOptions: {type: container_engine_t}}, containers: [{name: a}]}";
    let wrong = r#"pod set forbidden securityContext.seLinuxOptions: type "container_engine_t""#;
    check(BASELINE, &["v1.0", "v1.30"], engine, &[("seLinuxOptions", wrong)]);
    check(BASELINE, &["v1.31", "latest"], engine, &[]);
    check(
        BASELINE,
        &["latest"],
        "{containers: [{name: a, securityContext: {seLinuxOptions: {user: u, role: r, level: s0}}}]}",
        &[(
            "seLinuxOptions",
            r#"container "a" set forbidden securityContext.seLinuxOptions: user may not be set; role may not be set"#,
        )],
    );
}

#[test]
fn profiles_were_annotations_once() {
    let pod = "{metadata: {annotations: {\
        seccomp.security.alpha.kubernetes.io/pod: unconfined, \
        container.seccomp.security.alpha.kubernetes.io/a: docker/default, \
        container.seccomp.security.alpha.kubernetes.io/b: odd, \
        container.seccomp.security.alpha.kubernetes.io/other: odd}}, \
        spec: {containers: [{name: a}, {name: b}]}}";
    check_pod(
        BASELINE,
        &["v1.0", "v1.18"],
        pod,
        &[(
            "seccompProfile_baseline",
            r#"forbidden annotations container.seccomp.security.alpha.kubernetes.io/b="odd", seccomp.security.alpha.kubernetes.io/pod="unconfined""#,
        )],
    );
    check_pod(BASELINE, &["v1.19", "latest"], pod, &[]);
    check_pod(
        BASELINE,
        &["v1.0", "latest"],
        "{metadata: {annotations: {\
            container.apparmor.security.beta.kubernetes.io/a: unconfined, \
            container.apparmor.security.beta.kubernetes.io/b: localhost/mine}}, \
          spec: {securityContext: {appArmorProfile: {type: Unconfined}}}}",
        &[(
            "appArmorProfile",
            r#"pod and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/a="unconfined"""#,
        )],
    );
}

#[test]
fn versions_and_levels_have_one_spelling() {
    for word in ["v1.0", "v1.9", "v1.24", "latest"] {
        assert_eq!(Version::parse(word).unwrap().to_string(), word);
    }
    for word in ["", "1.24", "v1.", "v1.02", "v1.+2", "v2.0", "v1.24.1", "Latest", "v1.99999999999"]
    {
        assert_eq!(Version::parse(word), None, "{word}");
    }
    assert_eq!(Level::parse("Baseline"), None);
}

#[test]
fn a_pod_with_endless_lists_is_an_error() {
    for list in ["containers", "initContainers", "ephemeralContainers", "volumes"] {
        let items = vec!["{name: a}"; 2_001].join(", ");
        let pod = format!("{{spec: {{{list}: [{items}]}}}}");
        let tree = parse_yaml(pod, &Limits::default()).unwrap();
        let error = evaluate(BASELINE, Version::Latest, tree.root()).unwrap_err();
        assert_eq!(error, format!("expected at most 2000 items in `spec.{list}`, found 2001"));
    }
}
