//! The cluster of a kubeconfig: what it serves, its policies, its objects.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ajj_engine::{
    Diagnostic, FactError, FactKey, GroupVersionKind, Source, Tree, UserInfo, manifest,
};
use ajj_facts::{Desk, Discovered, FactSource, Live, ServedResource};
use ajj_webhook::{ExceptionsFrom, ListedPolicies, Roles, list_policies};
use pollster::block_on;

use crate::command_error::CommandError;

/// How long one question waits for the API server.
pub(crate) const WITHIN: Duration = Duration::from_secs(30);

/// A cluster that was asked what it serves.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) live: Live,
    pub(crate) served: Discovered,
}

impl Cluster {
    /// Reaches the cluster of a kubeconfig; without one, that of the environment.
    pub(crate) fn connect(kubeconfig: Option<&Path>) -> Result<Self, CommandError> {
        let desk = Desk::connect(kubeconfig).map_err(|error| {
            CommandError::user(error.to_string()).hint("name one with `--kubeconfig FILE`")
        })?;
        let served = block_on(desk.live.discover()).map_err(|error| {
            CommandError::user(format!("the cluster does not say what kinds it has: {error}"))
        })?;
        Ok(Self { live: desk.live, served })
    }

    /// The policies of the cluster and the exceptions that count, and what is wrong with them.
    pub(crate) fn policies(
        &self,
        exceptions: &ExceptionsFrom,
    ) -> Result<(Vec<Source>, Vec<Diagnostic>), CommandError> {
        let listed = block_on(list_policies(&self.live, exceptions)).map_err(|error| {
            let error = CommandError::user(format!("the policies of the cluster: {error}"));
            error.hint("name policies of files with `-p PATH`")
        })?;
        let ListedPolicies { sources, diagnostics } = listed;
        Ok((sources, diagnostics))
    }

    /// The resource that objects of a kind are in.
    pub(crate) fn resource(&self, kind: &GroupVersionKind) -> Option<&ServedResource> {
        self.served.resources.iter().find(|resource| resource.kind == *kind)
    }

    /// An object by its path; `None` where there is none.
    pub(crate) fn get(&self, path: String) -> Result<Option<Arc<Tree>>, FactError> {
        let key = FactKey::get(path);
        let asked = self.live.until((std::time::Instant::now() + WITHIN).into());
        let facts = block_on(asked.fetch(&BTreeSet::from([key.clone()])));
        match facts.get(&key) {
            Some(Ok(object)) => Ok(Some(Arc::clone(object))),
            Some(Err(FactError::NotFound)) => Ok(None),
            Some(Err(error)) => Err(error.clone()),
            None => Err(FactError::NotFetched),
        }
    }

    /// The object that applying another one would change; `None` where it would be created.
    ///
    /// The error says why that is not known.
    pub(crate) fn existing(
        &self,
        kind: &GroupVersionKind,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Arc<Tree>>, String> {
        let Some(resource) = self.resource(kind) else {
            let (version, kind) = (kind.api_version(), &kind.kind);
            return Err(format!("the cluster does not serve the kind `{kind}` of `{version}`"));
        };
        if name.is_empty() {
            return Ok(None);
        }
        let path = resource.object_path(namespace, name);
        self.get(path.clone()).map_err(|error| format!("cannot read {path}: {error}"))
    }

    /// Fills in the roles of a user that names none, from the bindings of the cluster.
    pub(crate) fn fill_roles(&self, user: &mut UserInfo) -> Result<(), String> {
        if !user.roles.is_empty() || !user.cluster_roles.is_empty() {
            return Ok(());
        }
        let roles = Roles::new(self.live.clone());
        block_on(roles.settled()).map_err(|error| error.to_string())?;
        roles.fill(user)
    }

    /// Whether objects of a kind stand in namespaces.
    pub(crate) fn is_namespaced(&self, kind: &GroupVersionKind) -> bool {
        match self.resource(kind) {
            Some(resource) => resource.is_namespaced,
            None => manifest::is_namespaced(kind),
        }
    }
}
