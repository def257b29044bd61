//! `ajj policy validate --live`, `ajj policy audit` and `ajj policy impact` against a real API server.

use std::process::Command;

use ajj_e2e::{ControlPlane, Controllers, Folder, eventually};
use serde_json::{Value, json};

use crate::support::{BOUND, program};
use crate::webhook_cluster::kyverno;

/// What a run ends with.
#[derive(Debug)]
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A cluster of its own: an audit is about all there is.
struct Audited {
    plane: ControlPlane,
    folder: Folder,
}

const REQUIRE_TEAM: &str = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: require-team}
spec:
  validationFailureAction: Audit
  rules:
  - name: check
    match: {any: [{resources: {kinds: [Pod], namespaces: ["shop*"]}}]}
    validate:
      message: a label `team` is needed
      pattern: {metadata: {labels: {team: "?*"}}}
"#;

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'registry.example/web:1'}]}
";

impl Audited {
    fn start(controllers: Controllers) -> Self {
        let plane = ControlPlane::start(controllers).unwrap();
        kyverno::define(&plane);
        for namespace in ["shop", "shop-two"] {
            plane.create_namespace(namespace).unwrap();
        }
        Self { plane, folder: Folder::create("audit-").unwrap() }
    }

    fn apply(&self, text: &str) {
        let applied = self.plane.kubectl(&["apply", "-f", "-"], text).unwrap();
        assert_eq!(applied.code, 0, "{applied:?}");
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Runs `ajj policy` with words separated by spaces, in the folder, as the administrator.
    fn ajj(&self, arguments: &str) -> Run {
        self.ajj_as(arguments, self.plane.kubeconfig().to_str().unwrap())
    }

    fn ajj_as(&self, arguments: &str, kubeconfig: &str) -> Run {
        let output = Command::new(program())
            .arg("policy")
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("KUBECONFIG", kubeconfig)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Run { code: output.status.code().unwrap(), stdout, stderr }
    }
}

/// `KIND namespace/name policy/rule outcome` of each result.
fn results(report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for decision in report["decisions"].as_array().unwrap() {
        let object = &decision["object"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let name = format!(
            "{} {}/{}",
            text(&object["kind"]),
            text(&object["namespace"]),
            text(&object["name"])
        );
        for result in decision["results"].as_array().unwrap() {
            let rule = format!("{}/{}", text(&result["policy"]), text(&result["rule"]));
            found.push(format!("{name} {rule} {}", text(&result["outcome"])));
        }
    }
    found
}

fn codes(report: &Value) -> Vec<&str> {
    let diagnostics = report["diagnostics"].as_array().unwrap();
    diagnostics.iter().map(|one| one["code"].as_str().unwrap()).collect()
}

fn pod(name: &str, namespace: &str, labels: Value) -> String {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [{"name": "c", "image": "registry.example/c:1"}]}})
    .to_string()
}

