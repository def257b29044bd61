//! Which Pods stand behind a Service, and where they answer other replicas.

use std::net::{IpAddr, SocketAddr};

use ajj_engine::{Node, Tree};

/// The port of the Service that metrics and decisions are served at.
const PORT: &str = "metrics";

/// A Pod, and where it answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) pod: String,
    pub(super) address: SocketAddr,
}

/// The Pods of a list of EndpointSlices, ready or not; each stands once.
pub(super) fn addresses(slices: &Tree) -> Vec<Address> {
    let mut found = Vec::new();
    for slice in items(slices.root(), "items") {
        let named = |port: &Node<'_>| port.get("name").and_then(|name| name.as_str()) == Some(PORT);
        let port = items(slice, "ports").into_iter().find(named).and_then(|port| port.get("port"));
        let Some(port) = port.and_then(|port| port.to_json().parse().ok()) else { continue };
        for endpoint in items(slice, "endpoints") {
            let target = |key| endpoint.at(&["targetRef", key]).and_then(|value| value.as_str());
            let (Some("Pod"), Some(pod)) = (target("kind"), target("name")) else { continue };
            // What there is beside the first means the same, or nothing.
            let first = items(endpoint, "addresses").into_iter().next();
            // Names are no addresses: nothing is looked up.
            let address = first.and_then(|first| first.as_str()?.parse::<IpAddr>().ok());
            let Some(address) = address else { continue };
            found.push(Address { pod: pod.to_owned(), address: (address, port).into() });
        }
    }
    found.sort();
    found.dedup();
    found
}

fn items<'t>(node: Node<'t>, key: &str) -> Vec<Node<'t>> {
    node.get(key).and_then(Node::as_list).map(|list| list.iter().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ajj_engine::{Limits, parse_json};
    use serde_json::{Value, json};

    use super::*;

    fn found(slices: &Value) -> Vec<String> {
        let list = json!({"items": slices}).to_string();
        let tree = parse_json(list, &Limits::default()).unwrap();
        let found = addresses(&tree);
        found.into_iter().map(|one| format!("{} {}", one.pod, one.address)).collect()
    }

    fn endpoint(pod: &str, address: &str) -> Value {
        json!({"addresses": [address], "targetRef": {"kind": "Pod", "name": pod}})
    }

    #[test]
    fn pods_are_found_by_the_name_of_the_port() {
        let ports = json!([{"name": "https", "port": 8443}, {"name": "metrics", "port": 8444}]);
        let slices = json!([
            {"ports": ports, "endpoints": [endpoint("b", "10.0.0.2"), endpoint("a", "10.0.0.1")]},
            {"ports": ports, "endpoints": [endpoint("a", "10.0.0.1"), endpoint("c", "fd00::1")]},
        ]);
        assert_eq!(found(&slices), ["a 10.0.0.1:8444", "b 10.0.0.2:8444", "c [fd00::1]:8444"]);
    }

    #[test]
    fn what_is_no_pod_at_an_address_is_left_alone() {
        let ports = json!([{"name": "metrics", "port": 8444}]);
        let other = json!([{"name": "https", "port": 8443}]);
        let wrong = json!([{"name": "metrics", "port": 84440}]);
        let node = json!({"addresses": ["10.0.0.1"], "targetRef": {"kind": "Node", "name": "a"}});
        for slice in [
            json!({"ports": ports, "endpoints": [endpoint("a", "a.example")]}),
            json!({"ports": ports, "endpoints": [{"addresses": ["10.0.0.1"]}]}),
            json!({"ports": ports, "endpoints": [node]}),
            json!({"ports": ports, "endpoints": null}),
            json!({"ports": other, "endpoints": [endpoint("a", "10.0.0.1")]}),
            json!({"ports": wrong, "endpoints": [endpoint("a", "10.0.0.1")]}),
            json!({"endpoints": [endpoint("a", "10.0.0.1")]}),
        ] {
            assert_eq!(found(&json!([slice])), [""; 0], "{slice}");
        }
    }
}
