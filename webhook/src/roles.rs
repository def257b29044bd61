//! The roles of a user, from the bindings of the cluster.
//!
//! Upstream: pkg/userinfo/roleRef.go. Bindings are followed once a rule asks for roles, and not
//! before: most policies never do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ajj_engine::{FactError, Node, Tree, UserInfo};
use ajj_facts::{Followed, Live};

const GROUP: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Who has which roles.
#[derive(Debug)]
pub struct Roles {
    live: Live,
    bindings: OnceLock<Bindings>,
}

/// Both kinds of bindings, and what follows from them.
#[derive(Debug)]
struct Bindings {
    of_namespaces: Followed,
    of_cluster: Followed,
    /// Made anew when a binding has changed and somebody asks.
    known: Mutex<Option<(u64, u64, Arc<Grants>)>>,
}

/// Roles by who has them, from role bindings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grants {
    of_users: BTreeMap<String, Granted>,
    of_groups: BTreeMap<String, Granted>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Granted {
    /// As `namespace:name`.
    roles: BTreeSet<String>,
    cluster_roles: BTreeSet<String>,
}

impl Roles {
    /// Follows nothing until somebody asks.
    pub fn new(live: Live) -> Self {
        Self { live, bindings: OnceLock::new() }
    }

    /// Waits until all bindings are known; the first to ask begins to follow them.
    pub(crate) async fn listed(&self) {
        let bindings = self.bindings();
        bindings.of_namespaces.listed().await;
        bindings.of_cluster.listed().await;
    }

    /// Waits until all bindings are known, or for what is in the way of that.
    pub async fn settled(&self) -> Result<(), FactError> {
        let bindings = self.bindings();
        bindings.of_namespaces.settled().await?;
        bindings.of_cluster.settled().await
    }

    /// Fills in the roles of a user; an error says why they are not known.
    pub fn fill(&self, user: &mut UserInfo) -> Result<(), String> {
        self.bindings().known()?.fill(user);
        Ok(())
    }

    /// What is in the way of knowing bindings.
    pub(crate) fn trouble(&self) -> Option<String> {
        let bindings = self.bindings.get()?;
        bindings.of_namespaces.trouble().or_else(|| bindings.of_cluster.trouble())
    }

    fn bindings(&self) -> &Bindings {
        self.bindings.get_or_init(|| Bindings {
            of_namespaces: self.live.follow([format!("{GROUP}/rolebindings")]),
            of_cluster: self.live.follow([format!("{GROUP}/clusterrolebindings")]),
            known: Mutex::default(),
        })
    }
}

impl Bindings {
    fn known(&self) -> Result<Arc<Grants>, String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.of_namespaces.revision(), self.of_cluster.revision());
        if let Some((namespaces, cluster, grants)) = &*known
            && (*namespaces, *cluster) == now
        {
            return Ok(Arc::clone(grants));
        }
        let unknown = |list: &Followed| list.snapshot().map_err(|error| error.to_string());
        let (namespaces, cluster) = (unknown(&self.of_namespaces)?, unknown(&self.of_cluster)?);
        let grants = Arc::new(Grants::of(&namespaces.objects, &cluster.objects));
        *known = Some((namespaces.revision, cluster.revision, Arc::clone(&grants)));
        Ok(grants)
    }
}

impl Grants {
    /// From all RoleBindings and ClusterRoleBindings.
    pub fn of(role_bindings: &[Arc<Tree>], cluster_role_bindings: &[Arc<Tree>]) -> Self {
        let mut grants = Self::default();
        for binding in role_bindings {
            grants.add(binding.root(), text(binding.root(), &["metadata", "namespace"]));
        }
        for binding in cluster_role_bindings {
            grants.add(binding.root(), "");
        }
        grants
    }

    /// Fills in the roles of a user.
    pub fn fill(&self, user: &mut UserInfo) {
        let groups = user.groups.iter().filter_map(|group| self.of_groups.get(group));
        let granted: Vec<&Granted> =
            self.of_users.get(&user.username).into_iter().chain(groups).collect();
        let all = |part: fn(&Granted) -> &BTreeSet<String>| -> Vec<String> {
            let names: BTreeSet<&String> =
                granted.iter().flat_map(|granted| part(granted)).collect();
            names.into_iter().cloned().collect()
        };
        user.roles = all(|granted| &granted.roles);
        user.cluster_roles = all(|granted| &granted.cluster_roles);
    }

    /// Takes over a binding; `namespace` is empty for one of the cluster.
    fn add(&mut self, binding: Node<'_>, namespace: &str) {
        let role = text(binding, &["roleRef", "name"]);
        let is_cluster_role = match text(binding, &["roleRef", "kind"]) {
            "ClusterRole" => true,
            "Role" if !namespace.is_empty() => false,
            _ => return,
        };
        let subjects = binding.get("subjects").and_then(Node::as_list);
        for subject in subjects.iter().flat_map(|subjects| subjects.iter()) {
            let name = text(subject, &["name"]);
            let granted = match text(subject, &["kind"]) {
                "User" => self.of_users.entry(name.to_owned()),
                "Group" => self.of_groups.entry(name.to_owned()),
                "ServiceAccount" => {
                    let own = text(subject, &["namespace"]);
                    let own = if own.is_empty() { namespace } else { own };
                    if own.is_empty() {
                        continue;
                    }
                    self.of_users.entry(format!("system:serviceaccount:{own}:{name}"))
                }
                _ => continue,
            };
            let granted = granted.or_default();
            match is_cluster_role {
                true => granted.cluster_roles.insert(role.to_owned()),
                false => granted.roles.insert(format!("{namespace}:{role}")),
            };
        }
    }
}

fn text<'t>(node: Node<'t>, keys: &[&str]) -> &'t str {
    node.at(keys).and_then(Node::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ajj_engine::{Limits, Tree, parse_yaml};

    use super::Grants;

    fn binding(namespace: &str, role: &str, subject: &str) -> Arc<Tree> {
        let (kind, name) = role.split_once('/').unwrap();
        let text = format!(
            "metadata: {{namespace: '{namespace}'}}\nroleRef: {{kind: {kind}, name: {name}}}\n\
             subjects: [{subject}]"
        );
        Arc::new(parse_yaml(text, &Limits::default()).unwrap())
    }

    #[test]
    fn bindings_name_users_groups_and_service_accounts() {
        let grants = Grants::of(
            &[
                binding("shop", "Role/owner", "{kind: User, name: ann}"),
                binding("shop", "ClusterRole/edit", "{kind: Group, name: devs}"),
                binding("shop", "Role/reader", "{kind: ServiceAccount, name: bot}"),
                binding(
                    "other",
                    "Role/reader",
                    "{kind: ServiceAccount, name: bot, namespace: shop}",
                ),
            ],
            &[
                binding("", "ClusterRole/admin", "{kind: User, name: ann}"),
                // A binding of the cluster says no namespace for the account, nor can it bind a Role.
                binding("", "ClusterRole/admin", "{kind: ServiceAccount, name: bot}"),
                binding("", "Role/owner", "{kind: User, name: eve}"),
            ],
        );
        let shown: Vec<String> = grants
            .of_users
            .iter()
            .chain(&grants.of_groups)
            .map(|(name, granted)| {
                let all: Vec<&str> = granted
                    .roles
                    .iter()
                    .chain(&granted.cluster_roles)
                    .map(String::as_str)
                    .collect();
                format!("{name}={}", all.join(","))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "ann=shop:owner,admin",
                "system:serviceaccount:shop:bot=other:reader,shop:reader",
                "devs=edit"
            ]
        );
    }
}