#[test]
fn existing_objects_are_audited_and_what_cannot_be_is_said() {
    let audited = Audited::start(Controllers::Absent);
    let empty = audited.ajj("audit");
    assert_eq!(empty.code, 3, "{empty:?}");

    audited.apply(REQUIRE_TEAM);
    audited.apply(
        &REQUIRE_TEAM
            .replace("require-team", "asks")
            .replace("spec:\n", "spec:\n  background: false\n"),
    );
    audited.apply(&pod("good", "shop", json!({"team": "a"})));
    audited.apply(&pod("bad", "shop", json!({"app": "b"})));
    audited.apply(&pod("elsewhere", "default", json!({})));
    // More than a page.
    let many: Vec<Value> = (0..300)
        .map(|number| {
            serde_json::from_str(&pod(&format!("p{number:03}"), "shop-two", json!({}))).unwrap()
        })
        .collect();
    audited.apply(&json!({"apiVersion": "v1", "kind": "List", "items": many}).to_string());

    let run = audited.ajj("audit -n shop -o json");
    let report = run.json();
    assert_eq!(
        results(&report),
        ["Pod shop/bad require-team/check fail", "Pod shop/good require-team/check pass"]
    );
    assert_eq!((run.code, codes(&report)), (1, vec!["not-in-background"]), "{report}");
    let bad = &report["decisions"][0];
    let path = "/api/v1/namespaces/shop/pods/bad";
    assert_eq!(bad["object"]["source"]["file"], path);
    assert_eq!(bad["results"][0]["violations"][0]["span"]["file"], path);
    assert_eq!(bad["object"]["apiVersion"], "v1");

    let all = audited.ajj("audit -o json").json();
    assert_eq!(all["summary"]["objects"], 303, "{}", all["summary"]);
    assert_eq!(all["summary"]["results"]["fail"], 301, "{}", all["summary"]);
    assert_eq!(all["summary"]["unmatched"], 1, "{}", all["summary"]);
    let human = audited.ajj("audit").stdout;
    for line in [
        "NAMESPACE  PASS  FAIL  WARN  ERROR  WORST RULES",
        "shop          1     1     0      0  require-team/check (1)",
        "shop-two      0   300     0      0  require-team/check (300)",
        "and 296 more objects of require-team/check; -o concise lists all",
        "301 findings audit (exit code 1)",
    ] {
        assert!(human.contains(line), "{line}: {human}");
    }
    assert_eq!(audited.ajj("audit --fail-on deny -o concise").stdout.lines().count(), 302);

    // Whoever may not list Pods is told so, and it is no success.
    audited.plane.kubectl(&["create", "serviceaccount", "guest"], "").unwrap();
    let token = audited.plane.kubectl(&["create", "token", "guest"], "").unwrap();
    let guest = audited.plane.write_kubeconfig("guest", token.stdout.trim()).unwrap();
    audited.file("policy.yaml", REQUIRE_TEAM);
    let run = audited.ajj_as("audit -p policy.yaml -o json", guest.to_str().unwrap());
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("cannot list /api/v1/pods: forbidden"), "{run:?}");
    let run = audited.ajj_as("audit", guest.to_str().unwrap());
    assert!(run.stderr.contains("cannot list /apis/kyverno.io/v1/clusterpolicies"), "{run:?}");
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn manifests_are_judged_as_the_cluster_would_take_them() {
    let audited = Audited::start(Controllers::Absent);
    audited.apply(
        r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: live}
spec:
  validationFailureAction: Enforce
  background: false
  rules:
  - name: keep-owner
    match: {any: [{resources: {kinds: [ConfigMap], operations: [UPDATE]}}]}
    validate:
      message: the owner may not change
      deny:
        conditions:
          all:
          - key: "{{ request.object.data.owner }}"
            operator: NotEquals
            value: "{{ request.oldObject.data.owner }}"
  - name: known-owner
    match:
      any: [{resources: {kinds: [ConfigMap], namespaceSelector: {matchLabels: {strict: "yes"}}}}]
    context:
    - name: owners
      configMap: {name: owners, namespace: default}
    validate:
      message: nobody knows this owner
      deny:
        conditions:
          all:
          - key: "{{ request.object.data.owner }}"
            operator: NotEquals
            value: "{{ owners.data.only }}"
"#,
    );
    let config_map = |name: &str, namespace: &str, data: Value| {
        json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": namespace}, "data": data})
        .to_string()
    };
    audited.plane.kubectl(&["label", "namespace", "shop", "strict=yes"], "").unwrap();
    audited.apply(&config_map("owners", "default", json!({"only": "ann"})));
    audited.apply(&config_map("there", "shop", json!({"owner": "ann"})));
    audited.file("there.json", &config_map("there", "shop", json!({"owner": "eve"})));
    audited.file("new.json", &config_map("new", "shop", json!({"owner": "ann"})));
    audited.file("loose.json", &config_map("loose", "shop-two", json!({"owner": "eve"})));

    let run = audited.ajj("validate --live there.json new.json loose.json -o json");
    assert_eq!(
        results(&run.json()),
        [
            "ConfigMap shop/there live/keep-owner fail",
            "ConfigMap shop/there live/known-owner fail",
            "ConfigMap shop/new live/known-owner pass",
        ]
    );
    assert_eq!(run.code, 1, "{run:?}");
    // What is said of operation and old object counts more than what the cluster has.
    let run = audited.ajj("validate --live there.json --operation create -o json");
    assert_eq!(results(&run.json()), ["ConfigMap shop/there live/known-owner fail"]);
    let run = audited.ajj("validate --live there.json --old there.json -o json");
    assert!(run.json()["decisions"][0]["results"][0]["outcome"] == "pass", "{run:?}");
    // Facts of files count more than those of the cluster.
    audited.file("facts.json", &config_map("owners", "default", json!({"only": "eve"})));
    let run = audited.ajj("validate --live loose.json there.json --facts facts.json -o json");
    assert_eq!(
        results(&run.json()),
        ["ConfigMap shop/there live/keep-owner fail", "ConfigMap shop/there live/known-owner pass"]
    );
    // A kind that the cluster does not have is said.
    audited.file("odd.json", r#"{"apiVersion":"v9","kind":"ConfigMap","metadata":{"name":"a"}}"#);
    let run = audited.ajj("validate --live odd.json -o json");
    assert_eq!((run.code, codes(&run.json())), (2, vec!["existing-unknown"]), "{run:?}");
    assert!(run.stderr.contains("does not serve the kind `ConfigMap` of `v9`"), "{run:?}");
    // Neither is a cluster that is not there a success.
    let nowhere = audited.plane.kubeconfig().with_file_name("nothing");
    let run = audited.ajj_as("validate --live new.json", nowhere.to_str().unwrap());
    assert_eq!(run.code, 2, "{run:?}");
}

