//! The chart grants what the code does, and nothing else.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use ajj_engine::{Limits, Node, parse_yaml};
use ajj_facts::{READS, WRITES};

type Granted = BTreeSet<(String, String, String)>;

/// The rules of a file of the chart, one by one.
fn granted(file: &str) -> Granted {
    let path = format!("{}/../../charts/ajj/files/{file}", env!("CARGO_MANIFEST_DIR"));
    let rules = parse_yaml(std::fs::read_to_string(path).unwrap(), &Limits::default()).unwrap();
    let mut granted = Granted::new();
    for rule in rules.root().as_list().unwrap().iter() {
        let texts = |key: &str| -> Vec<String> {
            let items = rule.get(key).and_then(Node::as_list).unwrap_or_else(|| panic!("{key}"));
            items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
        };
        for group in texts("apiGroups") {
            for resource in texts("resources") {
                for verb in texts("verbs") {
                    assert!(group != "*" && resource != "*" && verb != "*", "{file}");
                    granted.insert((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    granted
}

#[test]
fn the_chart_grants_exactly_what_is_done() {
    let mut needed = Granted::new();
    for right in READS.iter().chain(WRITES) {
        for verb in right.verbs {
            needed.insert((right.group.into(), right.resource.into(), (*verb).into()));
        }
    }
    let (of_cluster, of_namespace) = (granted("cluster-role.yaml"), granted("role.yaml"));
    // Secrets, Leases and endpoints of other namespaces are nothing to us.
    let own = ["endpointslices", "leases", "secrets"];
    assert!(of_namespace.iter().all(|(_, resource, _)| own.contains(&&**resource)));
    assert!(of_cluster.iter().all(|(_, resource, _)| !own.contains(&&**resource)));
    let found: Granted = of_cluster.union(&of_namespace).cloned().collect();
    assert_eq!(found, needed);
}