#[test]
fn what_policies_would_deny_is_counted_once_under_the_owner() {
    let audited = Audited::start(Controllers::Running);
    audited.file("policy.yaml", REQUIRE_TEAM);
    audited.apply(DEPLOYMENT);
    audited.apply(&pod("good", "shop", json!({"team": "a"})));
    eventually(BOUND, || {
        let pods = ["get", "pods", "--namespace", "shop", "--output", "name"];
        let seen = audited.plane.kubectl(&pods, "").unwrap();
        if seen.stdout.lines().count() == 3 { Ok(()) } else { Err(seen) }
    })
    .unwrap();
    let run = audited.ajj("impact -p policy.yaml -o json");
    assert_eq!(run.code, 1, "{run:?}");
    let impact = run.json();
    assert_eq!(impact["summary"], json!({"judged": 5, "objects": 2, "wouldDeny": 1}), "{impact}");
    let denied = &impact["rules"][0]["denied"];
    assert_eq!(
        denied[0]["object"],
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"})
    );
    assert_eq!((&denied[0]["itself"], &denied[0]["owned"]), (&json!(true), &json!(3)), "{denied}");

    // Without rules for controllers, the owners of Pods are looked up.
    let alone = REQUIRE_TEAM.replace(
        "{name: require-team}",
        "{name: require-team, annotations: {pod-policies.kyverno.io/autogen-controllers: none}}",
    );
    audited.file("alone.yaml", &alone);
    let human = audited.ajj("impact -p alone.yaml -n shop");
    assert_eq!(human.code, 1, "{human:?}");
    for line in [
        "require-team/check: would deny 1 of 2 objects",
        "  Deployment shop/web (by 2 objects that it owns): a label `team` is needed",
        "NAMESPACE  OBJECTS  WOULD DENY",
        "shop             2           1",
        "1 of 2 objects would be denied (exit code 1)",
    ] {
        assert!(human.stdout.contains(line), "{line}: {human:?}");
    }
    let none = audited.ajj("impact -p policy.yaml -n default");
    assert_eq!(none.code, 3, "{none:?}");
}
